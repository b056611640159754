"""Statements that run very often: compiled once for each kind of database, and run without compiling them again.

Each is built of SQLAlchemy's constructs, so that it means the same on both databases. One that is for many rows at
once is run once for each of them in SQLite, which has no way to go, and once for all of them, with arrays, in
PostgreSQL.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, Protocol, TypeAlias, cast

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from newsletter.store.types import unbounded

Types: TypeAlias = Mapping[str, "sa.types.TypeEngine[Any]"]
Places: TypeAlias = Mapping[str, sa.ColumnElement[Any]]
"""Where the values of a statement go, or the columns of its rows, by name."""
_Process: TypeAlias = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class _Form:
    """A statement as one kind of database takes it.

    Args:
        fixed: Its values that are always the same.
        order: The names of all its values in the order of their places; empty where they go by name.
        processes: Makes of a value what the driver takes, where that is something else.
    """

    sql: str
    fixed: Mapping[str, object]
    order: tuple[str, ...]
    processes: Mapping[str, _Process]

    def known(self, values: Mapping[str, object]) -> dict[str, object]:
        known = {**self.fixed, **values}
        for name, process in self.processes.items():
            if name in known:
                known[name] = process(known[name])
        return known


class Prepared:
    """A statement.

    Args:
        types: Its values.
        build: Builds it of the places of its values.
    """

    def __init__(self, types: Types, build: Callable[[Places], sa.Executable]) -> None:
        self._types = types
        self._build = build
        self._forms: dict[str, _Form] = {}

    def rows(self, connection: sa.Connection, **values: object) -> list[tuple[Any, ...]]:
        """Run it and give what it selects, as the driver gives it."""
        rows: list[tuple[Any, ...]] = self._execute(connection, values).fetchall()
        return rows

    def run(self, connection: sa.Connection, **values: object) -> int:
        """Run it and tell how many rows it has changed."""
        changed: int = self._execute(connection, values).rowcount
        return changed

    def _execute(self, connection: sa.Connection, values: Mapping[str, object]) -> Any:
        form = self._forms.get(connection.dialect.name) or self._form(connection.dialect)
        known = form.known(values)
        return run(connection, form.sql, tuple([known[name] for name in form.order]) or known)

    def _form(self, dialect: sa.Dialect) -> _Form:
        form = self._forms[dialect.name] = _compile(self._build(_places(self._types)), dialect)
        return form


class PreparedForEach:
    """A statement for many rows, which may have some values in common.

    Args:
        common: The values in common.
        row: The columns of a row.
        build: Builds it of the places of the values in common and of the columns.
    """

    def __init__(self, common: Types, row: Types, build: Callable[[Places, Places], sa.Executable]) -> None:
        self._common = common
        self._row = row
        self._build = build
        self._forms: dict[str, _Form] = {}

    def run(self, connection: sa.Connection, rows: Sequence[tuple[Any, ...]], **values: object) -> int:
        """Run it and tell how many rows of the database it has changed.

        Args:
            rows: At least one, each with the columns in their order.
        """
        return self.start(connection, rows, **values).rowcount

    def start(self, connection: sa.Connection, rows: Sequence[tuple[Any, ...]], **values: object) -> "Started":
        """Run it, perhaps `together` with others.

        Args:
            rows: As for `run`.
        """
        dialect = connection.dialect
        form = self._forms.get(dialect.name) or self._form(dialect)
        if form.order:
            return cast("Started", run(connection, form.sql, self._each(form, rows, values)))
        columns = dict(zip(self._row, map(list, zip(*rows, strict=True)), strict=True))
        return cast("Started", run(connection, form.sql, form.known({**values, **columns})))

    def _each(
        self, form: _Form, rows: Sequence[tuple[Any, ...]], values: Mapping[str, object]
    ) -> list[tuple[object, ...]]:
        for place, name in enumerate(self._row):
            if process := form.processes.get(name):
                rows = [(*row[:place], process(row[place]), *row[place + 1 :]) for row in rows]
        known = form.known(values)
        names, common = [*self._row, *known], tuple(known.values())
        in_order = itemgetter(*map(names.index, form.order))
        return [in_order(row + common) for row in rows]

    def _form(self, dialect: sa.Dialect) -> _Form:
        row = _places(self._row)
        if dialect.name == "postgresql":
            arrays = [sa.bindparam(name, type_=ARRAY(unbounded(kind))) for name, kind in self._row.items()]
            columns = [sa.column(name, kind) for name, kind in self._row.items()]
            row = dict(sa.func.unnest(*arrays).table_valued(*columns).render_derived().c.items())
        form = self._forms[dialect.name] = _compile(self._build(_places(self._common), row), dialect)
        return form


class Started(Protocol):
    """A statement that was run, perhaps together with others.

    Attributes:
        rowcount: How many rows it has changed; known once all of them have come to their end.
    """

    @property
    def rowcount(self) -> int: ...


@contextmanager
def together(connection: sa.Connection) -> Iterator[None]:
    """Let statements go to the database in one message, where its driver can do so.

    They are done in their order, and all are done at the end; one whose rows are read is waited for before.

    Raises:
        DBAPIError: One of them failed.
    """
    if connection.dialect.name != "postgresql" or not connection.dialect.loaded_dbapi.Pipeline.is_supported():
        yield
        return
    driver: Any = connection.connection.dbapi_connection
    with _Translating(connection, "several statements"), driver.pipeline():
        yield


def run(connection: sa.Connection, sql: str, values: Any) -> Any:
    """Run a statement by the driver itself, for which SQLAlchemy takes longer than it does; give the driver's cursor.

    Args:
        values: A list, where it is to be run once for each of its entries.

    Raises:
        DBAPIError: As SQLAlchemy raises it.
    """
    if not connection.in_transaction():
        connection.begin()
    cursor = connection.connection.cursor()
    with _Translating(connection, sql):
        if isinstance(values, list):
            cursor.executemany(sql, values)
        else:
            cursor.execute(sql, values)
    return cursor


class _Translating:
    """Raises what SQLAlchemy would in the place of an error of the driver, and lets go of a connection that is lost."""

    __slots__ = ("_connection", "_sql")

    def __init__(self, connection: sa.Connection, sql: str) -> None:
        self._connection = connection
        self._sql = sql

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if error is None:
            return
        connection, base = self._connection, self._connection.dialect.loaded_dbapi.Error
        if not isinstance(error, base):
            return
        is_lost = connection.dialect.is_disconnect(error, connection.connection.dbapi_connection, None)
        if is_lost:
            connection.invalidate(error)
        raise sa.exc.DBAPIError.instance(
            self._sql, None, error, base, hide_parameters=True, connection_invalidated=is_lost
        ) from error


def _places(types: Types) -> dict[str, sa.ColumnElement[Any]]:
    return {name: sa.bindparam(name, type_=kind) for name, kind in types.items()}


def _compile(statement: sa.Executable, dialect: sa.Dialect) -> _Form:
    compiled = statement.compile(dialect=dialect)  # type: ignore[attr-defined]
    processes: dict[str, _Process] = {}
    fixed: dict[str, object] = {}
    for bind, name in compiled.bind_names.items():
        if not bind.required:
            fixed[name] = bind.value
        process = bind.type.dialect_impl(dialect).bind_processor(dialect)
        if process is not None:
            processes[name] = process
    return _Form(str(compiled), fixed, tuple(compiled.positiontup or ()), processes)
