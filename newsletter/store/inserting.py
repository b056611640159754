"""Inserts what is not there yet, on either database."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from newsletter.store.prepared import Places, PreparedForEach


def insert_new(connection: sa.Connection, table: sa.TableClause) -> Any:
    """Begin an insertion that leaves alone what is there already, by whatever constraint."""
    return _insert_new(connection.dialect.name, table)


def insert_new_rows(connection: sa.Connection, table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert many rows at once, and leave alone what is there already.

    Args:
        rows: At least one, all with the same columns.
    """
    names = tuple(rows[0])
    _insertion(connection.dialect.name, table, names).run(
        connection, [tuple([row[name] for name in names]) for row in rows]
    )


def _insert_new(dialect: str, table: sa.TableClause) -> Any:
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    return insert(table).on_conflict_do_nothing()


@cache
def _insertion(dialect: str, table: sa.Table, names: tuple[str, ...]) -> PreparedForEach:
    def build(_common: Places, row: Places) -> sa.Executable:
        insert: sa.Executable = _insert_new(dialect, table).from_select(
            list(names), sa.select(*(row[name] for name in names))
        )
        return insert

    return PreparedForEach({}, {name: table.c[name].type for name in names}, build)
