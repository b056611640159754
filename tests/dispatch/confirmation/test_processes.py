"""Processes that mail at the same time, or are killed at any moment: nobody goes without, nobody is flooded."""

import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from newsletter.dispatch.confirmation import waiting
from newsletter.subscribers import Kind, confirm
from support.confirming import Desk
from support.killing import MOMENTS, KillPoint, Place
from support.scripted import scripted_server
from support.smtp_server import Script, ScriptedServer

TESTS = Path(__file__).parents[2]
ASKED = 24


@dataclass
class Processes:
    """Real processes that mail what is due."""

    desk: Desk
    url: str

    def start(self, point: KillPoint | None = None) -> "subprocess.Popen[str]":
        arguments = [str(self.desk.workspace.root), self.url, self.desk.clock().isoformat()]
        if point:
            arguments += [point.place, point.moment, str(point.number)]
        ours = {name: value for name, value in os.environ.items() if not name.startswith("NEWSLETTER_")}
        return subprocess.Popen(
            [sys.executable, "-m", "support.confirming", *arguments],
            env={**ours, **self.desk.environ, "PYTHONPATH": str(TESTS), "PYTHONWARNINGS": "ignore"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, point: KillPoint | None = None) -> int:
        process = self.start(point)
        _, err = process.communicate(timeout=120)
        assert process.returncode in (0, -signal.SIGKILL), err
        return process.returncode


@contextmanager
def processes(desk: Desk, url: str) -> Iterator[tuple[Processes, ScriptedServer]]:
    with ExitStack() as ending:
        server = ending.enter_context(scripted_server(Script()))
        yield Processes(desk.through(server.port), url), server


def test_two_processes_at_once_mail_each_address_once(desk: Desk, database_url: str) -> None:
    for number in range(ASKED):
        desk.ask(f"lezer{number}")
    with processes(desk, database_url) as (made, server):
        running = [made.start() for _ in range(3)]
        for process in running:
            _, err = process.communicate(timeout=120)
            assert process.returncode == 0, err
    assert Counter(Counter(one.recipient for one in server.messages).values()) == {1: ASKED}
    assert all(row.mail_due is None and row.attempts == 1 for row in desk.rows())


def sweep(desk: Desk, url: str, place: Place) -> tuple[int, int]:
    """Kill at one point after the other, up to the first that a process does not come to.

    Returns:
        How many points there were, and how many mails went twice.
    """
    points = again = 0
    with processes(desk, url) as (made, server):
        while True:
            hits = 0
            for moment in MOMENTS[place]:
                name = f"{points}-{moment}"
                desk.ask(name)
                hits += made.run(KillPoint(place, moment, points + 1)) == -signal.SIGKILL
                desk.clock.moment += waiting.IN_DOUBT + timedelta(seconds=1)
                made.desk.mail()
                copies = sum(one.recipient == f"TO:<{name}@example.org>" for one in server.messages)
                assert 1 <= copies <= 2, f"{moment} {place} {points + 1}"
                again += copies == 2
            if not hits:
                return points, again
            points += 1


def test_killed_at_any_commit_every_address_gets_its_mail_and_no_third(desk: Desk, database_url: str) -> None:
    points, again = sweep(desk, database_url, Place.COMMIT)
    assert points == 3
    assert again, "killed after the mail was taken and before that was written, it goes once more"
    assert all(row.mail_due is None and row.mailed_at for row in desk.rows())


def test_killed_at_any_write_every_address_gets_its_mail_and_no_third(small: Desk, sqlite_url: str) -> None:
    points, again = sweep(small, sqlite_url, Place.WRITE)
    assert points >= 4
    assert again
    assert all(row.mail_due is None and row.mailed_at for row in small.rows())


def test_who_has_lost_a_row_to_another_process_hands_nothing_over(desk: Desk) -> None:
    desk.ask("sanne")
    hashes = desk.signer.address_hashes
    with desk.database.writing() as connection:
        (slow,) = waiting.take_in_hand(connection, desk.clock())
        assert not waiting.take_in_hand(connection, desk.clock())
    desk.clock.moment += waiting.IN_HAND
    with desk.database.writing() as connection:
        (quick,) = waiting.take_in_hand(connection, desk.clock())
    with desk.database.writing() as connection:
        assert not waiting.about_to_leave(connection, [slow], hashes, desk.clock())
        assert waiting.about_to_leave(connection, [quick], hashes, desk.clock()) == {quick.number}
        assert not waiting.about_to_leave(connection, [quick], hashes, desk.clock())


def test_second_request_does_not_leave_while_the_first_is_about_to(desk: Desk) -> None:
    person = desk.person("jan")
    hashes = desk.signer.address_hashes
    for _ in range(2):
        desk.want(Kind.ADDRESS, "doel", person)
    with desk.database.writing() as connection:
        first, second = waiting.take_in_hand(connection, desk.clock())
    with desk.database.writing() as connection:
        assert waiting.about_to_leave(connection, [first], hashes, desk.clock())
    with desk.database.writing() as connection:
        assert not waiting.about_to_leave(connection, [second], hashes, desk.clock())
    row = next(row for row in desk.rows() if row.id == second.number)
    assert row.mail_due == desk.clock() + timedelta(days=1)


def test_lapsed_in_the_last_moment_it_does_not_leave(desk: Desk) -> None:
    desk.ask("sanne")
    expires_at = desk.row().expires_at
    with desk.database.writing() as connection:
        (held,) = waiting.take_in_hand(connection, expires_at - timedelta(seconds=1))
        assert not waiting.about_to_leave(connection, [held], desk.signer.address_hashes, expires_at)


def test_confirmed_in_the_last_moment_it_does_not_leave(desk: Desk) -> None:
    desk.ask("sanne")
    hashes = desk.signer.address_hashes
    with desk.database.writing() as connection:
        (held,) = waiting.take_in_hand(connection, desk.clock())
        confirm(connection, held.number, desk.definitions, hashes, desk.clock())
        assert not waiting.about_to_leave(connection, [held], hashes, desk.clock())
