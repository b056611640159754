"""Real processes, killed at any moment: nobody is mailed twice, nobody is forgotten, and the account balances."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from newsletter.workspace import Workspace

READERS = 400
SLUG = "2024-02-20-nieuwsbrief-12"
SEND = ("send", SLUG, "--list", "leden", "--yes", "--receipt", "receipt.json")


def environment(workspace: Workspace) -> dict[str, str]:
    ours = {name: value for name, value in os.environ.items() if not name.startswith("NEWSLETTER_")}
    return {**ours, "NEWSLETTER_WORKSPACE": str(workspace.root), "PYTHONWARNINGS": "ignore"}


def start(workspace: Workspace, *arguments: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "newsletter", *arguments],
        cwd=workspace.root,
        env=environment(workspace),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(workspace: Workspace, *arguments: str) -> tuple[int, str]:
    process = start(workspace, *arguments)
    out, err = process.communicate(timeout=120)
    return process.returncode, out + err


@pytest.fixture
def peopled(workspace: Workspace) -> Workspace:
    """A workspace with many readers in its database."""
    lines = ["email,voornaam", *(f"reader{number}@example.org,Lezer {number}" for number in range(READERS))]
    (workspace.root / "people.csv").write_text("\n".join(lines), encoding="utf-8")
    code, said = run(workspace, "subscribers", "import", "people.csv", "--list", "leden", "--basis", "opt-in", "--yes")
    assert code == 0, said
    return workspace


def messages(workspace: Workspace) -> list[Path]:
    return list((workspace.root / "var/outbox/messages").glob("*.eml"))


def receipt(workspace: Workspace) -> dict[str, object]:
    document: dict[str, object] = json.loads((workspace.root / "receipt.json").read_text(encoding="utf-8"))
    return document


def rest(workspace: Workspace) -> dict[str, int]:
    """Send to rest, and give the states; only where somebody is uncertain that is no full success."""
    code, said = run(workspace, *SEND)
    states = receipt(workspace)["states"]
    assert isinstance(states, dict)
    assert code == (10 if states["uncertain"] else 0), said
    return states


@pytest.mark.parametrize("seed", range(3))
def test_killed_again_and_again_it_ends_with_every_reader_accounted_for(peopled: Workspace, seed: int) -> None:
    chance = random.Random(seed)
    kills = 0
    for _ in range(6):
        process = start(peopled, *SEND)
        time.sleep(chance.uniform(0.35, 1.1))
        kills += process.poll() is None
        process.kill()
        process.communicate()
    assert kills
    states = rest(peopled)
    assert sum(states.values()) == receipt(peopled)["selected"] == READERS
    assert states["accepted"] + states["uncertain"] == READERS
    written = messages(peopled)
    assert states["accepted"] <= len(written) <= READERS
    readers = [line for file in written for line in file.read_bytes().split(b"\r\n") if line.startswith(b"To: ")]
    assert len(readers) == len(set(readers)) == len(written)
    assert all(file.read_bytes().endswith(b"--\r\n") for file in written)


def test_process_that_was_killed_need_not_be_waited_for(peopled: Workspace) -> None:
    process = start(peopled, *SEND)
    deadline = time.monotonic() + 20
    while not messages(peopled) and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    process.kill()
    process.communicate()
    states = rest(peopled)
    assert states["accepted"] + states["uncertain"] == READERS


def test_interrupt_ends_in_order_and_the_next_run_finishes(peopled: Workspace) -> None:
    process = start(peopled, *SEND)
    deadline = time.monotonic() + 20
    while not messages(peopled) and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.005)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode in (0, 130), err
    states = receipt(peopled)["states"]
    assert isinstance(states, dict)
    assert states["claimed"] == states["submitting"] == states["uncertain"] == 0
    assert "Receipt" in out
    code, said = run(peopled, *SEND)
    assert code == 0, said
    assert len(messages(peopled)) == READERS


def test_of_two_processes_at_once_one_sends(peopled: Workspace) -> None:
    both = [start(peopled, *SEND) for _ in range(2)]
    ends = [(process.communicate(timeout=120), process.returncode) for process in both]
    assert min(code for _, code in ends) == 0, ends
    assert all(code in (0, 9) for _, code in ends), ends
    assert len(messages(peopled)) == READERS


def test_disk_that_fills_up_stops_the_dispatch_with_a_clear_error(peopled: Workspace) -> None:
    limited = 'ulimit -f 40; exec "$0" "$@"'
    process = subprocess.run(
        ["bash", "-c", limited, sys.executable, "-m", "newsletter", *SEND],
        cwd=peopled.root,
        env=environment(peopled),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert process.returncode not in (0, 70), process.stderr
    assert "Traceback" not in process.stderr
    assert "Error" in process.stderr or process.returncode < 0
    assert not list((peopled.root / "var").rglob("*.tmp"))
    states = rest(peopled)
    assert states["accepted"] + states["uncertain"] == READERS
