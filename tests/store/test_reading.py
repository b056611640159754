"""A database that is only to be read cannot be changed, and is not made."""

from datetime import datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from newsletter.errors import StoreError
from newsletter.store import open_database, open_to_read, tables

ROW = {"address_hash": b"h" * 32, "reason": "removed"}


def test_database_that_is_read_refuses_every_change(database_url: str, tmp_path: Path, now: datetime) -> None:
    open_database(database_url, tmp_path).close()
    database = open_to_read(database_url, tmp_path)
    try:
        with pytest.raises(StoreError), database.writing() as connection:
            connection.execute(sa.insert(tables.suppressions).values(**ROW, created_at=now))
        with database.reading() as connection:
            assert connection.execute(sa.select(tables.suppressions)).all() == []
    finally:
        database.close()


def test_snapshot_does_not_see_what_is_written_meanwhile(database_url: str, tmp_path: Path, now: datetime) -> None:
    writing, reading = open_database(database_url, tmp_path), open_to_read(database_url, tmp_path)
    count = sa.select(sa.func.count()).select_from(tables.suppressions)
    try:
        with reading.snapshot() as connection:
            assert connection.scalar(count) == 0
            with writing.writing() as other:
                other.execute(sa.insert(tables.suppressions).values(**ROW, created_at=now))
            assert connection.scalar(count) == 0
        with reading.snapshot() as connection:
            assert connection.scalar(count) == 1
    finally:
        writing.close()
        reading.close()


def test_file_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no database yet"):
        open_to_read("sqlite:///var/newsletter.db", tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_tables_of_another_version_are_left_as_they_are(database_url: str, tmp_path: Path) -> None:
    database = open_database(database_url, tmp_path)
    with database.writing() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0001'")
    with pytest.raises(StoreError, match="another version"):
        open_to_read(database_url, tmp_path)
    with database.reading() as connection:
        assert connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar() == "0001"
    database.close()
