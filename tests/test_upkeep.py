"""What is done beside sending is done again and again, and what fails at it keeps nothing else from its work."""

import threading
from datetime import timedelta

import sqlalchemy as sa

from feedback.conftest import bench as bench  # noqa: PLC0414 - a fixture
from newsletter.dispatch import Notice, Surroundings
from newsletter.errors import StoreError
from newsletter.providers.base import Message, Outcome, Rejected
from newsletter.store import tables
from newsletter.upkeep import CHORES, Chore, do_chores, keeping_house
from support.dispatching import Bench, Scripted


def refused(message: Message) -> Outcome:
    return Rejected(message.key, "550 5.1.1 no such user here")


def test_refusals_are_taken_from_the_ledger_and_told_without_a_name(bench: Bench) -> None:
    bench.subscribe(["jan"])
    bench.drive(bench.freeze(), Scripted(refused))
    notices: list[Notice] = []
    do_chores(bench.surroundings, notices.append)
    do_chores(bench.surroundings, notices.append)
    assert [one.name for one in notices] == ["feedback.taken"]
    assert "jan" not in str(notices)
    with bench.database.reading() as connection:
        assert connection.scalars(sa.select(tables.suppressions.c.reason)).all() == ["bounced"]


def test_a_chore_that_fails_is_told_and_tried_again(bench: Bench) -> None:
    tries, done = [], threading.Event()

    def fail(_: Surroundings) -> Notice | None:
        tries.append(1)
        if len(tries) == 3:
            done.set()
        raise (StoreError("the database is away") if len(tries) == 1 else ZeroDivisionError("x"))

    notices: list[Notice] = []
    with keeping_house(bench.surroundings, notices.append, (Chore("broken", timedelta(milliseconds=1), fail),)):
        assert done.wait(30)
    assert [one.level for one in notices][:2] == ["warning", "error"]


def test_retention_and_refusals_are_among_the_chores() -> None:
    assert {one.name for one in CHORES} >= {"refusals", "retention"}
