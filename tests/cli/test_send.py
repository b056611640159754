"""`newsletter send` and `newsletter test`: to an outbox, to real servers, and what a person sees of it."""

import json
import re
from collections.abc import Iterator
from email.parser import BytesParser
from pathlib import Path

import pytest

from cli.conftest import Call
from conftest import SLUG
from newsletter.workspace import Workspace
from support.real_smtp_server import mail_server
from support.sendgrid_server import API_KEY, SendGridServer, free_port, sendgrid_server

READERS = ("anna", "bram", "carla")
SEND = ("send", SLUG, "--list", "leden", "--yes")


@pytest.fixture
def readers(call: Call) -> tuple[str, ...]:
    """Three people on the list, one of whom has left it."""
    for name in READERS:
        call("subscribers", "add", f"{name.title()} de Wit <{name}@example.org>", "--list", "leden")
    call("subscribers", "unsubscribe", "carla@example.org")
    return READERS


@pytest.fixture
def sendgrid() -> Iterator[SendGridServer]:
    with sendgrid_server() as server:
        yield server


def append(workspace: Workspace, text: str) -> None:
    with workspace.settings_file.open("a", encoding="utf-8") as file:
        file.write(text)


def to_smtp(workspace: Workspace, port: int) -> None:
    append(workspace, f'\n[providers.smtp]\nhost = "127.0.0.1"\ntls = "none"\nport = {port}\n')


def receipts(workspace: Workspace) -> list[Path]:
    return list((workspace.issues / SLUG).glob("receipt-*.json"))


def test_everybody_selected_is_accounted_for(call: Call, workspace: Workspace, readers: object) -> None:
    result = call(*SEND)
    assert "3 selected = 2 accepted + 0 rejected + 1 excluded + 0 uncertain" in result.stdout
    assert "excluded, unsubscribed: 1" in result.stdout
    assert "2 readers of 3 selected" in result.stderr
    assert f"Open {workspace.root}/var/outbox/index.html" in result.stdout
    assert (workspace.root / "var/outbox/index.html").is_file()
    assert len(list((workspace.root / "var/outbox/messages").glob("*.eml"))) == 2
    (file,) = receipts(workspace)
    receipt = json.loads(file.read_text(encoding="utf-8"))
    assert receipt["balanced"]
    assert receipt["complete"]
    assert receipt["selected"] == sum(receipt["states"].values()) == 3
    assert "example.org" not in file.read_text(encoding="utf-8")


def test_second_send_mails_nobody(call: Call, workspace: Workspace, readers: object) -> None:
    first = call(*SEND, "--json").stdout
    again = call(*SEND, "--json")
    assert json.loads(again.stdout) == json.loads(first)
    assert "finished already" in again.stderr
    assert len(receipts(workspace)) == 1


def test_dry_run_writes_nothing(call: Call, workspace: Workspace, readers: object) -> None:
    shown = json.loads(call(*SEND, "--dry-run", "--json").stdout)
    assert (shown["selected"], shown["planned"], shown["excluded"]) == (3, 2, {"unsubscribed": 1})
    assert not (workspace.root / "var/outbox").exists()
    assert not (workspace.root / "var/media").exists()
    assert not receipts(workspace)


def test_nothing_goes_before_somebody_has_agreed(call: Call, workspace: Workspace, readers: object) -> None:
    assert "--yes" in call("send", SLUG, "--list", "leden", code=2).stderr
    assert not (workspace.root / "var/outbox").exists()


def test_segment_gets_its_own_dispatch_and_nobody_gets_it_twice(call: Call, readers: object) -> None:
    call("subscribers", "add", "noor@example.org", "--list", "leden", "--set", "region=Noord")
    call("send", SLUG, "--list", "leden", "--segment", "noord", "--yes")
    shown = json.loads(call(*SEND, "--json").stdout)
    assert shown["excluded_by_reason"] == {"duplicate": 1, "unsubscribed": 1}
    assert shown["states"]["accepted"] == 2


def test_messages_arrive_at_a_mail_server_as_they_were_merged(
    call: Call, workspace: Workspace, readers: object
) -> None:
    with mail_server() as (port, keeper):
        to_smtp(workspace, port)
        assert "2 accepted" in call(*SEND, "--provider", "smtp").stdout
    assert sorted(recipient for _, (recipient,), _ in keeper.taken) == ["anna@example.org", "bram@example.org"]
    for _, _, content in keeper.taken:
        message = BytesParser().parsebytes(content)
        assert not message.defects
        assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_server_that_is_not_there_leaves_a_dispatch_that_goes_on_later(
    call: Call, workspace: Workspace, readers: object
) -> None:
    to_smtp(workspace, free_port())
    failed = call(*SEND, "--provider", "smtp", code=8)
    assert "cannot be reached" in failed.stderr
    assert "run the same command again" in failed.stderr
    assert "2 planned" in failed.stdout
    assert json.loads(receipts(workspace)[0].read_text(encoding="utf-8"))["open"] == 2
    with mail_server() as (port, _):
        text = workspace.settings_file.read_text(encoding="utf-8")
        workspace.settings_file.write_text(re.sub(r"port = \d+", f"port = {port}", text), encoding="utf-8")
        resumed = call(*SEND, "--provider", "smtp")
    assert "Going on with dispatch" in resumed.stderr
    assert "2 accepted" in resumed.stdout


def test_sendgrid_takes_all_readers_in_one_request(
    call: Call, workspace: Workspace, readers: object, sendgrid: SendGridServer
) -> None:
    append(workspace, f'\n[providers.sendgrid]\nbase_url = "{sendgrid.url}"\n')
    environ = {"NEWSLETTER_PROVIDERS__SENDGRID__API_KEY": API_KEY}
    assert "2 accepted" in call(*SEND, "--provider", "sendgrid", environ=environ).stdout
    (request,) = sendgrid.requests
    assert sorted(request.addresses) == ["anna@example.org", "bram@example.org"]
    assert not sendgrid.problems


def test_wrong_api_key_stops_the_dispatch_and_blames_nobody(
    call: Call, workspace: Workspace, readers: object, sendgrid: SendGridServer
) -> None:
    append(workspace, f'\n[providers.sendgrid]\nbase_url = "{sendgrid.url}"\n')
    environ = {"NEWSLETTER_PROVIDERS__SENDGRID__API_KEY": "SG.wrong"}
    failed = call(*SEND, "--provider", "sendgrid", environ=environ, code=8)
    assert "NEWSLETTER_PROVIDERS__SENDGRID__API_KEY" in failed.stderr
    assert "SG.wrong" not in failed.output
    assert "0 rejected" in failed.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        ((SLUG, "--list", "lezers"), 4, "leden"),
        ((SLUG, "--list", "leden", "--segment", "nord"), 4, "noord"),
        (("nieuwsbrief", "--list", "leden"), 4, SLUG),
        ((SLUG, "--list", "leden", "--provider", "sengrid"), 3, "sendgrid"),
        ((SLUG, "--list", "leden", "--provider", "sendgrid"), 3, "NEWSLETTER_PROVIDERS__SENDGRID__API_KEY"),
        ((SLUG, "--list", "leden"), 9, "nobody"),
    ],
)
def test_wrong_call_is_answered_with_a_remedy_and_freezes_nothing(
    call: Call, workspace: Workspace, arguments: tuple[str, ...], code: int, says: str
) -> None:
    assert says in call("send", *arguments, "--yes", code=code).stderr.replace("Nobody", "nobody")
    assert not receipts(workspace)


def test_trial_goes_to_whom_it_should_and_to_nobody_else(call: Call, workspace: Workspace, readers: object) -> None:
    shown = call("test", SLUG, "--to", "anna@example.org", "--to", "chef@example.com").stdout
    assert "anna@example.org  accepted" in shown
    assert "chef@example.com  accepted" in shown
    assert len(list((workspace.root / "var/outbox/messages").glob("*.eml"))) == 2
    assert "is no e-mail address" in call("test", SLUG, "--to", "chef", code=6).stderr
    assert not receipts(workspace)
