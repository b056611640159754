"""Fills a table with many rows at once, by the quickest way that each database has."""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Any, Final, TypeAlias

import sqlalchemy as sa

Convert: TypeAlias = Callable[[Any], Any]


def fill(connection: sa.Connection, table: sa.Table, rows: Sequence[tuple[Any, ...]]) -> None:
    """Add rows to a table, in the transaction that is under way.

    Args:
        rows: A value for each column, in the order of the columns of `table`.
    """
    if not rows:
        return
    names = ", ".join(connection.dialect.identifier_preparer.quote(column.name) for column in table.columns)
    driver: Any = connection.connection.dbapi_connection
    if connection.dialect.name == "sqlite":
        marks = ", ".join("?" * len(table.columns))
        driver.executemany(f"INSERT INTO {table.name} ({names}) VALUES ({marks})", _as_kept(table, rows))  # noqa: S608 - names of our own
        return
    with driver.cursor() as cursor, cursor.copy(f"COPY {table.name} ({names}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def _as_kept(table: sa.Table, rows: Sequence[tuple[Any, ...]]) -> Sequence[tuple[Any, ...]]:
    """Write dates and moments as SQLite keeps them; its driver no longer does."""
    converted = [
        (number, _CONVERT[column.type.python_type])
        for number, column in enumerate(table.columns)
        if column.type.python_type in _CONVERT
    ]
    if not converted:
        return rows
    changed: list[tuple[Any, ...]] = []
    for row in rows:
        values = list(row)
        for number, convert in converted:
            if values[number] is not None:
                values[number] = convert(values[number])
        changed.append(tuple(values))
    return changed


@lru_cache(maxsize=16384)
def _day(value: date) -> str:
    return value.isoformat()


def _moment(value: datetime) -> str:
    """Write an aware moment in UTC as the dialect does."""
    return value.strftime("%Y-%m-%d %H:%M:%S.%f")


_CONVERT: Final[dict[type, Convert]] = {date: _day, datetime: _moment}
