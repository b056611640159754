"""A worker goes on with what was begun elsewhere, ends in order when it is told to, and can be killed."""

import json
import signal
import subprocess
import time

import pytest

from cli.test_send import to_smtp
from faults.test_kills import SEND, run, start
from faults.test_stopped_from_elsewhere import READERS, SLUG, begin, peopled
from newsletter.workspace import Workspace
from support.scripted import scripted_server
from support.smtp_server import Script, ScriptedServer

__all__ = ["peopled"]


def working(workspace: Workspace, server: ScriptedServer) -> "subprocess.Popen[str]":
    """Start a worker, and come back when it has handed something over."""
    before = len(server.messages)
    worker = start(workspace, "worker", "--every", "0.2")
    deadline = time.monotonic() + 60
    while len(server.messages) <= before and worker.poll() is None and time.monotonic() < deadline:
        time.sleep(0.005)
    assert len(server.messages) > before
    return worker


def states(workspace: Workspace) -> dict[str, int]:
    code, said = run(workspace, "dispatch", "show", SLUG, "--json")
    assert code == 0, said
    found: dict[str, int] = json.loads(said)["states"]
    return found


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_worker_takes_up_what_was_killed_and_ends_itself_without_losing_anybody(
    peopled: Workspace, number: signal.Signals
) -> None:
    with scripted_server(Script()) as server:
        to_smtp(peopled, server.port)
        sender = begin(peopled, server)
        sender.kill()
        sender.communicate()
        worker = working(peopled, server)
        worker.send_signal(number)
        out, err = worker.communicate(timeout=60)
        if number is signal.SIGTERM:
            assert worker.returncode == 0, err
            assert "Traceback" not in out + err
            found = states(peopled)
            assert found["claimed"] == found["submitting"] == 0
        code, said = run(peopled, "worker", "--once")
        assert code == 0, said
        found = states(peopled)
        assert found["accepted"] + found["uncertain"] == READERS
        taken = [message.recipient for message in server.messages]
        assert len(taken) == len(set(taken))
        assert found["accepted"] <= len(taken) <= READERS


def test_sending_by_hand_and_a_worker_do_not_get_in_each_others_way(peopled: Workspace) -> None:
    with scripted_server(Script()) as server:
        to_smtp(peopled, server.port)
        worker = start(peopled, "worker", "--every", "0.1")
        code, said = run(peopled, *SEND, "--provider", "smtp")
        assert code in (0, 9), said
        deadline = time.monotonic() + 60
        while states(peopled)["accepted"] < READERS and time.monotonic() < deadline:
            time.sleep(0.1)
        worker.send_signal(signal.SIGTERM)
        worker.communicate(timeout=60)
        taken = [message.recipient for message in server.messages]
        assert len(taken) == len(set(taken)) == READERS
