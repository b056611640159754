"""Two who change the same people at once wait for each other, and neither undoes what the other did."""

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from newsletter.settings import PrivacySettings
from newsletter.store import Database, tables
from newsletter.subscribers import (
    Definitions,
    Edit,
    Fate,
    Method,
    Target,
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
from newsletter.subscribers.importing import deciding, running
from newsletter.subscribers.joining import subscribe
from newsletter.tokens import Signer
from support.importing import import_file
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


@pytest.fixture
def target(definitions: Definitions, signer: Signer, now: datetime) -> Target:
    return Target("leden", "import", now + LATER, definitions, signer.address_hashes, "opt-in", "staff", "x", b"1" * 32)


def test_who_joins_while_they_are_imported_is_there_once(
    database: Database,
    definitions: Definitions,
    signer: Signer,
    target: Target,
    now: datetime,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    file = tmp_path / "x.csv"
    file.write_text("email;voornaam\nkees@example.org;Kees\nlies@example.org;Lies\n")
    real, calls = running.apply, list[int]()

    def join_before(*arguments: Any) -> None:
        calls.append(1)
        if len(calls) == 1:
            with database.writing() as other:
                kees = parse_address("kees@example.org")
                add(other, kees, "leden", {}, definitions, source="t", now=now, hashes=signer.address_hashes)
        real(*arguments)

    monkeypatch.setattr(running, "apply", join_before)
    result = import_file(database, file, target)
    assert len(calls) == 2
    assert result.counts == {Fate.ADDED: 1, Fate.CHANGED: 1}


def test_two_imports_of_the_same_people_at_once_both_come_to_their_end(
    database: Database, target: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "CHUNK", 100)
    file = tmp_path / "x.csv"
    file.write_text("email\n" + "".join(f"r{number}@example.org\n" for number in range(1_000)))
    targets = [target, replace(target, list="pers", identity=b"2" * 32)]
    results: list[int] = []

    def run(one: Target) -> None:
        results.append(import_file(database, file, one).written)

    threads = [threading.Thread(target=run, args=(one,)) for one in targets]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert results == [1_000, 1_000]
    counted = sa.select(tables.subscriptions.c.list, sa.func.count()).group_by(tables.subscriptions.c.list)
    with database.reading() as connection:
        assert dict(map(tuple, connection.execute(counted))) == {"leden": 1_000, "pers": 1_000}
        assert connection.scalar(sa.select(sa.func.count()).select_from(tables.subscribers)) == 1_000


def test_who_leaves_while_they_are_imported_is_not_changed(
    database: Database,
    people: list[int],
    target: Target,
    now: datetime,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    file = tmp_path / "x.csv"
    file.write_text("email;voornaam\njan@example.org;Johan\n")
    real = deciding.hold_people

    def leave_before(connection: sa.Connection, numbers: set[int]) -> None:
        with database.writing() as other:
            leave(other, people[0], "leden", Method.ONE_CLICK, now + LATER)
        real(connection, numbers)

    monkeypatch.setattr(deciding, "hold_people", leave_before)
    assert import_file(database, file, target).counts == {Fate.UNSUBSCRIBED: 1}
    assert status(database, people[0]) == "unsubscribed"
