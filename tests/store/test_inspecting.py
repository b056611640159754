"""A look at a database tells how far it is, and changes nothing."""

from pathlib import Path

import pytest
import sqlalchemy as sa

from newsletter.errors import StoreError
from newsletter.store import inspect_database, open_database


def test_file_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    assert inspect_database("sqlite:///var/x.db", tmp_path).revisions is None
    assert list(tmp_path.iterdir()) == []


def test_database_that_was_opened_is_up_to_date(database_url: str, tmp_path: Path) -> None:
    open_database(database_url, tmp_path).close()
    state = inspect_database(database_url, tmp_path)
    assert state.revisions is not None
    assert state.revisions.current == state.revisions.wanted is not None
    assert (state.clock is None) == database_url.startswith("sqlite")


def test_empty_database_stays_empty(database_url: str, tmp_path: Path) -> None:
    if database_url.startswith("sqlite"):
        (tmp_path / "test.db").touch()
    for _ in range(2):
        state = inspect_database(database_url, tmp_path)
        assert state.revisions is not None
        assert state.revisions.current is None


def test_revision_of_a_newer_program_is_not_known(database_url: str, tmp_path: Path) -> None:
    database = open_database(database_url, tmp_path)
    with database.writing() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = 'z999'"))
    database.close()
    state = inspect_database(database_url, tmp_path)
    assert state.revisions is not None
    assert (state.revisions.current, state.revisions.is_known) == ("z999", False)


def test_file_that_is_no_database_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "x.db").write_text("something else, and long enough to be looked at as one" * 20)
    with pytest.raises(StoreError, match="not a database"):
        inspect_database("sqlite:///x.db", tmp_path)
