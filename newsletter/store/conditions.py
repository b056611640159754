"""Conditions on many values at once, in statements that are the same however many these are."""

import json
from collections.abc import Collection
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from newsletter.store.types import unbounded


class Numbers(sa.TypeDecorator[Collection[int]]):
    """Any count of numbers as one value; see `is_among`."""

    impl = sa.Text
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> "sa.types.TypeEngine[Any]":
        return dialect.type_descriptor(ARRAY(sa.BigInteger) if dialect.name == "postgresql" else sa.Text())

    def process_bind_param(self, value: Collection[int] | None, dialect: sa.Dialect) -> Any:
        return list(value or ()) if dialect.name == "postgresql" else json.dumps(list(value or ()))


class is_among(FunctionElement[Any]):  # noqa: N801 - used as a function
    """Say that a column is one of the numbers that a place will hold, however many these are.

    Its type is left open: SQLite has no truth values, and would be asked whether it equals 1, past every index.
    """

    name = "is_among"
    inherit_cache = True

    def __init__(self, column: sa.ColumnElement[int], numbers: sa.ColumnElement[Any]) -> None:
        super().__init__(column, numbers)


@compiles(is_among, "postgresql")
def _in_postgresql(element: is_among, compiler: SQLCompiler, **options: Any) -> str:
    column, numbers = (compiler.process(one, **options) for one in element.clauses)
    return f"{column} = ANY ({numbers})"


@compiles(is_among, "sqlite")
def _in_sqlite(element: is_among, compiler: SQLCompiler, **options: Any) -> str:
    column, numbers = (compiler.process(one, **options) for one in element.clauses)
    return f"{column} IN (SELECT value FROM json_each({numbers}))"  # noqa: S608 - both are SQL already


def past_index(column: sa.ColumnElement[str]) -> sa.ColumnElement[str]:
    """Give a column as no index knows it, for a guard on rows that are found by their numbers.

    A database that has no statistics yet may take the guard's index for the narrower one, and walk a million rows.
    """
    return column + sa.literal_column("''", sa.Text())


def is_selected(
    connection: sa.Connection, column: sa.ColumnElement[Any], chosen: sa.Select[Any] | sa.CompoundSelect[Any]
) -> sa.ColumnElement[bool]:
    """Say that a column is one of what a selection of a few gives, each of which is looked up in its index.

    PostgreSQL would rather join the selection with all the rows that the rest of a condition leaves; an array it cannot
    join.
    """
    if connection.dialect.name == "sqlite":
        return column.in_(chosen)
    return column == sa.any_(sa.func.array(chosen.scalar_subquery()))


def is_one_of(connection: sa.Connection, column: sa.ColumnElement[Any], values: Collection[Any]) -> Any:
    """Say that a column is one of some values, in a statement that is the same however many these are.

    SQLite takes them one by one, for which it needs no time to speak of.
    """
    if connection.dialect.name == "sqlite":
        return column.in_(values)
    return column == sa.any_(sa.bindparam(None, list(values), type_=ARRAY(unbounded(column.type))))
