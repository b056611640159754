"""Another process pauses or cancels a dispatch while it is being sent: it holds at once, and nobody is lost."""

import json
import subprocess
import time

import pytest

from cli.test_send import to_smtp
from faults.test_kills import SEND, receipt, run, start
from newsletter.workspace import Workspace
from support.scripted import scripted_server
from support.smtp_server import Script, ScriptedServer

READERS = 2000
SLUG = SEND[1]
SMTP = (*SEND, "--provider", "smtp")
IN_HAND = 64
"""More than what the connections may have in hand when the other process's word is on disk."""


@pytest.fixture
def peopled(workspace: Workspace) -> Workspace:
    """A workspace with so many readers that sending to them takes seconds."""
    lines = ["email,voornaam", *(f"reader{number}@example.org,Lezer {number}" for number in range(READERS))]
    (workspace.root / "people.csv").write_text("\n".join(lines), encoding="utf-8")
    code, said = run(workspace, "subscribers", "import", "people.csv", "--list", "leden", "--basis", "opt-in", "--yes")
    assert code == 0, said
    return workspace


def begin(workspace: Workspace, server: ScriptedServer) -> "subprocess.Popen[str]":
    """Start to send, and come back when the first messages have arrived."""
    process = start(workspace, *SMTP)
    deadline = time.monotonic() + 60
    while not server.messages and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.005)
    assert server.messages
    return process


@pytest.mark.parametrize(("act", "rest"), [("pause", "planned"), ("cancel", "excluded")])
def test_other_process_stops_a_dispatch_and_everybody_is_accounted_for(peopled: Workspace, act: str, rest: str) -> None:
    with scripted_server(Script()) as server:
        to_smtp(peopled, server.port)
        process = begin(peopled, server)
        code, said = run(peopled, "dispatch", act, SLUG, *(["--yes"] if act == "cancel" else []))
        arrived = len(server.messages)
        assert code == 0, said
        process.communicate(timeout=120)
        assert len(server.messages) <= arrived + IN_HAND < READERS
        states = receipt(peopled)["states"]
        assert isinstance(states, dict)
        assert states["accepted"] == len(server.messages)
        assert states[rest] == READERS - states["accepted"]
        code, said = run(peopled, "dispatch", "show", SLUG, "--json")
        assert json.loads(said)["state"] == {"pause": "paused", "cancel": "cancelled"}[act]
        if act == "pause":
            code, said = run(peopled, "dispatch", "resume", SLUG, "--yes")
            assert code == 0, said
            assert len({message.recipient for message in server.messages}) == len(server.messages) == READERS
