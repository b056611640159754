"""`newsletter confirmations`, and what a worker does about them."""

import json

import pytest

from cli.conftest import Call
from newsletter.clock import now
from newsletter.settings import load, secret_keys
from newsletter.store import open_database
from newsletter.subscribers import Definitions, synchronise_attributes
from newsletter.tokens import Signer
from newsletter.workspace import Workspace
from support.confirming import Desk
from support.dispatching import Clock
from support.scripted import scripted_server
from support.smtp_server import Script


@pytest.fixture
def asked(workspace: Workspace, definitions: Definitions) -> Desk:
    """A workspace with somebody who has just asked to join."""
    database = open_database(load(workspace, {}).database.url, workspace.root)
    synchronise_attributes(database, definitions)
    desk = Desk(workspace, definitions, database, Clock(now()), signer=Signer.of(secret_keys(workspace, {})))
    desk.ask("sanne")
    return desk


def test_counts_are_shown_and_nobody_is_named(call: Call, asked: Desk) -> None:
    said = call("confirmations").output
    assert said.splitlines()[1].split() == ["joining", "1", "0", "0", "0"]
    assert "@" not in said
    assert not asked.outbox()
    assert json.loads(call("confirmations", "--json").output)["waiting"]["join"] == {
        "due": 1,
        "later": 0,
        "mailed": 0,
        "failed": 0,
    }


def test_what_is_due_is_mailed_when_asked(call: Call, asked: Desk) -> None:
    said = call("confirmations", "--send").output
    assert said.startswith("1 accepted\n")
    assert said.splitlines()[2].split() == ["joining", "0", "0", "1", "0"]
    assert [message["To"] for message in asked.outbox()] == ["sanne@example.org"]
    assert call("confirmations", "--send").output.startswith("Nothing was due.\n")
    asked.ask("jan")
    assert json.loads(call("confirmations", "--send", "--json").output)["sent"] == {"accepted": 1}


def test_worker_mails_them_by_itself(call: Call, asked: Desk) -> None:
    said = call("worker", "--once").output
    assert "confirmation mails: 1 accepted" in said
    assert "sanne" not in said
    assert len(asked.outbox()) == 1


def test_refusals_end_with_a_code_and_without_the_address(call: Call, asked: Desk) -> None:
    with scripted_server(Script({"RCPT": "450 4.2.0 <sanne@example.org> later"})) as server:
        environ = asked.through(server.port).environ
        said = call("confirmations", "--send", code=10, environ=environ).output
    assert said.startswith("1 deferred\n")
    with scripted_server(Script({"GREETING": "554 5.7.1 go away"})) as server:
        asked.ask("jan")
        said = call("confirmations", "--send", code=8, environ=asked.through(server.port).environ).output
    assert "go away" in said
    assert "@" not in said


def test_translation_that_is_wrong_is_named(call: Call, asked: Desk) -> None:
    catalogue = asked.workspace.templates / "confirmation/translations/nl.po"
    catalogue.parent.mkdir(parents=True)
    catalogue.write_text('msgid ""\nmsgstr ""\n\nmsgid "Yes, sign me up"\nmsgstr "100%"\n', encoding="utf-8")
    said = call("confirmations", "--send", code=5).output
    assert "templates/confirmation/translations/nl.po" in said
    assert "confirmation" not in call("template", "list").output
    call("template", "check")
