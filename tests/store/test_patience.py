"""A busy database: told from a broken one, and waited for."""

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from newsletter.errors import StoreError
from newsletter.store import Database, DatabaseAway, DatabaseBusy, engine, insist, open_database, patience, tables

ROW = {"address_hash": b"x" * 32, "reason": "y", "created_at": datetime(2024, 1, 1, tzinfo=UTC)}


@pytest.fixture
def hasty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    """A database in a file that does not wait for long by itself."""
    monkeypatch.setattr(engine, "BUSY_TIMEOUT_MILLISECONDS", 10)
    database = open_database(f"sqlite:///{tmp_path}/test.db", tmp_path)
    yield database
    database.close()


@pytest.fixture
def other(tmp_path: Path, hasty: Database) -> Iterator[sqlite3.Connection]:
    """Another process, which is writing."""
    connection = sqlite3.connect(tmp_path / "test.db", isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    yield connection
    connection.close()


def write(database: Database) -> None:
    with database.writing() as connection:
        connection.execute(sa.insert(tables.suppressions).values(ROW))


def count(database: Database) -> int:
    with database.reading() as connection:
        return connection.scalar(sa.select(sa.func.count()).select_from(tables.suppressions)) or 0


def test_step_is_taken_again_until_the_other_process_has_finished(
    hasty: Database, other: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 3:
            other.execute("COMMIT")

    monkeypatch.setattr(patience, "sleep", pause)
    insist(lambda: write(hasty))
    assert count(hasty) == 1
    assert len(pauses) == 3
    assert pauses == sorted(pauses)


def test_patience_ends(hasty: Database, other: sqlite3.Connection) -> None:
    with pytest.raises(DatabaseBusy, match="locked") as raised:
        insist(lambda: write(hasty), timedelta(0))
    assert "Another process" in raised.value.remedy
    assert count(hasty) == 0


def test_what_is_wrong_otherwise_is_not_tried_again(database: Database) -> None:
    tries: list[None] = []

    def fail() -> None:
        tries.append(None)
        with database.writing() as connection:
            connection.execute(sa.insert(tables.suppressions), [ROW, ROW])

    with pytest.raises(StoreError) as raised:
        insist(fail)
    assert not isinstance(raised.value, DatabaseBusy)
    assert len(tries) == 1


@pytest.mark.parametrize("code", ["40001", "40P01", "55P03"])
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_transaction_that_lost_against_another_is_busy(database: Database, code: str) -> None:
    with pytest.raises(DatabaseBusy), database.writing() as connection:
        connection.exec_driver_sql(f"DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '{code}'; END $$")


@pytest.mark.parametrize("code", ["57P01", "57P02", "57P03"])
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_server_that_ends_or_begins_is_away(database: Database, code: str) -> None:
    with pytest.raises(DatabaseAway), database.writing() as connection:
        connection.exec_driver_sql(f"DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '{code}'; END $$")


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_step_whose_connection_was_cut_is_taken_again_on_another(database: Database) -> None:
    cut = [True]

    def write_and_be_cut() -> None:
        with database.writing() as connection:
            connection.execute(sa.insert(tables.suppressions), [ROW])
            if cut:
                cut.clear()
                number = connection.scalar(sa.text("SELECT pg_backend_pid()"))
                with database.writing() as other:
                    other.execute(sa.text("SELECT pg_terminate_backend(:number)"), {"number": number})
                connection.execute(sa.text("SELECT 1"))

    insist(write_and_be_cut)
    assert count(database) == 1
