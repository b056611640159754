"""Statements that are run by the driver itself keep to the transactions and the errors of all others."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from newsletter.errors import StoreError
from newsletter.store import Database, StandingConnection, open_database, tables
from newsletter.store.conditions import is_one_of
from newsletter.store.inserting import insert_new_rows
from newsletter.store.prepared import Prepared, PreparedForEach, together
from support.postgresql import Cluster

NOW = datetime(2024, 2, 20, tzinfo=UTC)
_HASH = sa.LargeBinary()
_TEXT = sa.Text()
_suppressions = tables.suppressions

COUNT = Prepared(
    {"reason": _TEXT}, lambda given: sa.select(sa.func.count()).where(_suppressions.c.reason == given["reason"])
)
RENAME = PreparedForEach(
    {"reason": _TEXT},
    {"address_hash": _HASH},
    lambda common, row: (
        sa.update(_suppressions)
        .where(_suppressions.c.address_hash == row["address_hash"])
        .values(reason=common["reason"])
    ),
)


def add(connection: sa.Connection, number: int) -> None:
    statement = sa.insert(_suppressions).values(
        address_hash=bytes([number]) * 32, reason="x", created_at=sa.func.current_timestamp()
    )
    connection.execute(statement)


def count(database: Database, reason: str = "x") -> int:
    with database.reading() as connection:
        found: int = COUNT.rows(connection, reason=reason)[0][0]
    return found


def rename(connection: sa.Connection, *numbers: int, reason: str = "y") -> int:
    return RENAME.run(connection, [(bytes([number]) * 32,) for number in numbers], reason=reason)


def start_renaming(connection: sa.Connection, number: int, reasons: Sequence[str | None]) -> None:
    for reason in reasons:
        RENAME.start(connection, [(bytes([number]) * 32,)], reason=reason)


def rename_when_lost(connection: sa.Connection, database: Database) -> None:
    number = connection.scalar(sa.select(sa.func.pg_backend_pid()))
    with database.writing() as other:
        other.execute(sa.select(sa.func.pg_terminate_backend(number)))
    rename(connection, 1)


def test_what_was_written_stays_and_what_was_broken_off_does_not(database: Database) -> None:
    with database.writing() as connection:
        add(connection, 1)
        add(connection, 2)
    with database.connected() as connection, database.transaction(connection):
        assert rename(connection, 1, 2, 3) == 2
    assert (count(database), count(database, "y")) == (0, 2)
    with pytest.raises(ZeroDivisionError), database.writing() as connection:
        assert rename(connection, 1, reason="z") / 0
    assert (count(database, "y"), count(database, "z")) == (2, 0)


def test_what_the_database_refuses_is_raised_as_for_every_statement(database: Database) -> None:
    with database.writing() as connection:
        add(connection, 1)
    with pytest.raises(StoreError) as refused, database.writing() as connection:
        rename(connection, 1, reason=None)  # type: ignore[arg-type] # which the column does not take
    assert isinstance(refused.value.__cause__, IntegrityError)
    assert count(database) == 1


def test_connection_that_is_lost_is_not_used_again(cluster: Cluster, tmp_path: Path) -> None:
    database = open_database(cluster.new_database(), tmp_path)
    standing = StandingConnection(database)
    with pytest.raises(StoreError), standing.writing() as connection:
        rename_when_lost(connection, database)
    with standing.writing() as connection:
        add(connection, 1)
        assert rename(connection, 1) == 1
    standing.close()
    assert count(database, "y") == 1
    database.close()


def test_statements_that_go_together_are_done_in_their_order_and_counted(database: Database) -> None:
    with database.writing() as connection:
        for number in (1, 2, 3):
            add(connection, number)
        with together(connection):
            first = RENAME.start(connection, [(bytes([1]) * 32,), (bytes([2]) * 32,)], reason="y")
            assert COUNT.rows(connection, reason="y") == [(2,)]
            second = RENAME.start(connection, [(bytes([2]) * 32,), (bytes([9]) * 32,)], reason="z")
        assert (first.rowcount, second.rowcount) == (2, 1)
    assert (count(database), count(database, "y"), count(database, "z")) == (1, 1, 1)


def test_one_of_several_that_is_refused_undoes_all(database: Database) -> None:
    with database.writing() as connection:
        add(connection, 1)
    with pytest.raises(StoreError) as refused, database.writing() as connection, together(connection):
        start_renaming(connection, 1, reasons=("y", None))
    assert isinstance(refused.value.__cause__, IntegrityError)
    assert (count(database), count(database, "y")) == (1, 0)


def test_text_that_is_too_long_is_never_cut(database: Database) -> None:
    row = {"identity": b"x" * 16, "kind": "bounced", "source": "test", "received_at": NOW, "at": NOW, "key": "k" * 30}
    if database.is_sqlite:
        with database.writing() as connection:
            insert_new_rows(connection, tables.feedback_events, [row])
        with database.reading() as connection:
            assert connection.scalar(sa.select(tables.feedback_events.c.key)) == "k" * 30
        return
    with pytest.raises(StoreError, match="too long"), database.writing() as connection:
        insert_new_rows(connection, tables.feedback_events, [row])
    with database.reading() as connection:
        there = is_one_of(connection, tables.feedback_events.c.key, ["k" * 30])
        assert "VARCHAR(26)" not in str(there.compile(dialect=connection.dialect))
