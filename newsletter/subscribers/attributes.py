"""Attributes as columns: brings the table of subscribers into line with what a workspace declares."""

import re
from collections.abc import Callable, Mapping
from datetime import date
from functools import lru_cache
from typing import Any, Final

import sqlalchemy as sa

from newsletter.errors import Place, StoreError, SubscriberError
from newsletter.expressions import Type, Value
from newsletter.store import Database, tables
from newsletter.subscribers.addresses import clean_text
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
_DAY: Final = re.compile(
    r"(?P<year>\d{4})-(?P<month>\d{1,2})-(?P<day>\d{1,2})"
    r"|(?P<day_last>\d{1,2})([-/.])(?P<month_last>\d{1,2})\5(?P<year_last>\d{4})",
    re.ASCII,
)
"""A day as the standard writes it, or as people do, who put the day before the month."""
_YES: Final = frozenset({"ja", "yes", "true", "waar", "1", "j", "y", "x"})
_NO: Final = frozenset({"nee", "no", "false", "onwaar", "0", "n"})


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


def read_attribute(definition: AttributeDefinition, text: str) -> Value:
    """Read an attribute's value as people write it.

    Dates as 2026-01-31 or 31-1-2026, numbers with a point or a comma, ja/nee, yes/no, 1/0.

    Raises:
        SubscriberError: It does not fit the attribute; says what was expected.
    """
    cleaned = clean_text(text)
    if not cleaned:
        return None
    if definition.type is Type.TEXT:
        return _choice(definition, cleaned)
    readers: Mapping[Type, Callable[[str], Value]] = {Type.NUMBER: _number, Type.DATE: _date, Type.BOOLEAN: _boolean}
    value = readers[definition.type](cleaned)
    if value is None:
        expected = {
            Type.NUMBER: "a number",
            Type.DATE: "a date such as 2026-01-31",
            Type.BOOLEAN: "ja or nee",
        }
        raise SubscriberError(
            f"{cleaned[:40]!r} does not fit",
            where=Place(field=definition.id),
            remedy=f"Expected: {expected[definition.type]}.",
        )
    return value


def _choice(definition: AttributeDefinition, text: str) -> str:
    if not definition.choices:
        return text
    for choice in definition.choices:
        if choice.casefold() == text.casefold():
            return choice
    raise SubscriberError(
        f"{text[:40]!r} is none of the choices",
        where=Place(field=definition.id),
        remedy=f"There are: {', '.join(definition.choices)}.",
    )


def _number(text: str) -> float | None:
    try:
        number = float(text.replace(",", ".") if text.count(",") == 1 and "." not in text else text)
    except ValueError:
        return None
    return number if abs(number) < 2**53 else None


def _boolean(text: str) -> bool | None:
    lowered = text.casefold()
    return True if lowered in _YES else False if lowered in _NO else None


@lru_cache(maxsize=4096)
def _date(text: str) -> date | None:
    found = _DAY.fullmatch(text)
    if found is None:
        return None
    year, month, day = (int(found[name] or found[f"{name}_last"]) for name in ("year", "month", "day"))
    try:
        return date(year, month, day)
    except ValueError:
        return None


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
