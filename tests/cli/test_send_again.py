"""`newsletter send` on a dispatch that there is already, and what it says of those who did not simply get it."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import Result

from cli.conftest import Call
from conftest import SLUG
from newsletter.cli.dispatch import driving
from newsletter.workspace import Workspace
from support.real_smtp_server import Keeper, mail_server
from support.scripted import scripted_server
from support.sendgrid_server import free_port
from support.smtp_server import DROP, Script

SEND = ("send", SLUG, "--list", "leden", "--yes")
READERS = ("anna", "bram", "carla", "dirk")


@pytest.fixture(autouse=True)
def readers(call: Call) -> None:
    for name in READERS:
        call("subscribers", "add", f"{name}@example.org", "--list", "leden")


def to_smtp(workspace: Workspace, port: int) -> None:
    """Let mail go to a server on this machine."""
    text = re.sub(r"\n\[providers\.smtp\][^[]*", "", workspace.settings_file.read_text(encoding="utf-8"))
    table = f'\n[providers.smtp]\nhost = "127.0.0.1"\ntls = "none"\nport = {port}\nconnections = 1\n'
    workspace.settings_file.write_text(text + table, encoding="utf-8")


@pytest.fixture
def stuck(call: Call, workspace: Workspace) -> str:
    """A dispatch by SMTP of which nothing has been handed over, as the server is not there."""
    to_smtp(workspace, free_port())
    failed = call(*SEND, "--provider", "smtp", code=8)
    return re.findall(r"dispatch (\w+)", failed.stdout)[0]


@pytest.fixture
def server(workspace: Workspace, stuck: str) -> Iterator[Keeper]:
    """The server, there at last."""
    with mail_server() as (port, keeper):
        to_smtp(workspace, port)
        yield keeper


def receipts(workspace: Workspace) -> list[Path]:
    return list((workspace.issues / SLUG).glob("receipt-*.json"))


def test_another_provider_than_the_frozen_one_is_refused(call: Call, server: Keeper, stuck: str) -> None:
    for arguments in ((*SEND, "--provider", "outbox"), (*SEND, "--provider", "outbox", "--dry-run")):
        said = call(*arguments, code=9).stderr
        assert f"Dispatch {stuck} was frozen for the provider 'smtp', not 'outbox'" in said
        assert "--refreeze" in said
    assert not server.taken
    assert "4 accepted" in call(*SEND, "--provider", "smtp").stdout


def test_another_deadline_than_the_frozen_one_is_refused(call: Call, server: Keeper) -> None:
    said = call(*SEND, "--not-later-than", "2199-01-01", code=9).stderr
    assert "was frozen with the deadline" in said
    assert not server.taken


def test_going_on_is_announced_and_asked_for(call: Call, server: Keeper, stuck: str) -> None:
    said = call("send", SLUG, "--list", "leden", code=2).stderr
    assert re.search(rf"dispatch {stuck}, by smtp, frozen on \d{{4}}-\d\d-\d\d \d\d:\d\d UTC, 4 still to go", said)
    assert "has changed" not in said
    assert "--yes" in said
    assert not server.taken


def test_going_on_tells_that_the_issue_has_changed(call: Call, workspace: Workspace, server: Keeper) -> None:
    file = workspace.issues / SLUG / "issue.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(re.sub(r"^subject: .*$", "subject: Iets anders", text, flags=re.MULTILINE), encoding="utf-8")
    assert "The issue has changed since" in call(*SEND, "--dry-run").stderr
    file.write_text("subject: [", encoding="utf-8")
    said = call(*SEND)
    assert "The issue cannot be compiled any more" in said.stderr
    assert "4 accepted" in said.stdout
    assert all(b"Iets anders" not in content for _, _, content in server.taken)


def test_dry_run_shows_what_going_on_would_do(call: Call, server: Keeper, stuck: str) -> None:
    said = call(*SEND, "--dry-run").stderr
    assert "4 still to go" in said
    assert "4 planned" in said
    assert "duplicate" not in said
    shown = json.loads(call(*SEND, "--dry-run", "--json").stdout)
    assert (shown["dispatch"], shown["provider"], shown["to_go"]) == (stuck, "smtp", 4)
    assert shown["states"]["planned"] == 4
    assert shown["content_changed"] is False
    assert not server.taken


def test_refreezing_takes_what_is_there_now(call: Call, workspace: Workspace, stuck: str) -> None:
    call("subscribers", "add", "emma@example.org", "--list", "leden")
    assert "5 readers of 5 selected" in call(*SEND, "--refreeze", "--provider", "outbox", "--dry-run").stderr
    said = call(*SEND, "--refreeze", "--provider", "outbox")
    assert f"Dispatch {stuck} was frozen anew" in said.stderr
    assert "5 accepted" in said.stdout
    again = call(*SEND, "--refreeze", code=9).stderr
    assert "have been handed over already" in again


def test_deadline_is_the_end_of_the_day_that_is_named(call: Call) -> None:
    shown = json.loads(call(*SEND, "--not-later-than", "2198-12-31", "--json").stdout)
    assert shown["deadline"] == "2198-12-31T23:00:00+00:00"


@pytest.mark.parametrize(("given", "code", "says"), [("soon", 2, "2026-01-31"), ("2001-01-01", 9, "deadline")])
def test_deadline_that_cannot_be_is_refused_and_freezes_nothing(
    call: Call, workspace: Workspace, given: str, code: int, says: str
) -> None:
    assert says in call(*SEND, "--not-later-than", given, code=code).stderr
    assert not receipts(workspace)


def with_server(call: Call, workspace: Workspace, actions: dict[str, object], code: int) -> Result:
    with scripted_server(Script(actions)) as server:  # type: ignore[arg-type]
        to_smtp(workspace, server.port)
        return call(*SEND, "--provider", "smtp", code=code)


def test_uncertain_reader_is_explained_and_is_no_success(call: Call, workspace: Workspace) -> None:
    said = with_server(call, workspace, {"END": [None, DROP]}, 10).stdout
    assert "3 accepted + 0 rejected + 0 excluded + 1 uncertain" in said
    assert "1 reader uncertain: handed over, but no reply was read" in said
    assert "held" in said
    assert "still open" in said
    again = call(*SEND, code=10)
    assert "finished already" in again.stderr
    assert "1 reader uncertain" in again.stdout


def test_replies_are_told_with_their_counts_and_without_addresses(call: Call, workspace: Workspace) -> None:
    refusals = [f"550 5.1.1 <{name}@example.org> no such user" for name in READERS[:3]]
    said = with_server(call, workspace, {"RCPT": [*refusals, "450 4.2.0 greylisted"]}, 10).stdout
    assert "rejected: 3 × 550 5.1.1 <(address)> no such user" in said
    assert "deferred: 1 × 450 4.2.0 greylisted" in said
    text = receipts(workspace)[0].read_text(encoding="utf-8")
    assert "example.org" not in said
    assert "example.org" not in text
    assert json.loads(text)["replies"] == [
        {"state": "rejected", "reply": "550 5.1.1 <(address)> no such user", "count": 3},
        {"state": "deferred", "reply": "450 4.2.0 greylisted", "count": 1},
    ]


def test_rejected_readers_alone_are_an_end(call: Call, workspace: Workspace) -> None:
    assert "1 rejected" in with_server(call, workspace, {"RCPT": ["550 5.1.1 no such user"]}, 0).stdout


def test_receipt_that_cannot_be_written_is_found_out_before_anything_is_frozen(
    call: Call, workspace: Workspace
) -> None:
    said = call(*SEND, "--receipt", "/proc/x/y.json", code=3).stderr
    assert "/proc/x/y.json" in said
    assert not (workspace.root / "var/outbox").exists()
    assert "frozen" not in call(*SEND, "--dry-run").stderr


def test_slug_that_does_not_exist_leaves_no_folder(call: Call, workspace: Workspace) -> None:
    before = set(workspace.issues.iterdir())
    call("send", "nieuwsbrief", "--list", "leden", "--yes", code=4)
    assert set(workspace.issues.iterdir()) == before


def test_proposal_tells_of_another_dispatch_that_goes_first(call: Call, stuck: str) -> None:
    call("subscribers", "add", "noor@example.org", "--list", "leden", "--set", "region=Noord")
    call("subscribers", "add", "anna@example.org", "--list", "leden", "--set", "region=Noord")
    arguments = ("send", SLUG, "--list", "leden", "--segment", "noord", "--dry-run")
    assert "1 of them waiting for another dispatch" in call(*arguments).stderr
    shown = json.loads(call(*arguments, "--json").stdout)
    assert (shown["planned"], shown["waiting"]) == (2, 1)


def test_provider_that_fails_is_not_hidden_by_a_receipt_that_cannot_be_written(
    call: Call, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    to_smtp(workspace, free_port())
    folder = workspace.root / "receipts"
    drive = driving._drive

    def drive_and_lose_the_folder(*arguments: object) -> object:
        done = drive(*arguments)  # type: ignore[arg-type]
        folder.rmdir()
        folder.write_text("a file")
        return done

    monkeypatch.setattr(driving, "_drive", drive_and_lose_the_folder)
    failed = call(*SEND, "--provider", "smtp", "--receipt", folder / "receipt.json", code=8)
    assert "4 planned" in failed.stdout
    assert failed.stderr.index("cannot be reached") < failed.stderr.index("Cannot be written")
