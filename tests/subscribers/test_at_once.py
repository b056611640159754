"""Two who change the same people at once wait for each other, and neither undoes what the other did."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from newsletter.settings import PrivacySettings
from newsletter.store import Database, tables
from newsletter.subscribers import (
    Definitions,
    Edit,
    Method,
    add,
    edit_people,
    find,
    forget_due,
    last_change,
    leave,
    merge,
    merging,
    parse_address,
    retention,
    undo,
    undoing,
)
from newsletter.subscribers.joining import subscribe
from newsletter.tokens import Signer
from support.postgresql import wait_for_lock

pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
JAN, PIET = parse_address("jan@example.org"), parse_address("piet@example.org")
LATER = timedelta(days=1)


@pytest.fixture
def people(database: Database, definitions: Definitions, signer: Signer, now: datetime) -> list[int]:
    with database.writing() as connection:
        return [
            add(connection, one, "leden", {}, definitions, source="t", now=now, hashes=signer.address_hashes)
            for one in (JAN, PIET)
        ]


def overtaking(database: Database, go: Callable[[], object], then: Callable[..., object]) -> Callable[..., object]:
    """Wrap a function so that somebody else tries to go first while it works, once; they have to wait."""
    threads: list[threading.Thread] = []

    def overtaken(*arguments: object, **named: object) -> object:
        if not threads:
            thread = threading.Thread(target=go)
            threads.append(thread)
            thread.start()
            assert wait_for_lock(database, lambda: not thread.is_alive()), "it went ahead meanwhile"
        return then(*arguments, **named)

    return overtaken


def status(database: Database, number: int) -> str | None:
    subscriptions = tables.subscriptions
    with database.reading() as connection:
        return connection.scalar(sa.select(subscriptions.c.status).where(subscriptions.c.subscriber_id == number))


def eventually_left(database: Database, number: int) -> bool:
    """Whether somebody is off the list once everybody has come to an end."""
    for thread in threading.enumerate():
        if thread is not threading.current_thread() and thread.name.startswith("Thread-"):
            thread.join(30)
    return status(database, number) == "unsubscribed"


def test_a_leave_while_two_become_one_is_not_lost(
    database: Database, people: list[int], now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    def go() -> None:
        with database.writing() as connection:
            leave(connection, people[0], "leden", Method.ONE_CLICK, now + LATER)

    monkeypatch.setattr(merging, "_fill_in", overtaking(database, go, merging._fill_in))
    with database.writing() as connection:
        merge(connection, into=people[0], other=people[1], now=now + LATER, by="staff")
    assert eventually_left(database, people[0])


def test_a_leave_while_a_change_is_undone_is_not_lost(
    database: Database, definitions: Definitions, people: list[int], now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    edit_people(database, people, Edit(leave="leden"), definitions, by="staff", now=now + LATER)

    def go() -> None:
        with database.writing() as connection:
            leave(connection, people[0], "leden", Method.ONE_CLICK, now + 2 * LATER)

    restore = overtaking(database, go, undoing._restore_subscription)
    monkeypatch.setattr(undoing, "_restore_subscription", restore)
    with database.reading() as connection:
        change = last_change(connection)
    undo(database, change, definitions, by="staff", now=now + 3 * LATER)
    assert eventually_left(database, people[0])


def test_who_joins_while_retention_looks_is_not_erased(
    database: Database, definitions: Definitions, people: list[int], now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    with database.writing() as connection:
        leave(connection, people[0], "leden", Method.PAGE, now)
    real = retention.hold_people

    def join_before(connection: sa.Connection, numbers: list[int]) -> None:
        if people[0] in numbers:
            with database.writing() as other:
                subscribe(other, people[0], "leden", "het formulier", now + LATER)
        real(connection, numbers)

    monkeypatch.setattr(retention, "hold_people", join_before)
    forget_due(database, PrivacySettings(keep_left_days=1), now + 9 * LATER)
    with database.reading() as connection:
        assert find(connection, JAN) == people[0]
    assert status(database, people[0]) == "subscribed"
