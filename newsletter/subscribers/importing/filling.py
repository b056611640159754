"""Fills a table with many rows at once, by the quickest way that each database has."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from datetime import date, datetime
from functools import lru_cache
from types import TracebackType
from typing import Any, Final, Self, TypeAlias

import sqlalchemy as sa

Convert: TypeAlias = Callable[[Any], Any]

MOST_WAITING: Final = 50_000
"""How many rows for other tables wait until there is a pause in what is copied into the first."""


class Filling:
    """Fills one table with a stream of rows, and others beside it; all of it is there when the block ends.

    PostgreSQL takes the rows of the stream while its client makes more of them, but into one table at a time: what is
    for others waits.
    """

    def __init__(self, connection: sa.Connection, table: sa.Table) -> None:
        self._connection = connection
        self._table = table
        self._is_sqlite = connection.dialect.name == "sqlite"
        self._stream = ExitStack()
        self._copy: Any = None
        self._waiting: list[tuple[sa.Table, Sequence[tuple[Any, ...]]]] = []
        self._count = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stream.__exit__(kind, error, traceback)
        self._copy = None
        if error is None:
            self._fill_others()

    def add(self, rows: Sequence[tuple[Any, ...]]) -> None:
        """Add rows to the stream; see `fill`."""
        if self._is_sqlite:
            fill(self._connection, self._table, rows)
            return
        if self._copy is None:
            driver: Any = self._connection.connection.dbapi_connection
            cursor = self._stream.enter_context(driver.cursor())
            self._copy = self._stream.enter_context(cursor.copy(_copying(self._connection, self._table)))
        for row in rows:
            self._copy.write_row(row)

    def add_beside(self, table: sa.Table, rows: Sequence[tuple[Any, ...]]) -> None:
        """Add rows to another table; see `fill`."""
        if not rows:
            return
        self._waiting.append((table, rows))
        self._count += len(rows)
        if self._is_sqlite or self._count >= MOST_WAITING:
            self._stream.close()
            self._copy = None
            self._fill_others()

    def _fill_others(self) -> None:
        waiting, self._waiting, self._count = self._waiting, [], 0
        for table in dict.fromkeys(table for table, _ in waiting):
            fill(self._connection, table, [row for other, rows in waiting if other is table for row in rows])


def fill(connection: sa.Connection, table: sa.Table, rows: Sequence[tuple[Any, ...]]) -> None:
    """Add rows to a table, in the transaction that is under way.

    Args:
        rows: A value for each column, in the order of the columns of `table`, as `converters` makes them.
    """
    if not rows:
        return
    driver: Any = connection.connection.dbapi_connection
    if connection.dialect.name == "sqlite":
        marks = ", ".join("?" * len(table.columns))
        into = f"INSERT INTO {table.name} ({_names(connection, table)}) VALUES ({marks})"  # noqa: S608 - our own names
        driver.executemany(into, rows)
        return
    with driver.cursor() as cursor, cursor.copy(_copying(connection, table)) as copy:
        for row in rows:
            copy.write_row(row)


def _copying(connection: sa.Connection, table: sa.Table) -> str:
    return f"COPY {table.name} ({_names(connection, table)}) FROM STDIN"


def _names(connection: sa.Connection, table: sa.Table) -> str:
    return ", ".join(connection.dialect.identifier_preparer.quote(column.name) for column in table.columns)


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
