"""Reads the values of attributes as people write them."""

import re
from collections.abc import Callable, Mapping
from datetime import date
from functools import lru_cache
from typing import Final

from newsletter.errors import Place, SubscriberError
from newsletter.expressions import Type, Value
from newsletter.subscribers.addresses import clean_text
from newsletter.subscribers.definitions import AttributeDefinition

_DAY: Final = re.compile(
    r"(?P<year>\d{4})-(?P<month>\d{1,2})-(?P<day>\d{1,2})"
    r"|(?P<day_last>\d{1,2})([-/.])(?P<month_last>\d{1,2})\5(?P<year_last>\d{4})",
    re.ASCII,
)
"""A day as the standard writes it, or as people do, who put the day before the month."""
_YES: Final = frozenset({"ja", "yes", "true", "waar", "1", "j", "y", "x"})
_NO: Final = frozenset({"nee", "no", "false", "onwaar", "0", "n"})


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
