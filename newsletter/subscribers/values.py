"""Reads the values of fields and attributes as people write them."""

import re
from collections.abc import Callable, Mapping
from datetime import date
from functools import lru_cache, partial
from typing import Final

from newsletter.errors import Place, SubscriberError
from newsletter.expressions import Type, Value
from newsletter.subscribers.addresses import clean_text
from newsletter.subscribers.definitions import TOPICS, AttributeDefinition, Definitions

_DAY: Final = re.compile(
    r"(?P<year>\d{4})-(?P<month>\d{1,2})-(?P<day>\d{1,2})"
    r"|(?P<day_last>\d{1,2})([-/.])(?P<month_last>\d{1,2})\5(?P<year_last>\d{4})",
    re.ASCII,
)
"""A day as the standard writes it, or as people do, who put the day before the month."""
_LONGEST: Final = 200
_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")
_REMEMBERED: Final = 4096
"""How many different texts of a column are read only once."""
_YES: Final = frozenset({"ja", "yes", "true", "waar", "1", "j", "y", "x"})
_NO: Final = frozenset({"nee", "no", "false", "onwaar", "0", "n"})


def read_value(definitions: Definitions, field: str, text: str) -> Value:
    """Read the value of a built-in field, an attribute or the topics, as people write it.

    Raises:
        SubscriberError: It does not fit; says what was expected.
    """
    return value_reader(definitions, field)(text)


def value_reader(definitions: Definitions, field: str) -> Callable[[str], Value]:
    """Give what reads a field's texts as `read_value` does, and reads no text twice that comes often."""
    if field == TOPICS:
        known: Callable[[str], Value] = partial(_topics, definitions)
    elif field in definitions.attributes:
        known = partial(read_attribute, definitions.attributes[field])
    else:
        known = _language if field == "language" else _plain_text

    def read(text: str) -> Value:
        if known is _plain_text and len(text) <= _LONGEST and text.isascii() and text.isprintable():
            return (text.strip() if "  " not in text else " ".join(text.split())) or None
        assert_legible(text, field)
        if len(text) > _LONGEST and field != TOPICS:
            raise SubscriberError(
                f"the text has {len(text):,} characters",
                where=Place(field=field),
                remedy=f"At most {_LONGEST} are kept.",
            )
        return known(text)

    return read if known is _plain_text else lru_cache(maxsize=_REMEMBERED)(read)


def _plain_text(text: str) -> str | None:
    return clean_text(text) or None


def assert_legible(text: str, field: str) -> None:
    """Refuse what stands in the place of octets that are no text in the file's encoding."""
    if "\ufffd" in text:
        raise SubscriberError(
            f"{text[:40]!r} holds a character that was damaged",
            where=Place(field=field),
            remedy="Type it anew; a part of the file is in another encoding than the rest.",
        )


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


def _language(text: str) -> str | None:
    cleaned = clean_text(text)
    if not cleaned:
        return None
    if not _LANGUAGE.fullmatch(cleaned):
        raise SubscriberError(
            f"{cleaned[:40]!r} is no language",
            where=Place(field="language"),
            remedy="Write a tag such as nl or en.",
        )
    primary, _, rest = cleaned.partition("-")
    return f"{primary.lower()}-{rest.upper()}" if rest else primary.lower()


def _topics(definitions: Definitions, text: str) -> frozenset[str]:
    by_name = {
        name.casefold(): id_ for id_, one in definitions.topics.items() for name in one.name.by_language.values()
    } | {id_: id_ for id_ in definitions.topics}
    found: set[str] = set()
    for part in re.split(r"[;,|]", text):
        wanted = clean_text(part).casefold()
        if not wanted:
            continue
        if wanted not in by_name:
            raise SubscriberError(
                f"there is no topic {wanted[:40]!r}",
                where=Place(field=TOPICS),
                remedy=f"There are: {', '.join(definitions.topics)}.",
            )
        found.add(by_name[wanted])
    return frozenset(found)
