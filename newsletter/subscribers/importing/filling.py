"""Fills a table with many rows at once, by the quickest way that each database has."""

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Any, Final, TypeAlias

import sqlalchemy as sa

Convert: TypeAlias = Callable[[Any], Any]


def fill(connection: sa.Connection, table: sa.Table, rows: Sequence[tuple[Any, ...]]) -> None:
    """Add rows to a table, in the transaction that is under way.

    Args:
        rows: A value for each column, in the order of the columns of `table`, as `converters` makes them.
    """
    if not rows:
        return
    names = ", ".join(connection.dialect.identifier_preparer.quote(column.name) for column in table.columns)
    driver: Any = connection.connection.dbapi_connection
    if connection.dialect.name == "sqlite":
        marks = ", ".join("?" * len(table.columns))
        driver.executemany(f"INSERT INTO {table.name} ({names}) VALUES ({marks})", rows)  # noqa: S608 - names of our own
        return
    with driver.cursor() as cursor, cursor.copy(f"COPY {table.name} ({names}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def converters(connection: sa.Connection, columns: Iterable[sa.ColumnClause[Any]]) -> dict[str, Convert]:
    """Give what makes of the values of some columns what the driver takes: SQLite's no longer takes dates.

    Returns:
        A function by the name of each column whose values it does not take as they are.
    """
    if connection.dialect.name != "sqlite":
        return {}
    kinds = {column.name: column.type.python_type for column in columns}
    return {name: _CONVERT[kind] for name, kind in kinds.items() if kind in _CONVERT}


@lru_cache(maxsize=16384)
def _day(value: date) -> str:
    return value.isoformat()


def _moment(value: datetime) -> str:
    """Write an aware moment in UTC as the dialect does."""
    return value.strftime("%Y-%m-%d %H:%M:%S.%f")


_CONVERT: Final[dict[type, Convert]] = {date: _day, datetime: _moment}
