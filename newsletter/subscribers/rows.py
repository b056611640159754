"""One row of a table as a person: checked, cleaned and typed."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from newsletter.errors import NewsletterError, Place, SubscriberError
from newsletter.expressions import Value
from newsletter.subscribers.addresses import Address, clean_text, parse_address, split_named
from newsletter.subscribers.attributes import read_attribute
from newsletter.subscribers.columns import INFIX, LEFT_AT, NAME, STATUS, ColumnMap
from newsletter.subscribers.definitions import TOPICS, Definitions
from newsletter.subscribers.tabular import Row

_LONGEST: Final = 200
_ON_THE_LIST: Final = frozenset(
    {"", "subscribed", "active", "confirmed", "ingeschreven", "aangemeld", "actief", "1", "true", "yes", "ja"}
)
_LEFT: Final = frozenset(
    {"unsubscribed", "cleaned", "bounced", "complained", "inactive", "deleted", "removed", "uitgeschreven", "afgemeld"}
    | {"inactief", "0", "false", "no", "nee"}
)
_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")


@dataclass(frozen=True, slots=True)
class Person:
    """What a row says of somebody: only what it says, so that an empty cell changes nothing.

    Args:
        has_left: The row says that they have left the list.
    """

    row: Row
    address: Address
    values: Mapping[str, Value]
    has_left: bool = False


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that cannot be imported, and why."""

    row: Row
    problem: NewsletterError


def read_rows(rows: Iterator[Row], columns: ColumnMap, definitions: Definitions) -> Iterator[Person | BadRow]:
    """Read each row of a table."""
    for row in rows:
        try:
            yield _read(row, columns, definitions)
        except NewsletterError as error:
            yield BadRow(row, error)


def read_value(definitions: Definitions, field: str, text: str) -> Value:
    """Read the value of a built-in field, an attribute or the topics, as people write it.

    Raises:
        SubscriberError: It does not fit; says what was expected.
    """
    if len(text) > _LONGEST and field != TOPICS:
        raise SubscriberError(
            f"the text has {len(text):,} characters",
            where=Place(field=field),
            remedy=f"At most {_LONGEST} are kept.",
        )
    if field == TOPICS:
        return _topics(definitions, text)
    if field == "language":
        return _language(text)
    if field in definitions.attributes:
        return read_attribute(definitions.attributes[field], text)
    return clean_text(text) or None


def _read(row: Row, columns: ColumnMap, definitions: Definitions) -> Person:
    if len(row.cells) > len(columns.headers) and any(cell.strip() for cell in row.cells[len(columns.headers) :]):
        raise SubscriberError(
            f"the row has {len(row.cells)} cells, the header {len(columns.headers)}",
            remedy="Put cells that hold the delimiter in quotation marks.",
        )
    cells = {field: row.cells[number] for number, field in columns.fields.items() if number < len(row.cells)}
    name, address = split_named(cells.pop("email", ""))
    parsed = parse_address(address, Place(field="email"))
    for field, make in _COMPOSED.items():
        make(cells, cells.pop(field, name if field == NAME else ""))
    left_at = cells.pop(LEFT_AT, "").strip()
    has_left = _has_left(cells.pop(STATUS, "")) or bool(left_at)
    values = {field: read_value(definitions, field, text) for field, text in cells.items()}
    return Person(
        row, parsed, {field: value for field, value in values.items() if value not in (None, frozenset())}, has_left
    )


def _has_left(text: str) -> bool:
    """Read a status; one that nobody knows is an error, because it may say that somebody has left."""
    status = clean_text(text).casefold()
    if status not in _ON_THE_LIST | _LEFT:
        raise SubscriberError(
            f"{status[:40]!r} does not tell whether they are on the list",
            where=Place(field=STATUS),
            remedy="Write subscribed or unsubscribed, or pass the column over: --map 'COLUMN=-'.",
        )
    return status in _LEFT


def _take_name_apart(cells: dict[str, str], name: str) -> None:
    if name.strip() and not cells.get("first_name", "").strip() and not cells.get("last_name", "").strip():
        last, comma, first = name.partition(",")
        if not comma:
            first, _, last = name.strip().partition(" ")
        cells["first_name"], cells["last_name"] = first, last


def _put_infix_before(cells: dict[str, str], infix: str) -> None:
    if infix.strip() and cells.get("last_name", "").strip():
        cells["last_name"] = f"{infix.strip()} {cells['last_name'].strip()}"


_COMPOSED: Final[Mapping[str, Callable[[dict[str, str], str], None]]] = {
    NAME: _take_name_apart,
    INFIX: _put_infix_before,
}


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
    by_name = {one.name.casefold(): id_ for id_, one in definitions.topics.items()} | {
        id_: id_ for id_ in definitions.topics
    }
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
