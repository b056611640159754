"""Attributes as columns: brings the table of subscribers into line with what a workspace declares."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from newsletter.errors import Place, StoreError
from newsletter.expressions import Type
from newsletter.store import Database, tables
from newsletter.subscribers.definitions import AttributeDefinition, Definitions

INDEX: Final = "ix_subscribers_attributes"
MOST_INDEXED: Final = 12
"""The most attributes that one index holds; beyond that it costs every change more than it saves."""
BUILT_IN_COLUMNS: Final = ("first_name", "last_name", "language")

_TYPES: Final[Mapping[Type, sa.types.TypeEngine[Any]]] = {
    Type.TEXT: sa.Text(),
    Type.NUMBER: sa.Double(),
    Type.DATE: sa.Date(),
    Type.BOOLEAN: sa.Boolean(),
}
_KEPT_AS: Final[Mapping[Type, tuple[type[sa.types.TypeEngine[Any]], ...]]] = {
    Type.TEXT: (sa.String,),
    Type.NUMBER: (sa.Numeric, sa.Float),
    Type.DATE: (sa.Date,),
    Type.BOOLEAN: (sa.Boolean,),
}


def column_name(attribute: str) -> str:
    """Name the column of an attribute."""
    return f"attribute_{attribute}"


def attribute_columns(definitions: Definitions) -> dict[str, sa.ColumnClause[Any]]:
    """Give the columns of all attributes, by attribute."""
    return {
        name: sa.column(column_name(name), _TYPES[one.type], _selectable=tables.subscribers)
        for name, one in definitions.attributes.items()
    }


def people_table(definitions: Definitions) -> sa.TableClause:
    """Give the table of subscribers with a workspace's attributes, which its metadata does not know."""
    known = (sa.column(column.name, column.type) for column in tables.subscribers.columns)
    attributes = (sa.column(column_name(name), _TYPES[one.type]) for name, one in definitions.attributes.items())
    return sa.table("subscribers", *known, *attributes)


def column_of(name: str) -> str:
    """Name the column of a built-in field or an attribute."""
    return name if name in BUILT_IN_COLUMNS else column_name(name)


def synchronise_attributes(database: Database, definitions: Definitions) -> None:
    """Add the columns of attributes that are new, and index those that segments ask for; no column is taken away.

    Raises:
        StoreError: An attribute was of another type before.
    """
    if not definitions.attributes:
        return
    with database.reading() as connection:
        present = _present(connection)
        is_indexed = _indexed(connection) == _to_index(definitions)
    missing = [one for one in definitions.attributes.values() if column_name(one.id) not in present]
    for one in definitions.attributes.values():
        _assert_type(one, present)
    if not missing and is_indexed:
        return
    with database.writing() as connection:
        present = _present(connection)
        preparer = connection.dialect.identifier_preparer
        for one in missing:
            if column_name(one.id) not in present:
                kind = _TYPES[one.type].compile(dialect=connection.dialect)
                name = preparer.quote(column_name(one.id))
                connection.exec_driver_sql(f"ALTER TABLE subscribers ADD COLUMN {name} {kind}")
        _index(connection, definitions)


def _to_index(definitions: Definitions) -> tuple[str, ...]:
    """Name the columns that an index holds: those with few values or short ones; long texts would swell it."""
    short = [one for one in definitions.attributes.values() if one.choices or one.type is not Type.TEXT]
    return tuple(column_name(one.id) for one in short[:MOST_INDEXED])


def _index(connection: sa.Connection, definitions: Definitions) -> None:
    wanted, present = _to_index(definitions), _indexed(connection)
    if wanted == present:
        return
    if present:
        connection.exec_driver_sql(f"DROP INDEX {INDEX}")
    if wanted:
        preparer = connection.dialect.identifier_preparer
        columns = ", ".join(preparer.quote(name) for name in wanted)
        # Of values that were kept before there were choices, one may be too long for an index: then it goes without.
        with suppress(DBAPIError), connection.begin_nested():
            connection.exec_driver_sql(f"CREATE INDEX {INDEX} ON subscribers ({columns})")


def _indexed(connection: sa.Connection) -> tuple[str, ...]:
    found = (one for one in sa.inspect(connection).get_indexes("subscribers") if one["name"] == INDEX)
    return next((tuple(name for name in one["column_names"] if name) for one in found), ())


def _present(connection: sa.Connection) -> dict[str, sa.types.TypeEngine[Any]]:
    columns = sa.inspect(connection).get_columns("subscribers")
    return {column["name"]: column["type"] for column in columns}


def _assert_type(one: AttributeDefinition, present: Mapping[str, sa.types.TypeEngine[Any]]) -> None:
    found = present.get(column_name(one.id))
    if found is not None and not isinstance(found, _KEPT_AS[one.type]):
        raise StoreError(
            f"the attribute {one.id!r} is kept as another type than {one.type}",
            where=Place("subscribers/attributes.yaml", field=one.id),
            remedy="Give the changed attribute a new name.",
        )
