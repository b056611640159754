"""A process goes on mailing, whatever happens around it, ends when it is told to, and its log names nobody."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from newsletter.dispatch import Notice, Stop
from newsletter.dispatch.confirmation import keep_mailing, keeping, mail_once, mailing_beside
from support.confirming import Desk
from support.scripted import scripted_server
from support.smtp_server import Script

SOON = timedelta(milliseconds=20)


def wait_for(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_asks_that_come_while_it_runs_are_mailed_and_it_ends_when_asked(desk: Desk) -> None:
    said: list[Notice] = []
    stop = Stop()
    with mailing_beside(desk.surroundings, stop, said.append, SOON):
        for number in range(3):
            desk.ask(f"lezer{number}")
            wait_for(lambda count=number + 1: len(desk.outbox()) == count)
    assert not stop.asked
    assert {one.name for one in said} == {"confirmations.mailed"}
    assert not any("@" in one.message or "lezer" in repr(one.fields) for one in said)


def test_server_that_is_away_is_waited_for(small: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[Notice] = []
    monkeypatch.setattr(keeping, "FIRST_REST", SOON)
    small.ask("sanne")
    with scripted_server(Script({"GREETING": ["554 5.7.1 go away <sanne@example.org>", None]})) as server:
        sending = small.through(server.port)
        with mailing_beside(sending.surroundings, Stop(), said.append, SOON):
            wait_for(lambda: server.messages)
            wait_for(lambda: small.row().mail_due is None)
    assert [one.name for one in said] == ["confirmations.waiting", "confirmations.mailed"]
    assert "sanne" not in said[0].message
    assert "go away" in said[0].message


def test_mistake_in_the_program_does_not_end_it(small: Desk) -> None:
    said: list[Notice] = []
    stop = Stop()

    def broken() -> object:
        stop.ask()
        raise ValueError("sanne@example.org")

    surroundings = replace(small.surroundings, clock=broken)  # type: ignore[arg-type]
    asyncio.run(keep_mailing(surroundings, stop, said.append, SOON))
    assert [one.name for one in said] == ["confirmations.broken"]
    assert "sanne" not in said[0].message


def test_database_that_cannot_be_used_is_waited_for(small: Desk) -> None:
    said: list[Notice] = []
    stop = Stop()
    with small.database.engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE confirmations RENAME TO elsewhere"))

    def tell(notice: Notice) -> None:
        said.append(notice)
        stop.ask()

    asyncio.run(keep_mailing(small.surroundings, stop, tell, SOON))
    assert [one.name for one in said] == ["confirmations.waiting"]
    assert said[0].fields["error"] == "StoreError"


def test_one_that_is_cancelled_leaves_the_mail_to_the_next(small: Desk) -> None:
    small.ask("sanne")

    async def cancelled(sending: Desk) -> None:
        task = asyncio.create_task(keep_mailing(sending.surroundings, Stop(), lambda _: None, SOON))
        await asyncio.to_thread(wait_for, lambda: server.times["END"])
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    with scripted_server(Script({"END": ["HANG"]})) as server:
        asyncio.run(cancelled(small.through(server.port)))
        assert small.row().mail_due is not None
        small.clock.pass_by(minutes=16)
        assert small.through(server.port).mail().counts == {"accepted": 1}


def test_once_tells_what_keeps_mails_back_and_ends_nothing_else(small: Desk) -> None:
    said: list[Notice] = []
    small.ask("sanne")
    with scripted_server(Script({"GREETING": "554 5.7.1 go away"})) as server:
        mail_once(small.through(server.port).surroundings, Stop(), said.append)
    assert [one.name for one in said] == ["confirmations.waiting"]
    assert "tried again" not in said[0].message
