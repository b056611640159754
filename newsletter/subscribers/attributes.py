"""Attributes as columns: brings the table of subscribers into line with what a workspace declares."""

from collections.abc import Mapping
from typing import Any, Final

import sqlalchemy as sa

from newsletter.errors import Place, StoreError
from newsletter.expressions import Type
from newsletter.store import Database, tables
from newsletter.subscribers.definitions import AttributeDefinition, Definitions

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
    """Add the columns of attributes that are new; none is ever taken away.

    Raises:
        StoreError: An attribute was of another type before.
    """
    if not definitions.attributes:
        return
    with database.reading() as connection:
        present = _present(connection)
    missing = [one for one in definitions.attributes.values() if column_name(one.id) not in present]
    for one in definitions.attributes.values():
        _assert_type(one, present)
    if not missing:
        return
    with database.writing() as connection:
        present = _present(connection)
        preparer = connection.dialect.identifier_preparer
        for one in missing:
            if column_name(one.id) not in present:
                kind = _TYPES[one.type].compile(dialect=connection.dialect)
                name = preparer.quote(column_name(one.id))
                connection.exec_driver_sql(f"ALTER TABLE subscribers ADD COLUMN {name} {kind}")


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
