"""`newsletter dispatch` and `newsletter why`: what a person sees of dispatches, and does with them."""

import json
from pathlib import Path

import pytest
import time_machine

from cli.conftest import Call
from cli.test_send import SEND, receipts, to_smtp
from conftest import SLUG
from newsletter.workspace import Workspace
from support.scripted import scripted_server
from support.smtp_server import DROP, Script

SMTP = (*SEND, "--provider", "smtp")


@pytest.fixture
def sent(call: Call) -> str:
    """A dispatch to two people that is over; gives its identifier."""
    for name in ("anna", "bram"):
        call("subscribers", "add", f"{name.title()} <{name}@example.org>", "--list", "leden")
    identifier: str = json.loads(call(*SEND, "--json").stdout)["dispatch"]
    return identifier


def test_list_shows_each_with_its_equation(call: Call, sent: str) -> None:
    shown = call("dispatch", "list").stdout
    assert sent in shown
    assert "2 selected = 2 accepted + 0 rejected + 0 excluded + 0 uncertain" in shown
    (document,) = json.loads(call("dispatch", "list", "--json").stdout)
    assert (document["dispatch"], document["state"], document["processes"]) == (sent, "finished", 0)


def test_list_and_status_of_nothing_say_so(call: Call) -> None:
    assert call("dispatch", "list").stdout == "Nothing was sent from here yet.\n"
    assert "No dispatch is under way" in call("dispatch", "status").stdout


def test_show_tells_who_did_what_and_no_address(call: Call, sent: str) -> None:
    shown = call("dispatch", "show", SLUG).stdout
    for word in (sent, "frozen by", "started by", "finished by"):
        assert word in shown
    assert "anna" not in shown
    document = json.loads(call("dispatch", "show", sent, "--json").stdout)
    assert [event["action"] for event in document["events"]] == ["frozen", "started", "finished"]


def test_folder_of_an_issue_names_its_dispatch_too(call: Call, sent: str) -> None:
    assert sent in call("dispatch", "show", f"issues/{SLUG}").stdout


def test_unknown_dispatch_is_a_clear_error(call: Call, sent: str) -> None:
    result = call("dispatch", "pause", "nonsense", code=9)
    assert "no dispatch 'nonsense'" in result.stderr
    assert "dispatch list" in result.stderr


def test_deferred_dispatch_is_paused_resumed_and_tried_at_once(call: Call, workspace: Workspace) -> None:
    call("subscribers", "add", "anna@example.org", "--list", "leden")
    with scripted_server(Script({"RCPT": ["450 4.2.0 later"]})) as server:
        to_smtp(workspace, server.port)
        call(*SMTP, code=10)
        assert "deferred ones are due from" in call("dispatch", "status").stdout
        call("dispatch", "pause", SLUG)
        assert "resume" in call(*SMTP, code=9).stderr
        assert "paused" in call("dispatch", "list").stdout
        call("dispatch", "resume", SLUG, "--yes", code=10)
        call("dispatch", "retry", SLUG, "--yes")
    (document,) = json.loads(call("dispatch", "list", "--json").stdout)
    assert document["states"]["accepted"] == 1


def test_cancelled_dispatch_is_sent_no_more(call: Call, workspace: Workspace) -> None:
    call("subscribers", "add", "anna@example.org", "--list", "leden")
    with scripted_server(Script({"RCPT": ["450 4.2.0 later"]})) as server:
        to_smtp(workspace, server.port)
        call(*SMTP, code=10)
        asked = call("dispatch", "cancel", SLUG, code=2)
        assert "1 reader to go? This cannot be undone." in asked.stderr
        said = call("dispatch", "cancel", SLUG, "--reason", "wrong  issue", "--yes").stderr
        assert "1 reader excluded" in said
        assert "cancelled already" in call(*SMTP).stderr
    assert "wrong issue" in call("dispatch", "show", SLUG).stdout


def test_uncertain_are_settled_by_a_person(call: Call, workspace: Workspace) -> None:
    call("subscribers", "add", "anna@example.org", "--list", "leden")
    with scripted_server(Script({"END": [DROP]})) as server:
        to_smtp(workspace, server.port)
        call(*SMTP, code=10)
        assert "settle the uncertain" in call("dispatch", "status").stdout
        assert "--resend, --drop or --accepted" in call("dispatch", "settle", SLUG, code=2).stderr
        assert (
            "nobody has" in call("dispatch", "settle", SLUG, "--drop", "--only", "x@example.org", code=6).stderr.lower()
        )
        call("dispatch", "settle", SLUG, "--resend", "--yes")
        call("dispatch", "resume", SLUG, "--yes")
    (document,) = json.loads(call("dispatch", "list", "--json").stdout)
    assert document["states"]["accepted"] == 1


def test_top_up_reaches_who_joined_since_and_has_a_receipt_of_its_own(
    call: Call, workspace: Workspace, sent: str
) -> None:
    assert "nobody" in call("dispatch", "top-up", SLUG, "--yes", code=9).stderr
    call("subscribers", "add", "carla@example.org", "--list", "leden")
    shown = json.loads(call("dispatch", "top-up", SLUG, "--dry-run", "--json").stdout)
    assert (shown["selected"], shown["planned"]) == (1, 1)
    document = json.loads(call("dispatch", "top-up", SLUG, "--yes", "--json").stdout)
    assert (document["kind"], document["follows"], document["selected"]) == ("top-up", sent, 1)
    assert len(receipts(workspace)) == 2
    assert f"top-up of {sent}" in call("dispatch", "list").stdout


def test_correction_is_checked_and_sent_to_those_who_accepted(call: Call, workspace: Workspace, sent: str) -> None:
    other = "2024-03-05-overzicht-maart"
    document = json.loads(call("dispatch", "correct", SLUG, other, "--yes", "--override", "test", "--json").stdout)
    assert (document["kind"], document["issue"], document["selected"]) == ("correction", other, 2)
    written = Path(workspace.root / "var/outbox/messages").glob("*.eml")
    assert len(list(written)) == 4


def test_why_tells_the_whole_story(call: Call, sent: str) -> None:
    shown = call("why", "anna@example.org").stdout
    for words in ("list leden: subscribed", f"{SLUG} to leden: accepted", sent, "handed over once"):
        assert words in shown
    document = json.loads(call("why", "anna@example.org", "--json").stdout)
    assert document["dispatches"][0]["state"] == "accepted"
    assert "nobody has this address" in call("why", "nobody@example.org").stdout


def test_issue_is_approved_before_it_is_sent_where_that_is_demanded(call: Call, workspace: Workspace) -> None:
    call("subscribers", "add", "anna@example.org", "--list", "leden")
    with workspace.settings_file.open("a", encoding="utf-8") as file:
        file.write("\n[approval]\nrequired = true\n")
    approve = ("approve", SLUG, "--list", "leden")
    assert "newsletter approve" in call(*SEND, code=9).stderr
    assert "Nobody has approved" in call(*approve, "--show").stdout
    assert "Approved by" in call(*approve, "--yes").stderr
    assert json.loads(call(*approve, "--show", "--json").stdout)["approved"]
    issue = workspace.issues / SLUG / "issue.yaml"
    text = issue.read_text(encoding="utf-8")
    issue.write_text(text.replace("subject:", "subject: Anders, "), encoding="utf-8")
    assert "another content" in call(*approve, "--show").stdout
    assert "another content" in call(*SEND, code=9).stderr
    issue.write_text(text, encoding="utf-8")
    assert json.loads(call(*SEND, "--json").stdout)["approval"]["by"]
    assert "withdrawn" in call(*approve, "--withdraw").stderr


def test_scheduled_issue_is_sent_by_a_worker_when_its_time_has_come(call: Call, workspace: Workspace) -> None:
    call("subscribers", "add", "anna@example.org", "--list", "leden")
    assert "--local-time goes with --at" in call(*SEND, "--local-time", "zone", code=2).stderr
    assert "is no moment" in call(*SEND, "--at", "2026-01-31", code=2).stderr
    assert "passed already" in call(*SEND, "--at", "2024-01-31 09:00", code=9).stderr
    with time_machine.travel("2026-11-25T08:00:00Z", tick=False):
        shown = call(*SEND, "--at", "2026-11-25 10:00").stdout
        assert "begins on 2026-11-25 09:00 UTC, with 1 reader" in shown
        assert "newsletter worker" in shown
        assert "it starts later" in call("dispatch", "status").stdout
        call("worker", "--once")
        assert not receipts(workspace)
    with time_machine.travel("2026-11-25T09:00:00Z", tick=False):
        said = call("worker", "--once").stderr
        assert "1 selected = 1 accepted" in said
    assert len(receipts(workspace)) == 1


def test_what_is_left_to_a_worker_is_frozen_and_sent_by_it(call: Call, workspace: Workspace) -> None:
    call("subscribers", "add", "anna@example.org", "--list", "leden")
    left = call(*SEND, "--by-worker").stdout
    assert "is ready, with 1 reader" in left
    assert not receipts(workspace)
    assert "is ready" in call(*SEND, "--by-worker").stdout
    assert "1 selected = 1 accepted" in call("worker", "--once").stderr
    again = call(*SEND, "--by-worker")
    assert "finished already" in again.stderr
    assert "is ready" not in again.stdout


def test_who_sends_in_quiet_hours_is_told_when_it_goes_on(call: Call, workspace: Workspace) -> None:
    call("subscribers", "add", "anna@example.org", "--list", "leden")
    with workspace.settings_file.open("a", encoding="utf-8") as file:
        file.write('\n[dispatch]\nquiet_hours = "21:00-07:00"\n')
    with time_machine.travel("2026-11-25T22:00:00Z", tick=False):
        said = call(*SEND, code=10).stderr
    assert "Nothing more is handed over before 2026-11-26 06:00 UTC: these are quiet hours." in said


def test_who_sends_what_is_braked_is_told_why_it_is_paused(call: Call, workspace: Workspace) -> None:
    for number in range(60):
        call("subscribers", "add", f"lezer{number}@example.org", "--list", "leden")
    with workspace.settings_file.open("a", encoding="utf-8") as file:
        file.write("\n[dispatch]\njudged_by = 10\n")
    refusals = [None if number % 2 else f"550 5.1.1 nobody {number}" for number in range(60)]
    with scripted_server(Script({"RCPT": refusals})) as server:
        with workspace.settings_file.open("a", encoding="utf-8") as file:
            file.write(f'\n[providers.smtp]\nhost = "127.0.0.1"\ntls = "none"\nport = {server.port}\nconnections = 1\n')
        said = call(*SMTP, code=10).stderr
    assert "It is paused: " in said
    assert "of the last 10 were refused for good" in said
    assert "newsletter dispatch resume" in said
