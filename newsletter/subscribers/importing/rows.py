"""One row of a table as a person: checked, cleaned and typed."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from newsletter.errors import NewsletterError, Place, SubscriberError
from newsletter.expressions import Value
from newsletter.subscribers.addresses import Address, clean_text, parse_address, split_named
from newsletter.subscribers.definitions import TOPICS, Definitions
from newsletter.subscribers.importing.columns import ColumnMap
from newsletter.subscribers.importing.headers import INFIX, NAME, SIGNS, STATUS
from newsletter.subscribers.importing.tabular import Row
from newsletter.subscribers.values import read_attribute

_LONGEST: Final = 200
_ON_THE_LIST: Final = frozenset(
    {"", "subscribed", "active", "confirmed", "enabled", "ingeschreven", "aangemeld", "actief", "bevestigd"}
    | {"1", "true", "yes", "y", "ja", "j", "waar"}
)
_LEFT: Final = frozenset(
    {"unsubscribed", "cleaned", "bounced", "complained", "inactive", "deleted", "removed", "disabled", "archived"}
    | {"opted out", "opted-out", "optout", "opt-out", "blocklisted", "blacklisted", "blocked", "suppressed", "spam"}
    | {"hard bounced", "soft bounced", "globally unsubscribed", "unsubscribed from all email", "do not mail"}
    | {"uitgeschreven", "afgemeld", "inactief", "niet actief", "opgeschoond", "verwijderd", "geblokkeerd", "gebounced"}
    | {"0", "false", "no", "n", "nee", "onwaar"}
)
_NO: Final = frozenset({"", "false", "no", "n", "nee", "onwaar", "null", "none"})
"""What stands in a column about leaving for somebody who has not left; a date of zeros and a dash say no too."""
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
    """A row that cannot be imported, and why: everything that is wrong with it, and at least one thing."""

    row: Row
    problems: tuple[NewsletterError, ...]


def read_rows(rows: Iterator[Row], columns: ColumnMap, definitions: Definitions) -> Iterator[Person | BadRow]:
    """Read each row of a table."""
    for row in rows:
        yield _read(row, columns, definitions)


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


def _read(row: Row, columns: ColumnMap, definitions: Definitions) -> Person | BadRow:
    problem = row.problem or _too_many_cells(row, columns)
    if problem is not None:
        return BadRow(row, (problem,))
    problems: list[NewsletterError] = []
    cells: dict[str, str] = {}
    has_left = False
    for number, field in columns.fields.items():
        text = row.cells[number] if number < len(row.cells) else ""
        if field not in SIGNS:
            cells[field] = text
            continue
        try:
            has_left |= _has_left(field, text)
        except NewsletterError as error:
            problems.append(error)
    name, address = split_named(cells.pop("email", ""))
    for field, make in _COMPOSED.items():
        make(cells, cells.pop(field, name if field == NAME else ""))
    values, wrong = _values(cells, definitions)
    try:
        _assert_legible(address, "email")
        parsed = parse_address(address, Place(field="email"))
    except NewsletterError as error:
        return BadRow(row, (error, *problems, *wrong))
    if has_left:
        # Whoever has left must be kept as such, whatever else is wrong with what is said of them.
        return Person(row, parsed, values, has_left=True)
    return BadRow(row, (*problems, *wrong)) if problems or wrong else Person(row, parsed, values)


def _too_many_cells(row: Row, columns: ColumnMap) -> SubscriberError | None:
    width = len(columns.headers)
    if len(row.cells) <= width or not any(cell.strip() for cell in row.cells[width:]):
        return None
    return SubscriberError(
        f"the row has {len(row.cells)} cells, the header {width}",
        remedy="Put cells that hold the delimiter in quotation marks.",
    )


def _values(cells: Mapping[str, str], definitions: Definitions) -> tuple[dict[str, Value], list[NewsletterError]]:
    values: dict[str, Value] = {}
    problems: list[NewsletterError] = []
    for field, text in cells.items():
        if not text:
            continue
        try:
            _assert_legible(text, field)
            value = read_value(definitions, field, text)
        except NewsletterError as error:
            problems.append(error)
        else:
            if value not in (None, frozenset()):
                values[field] = value
    return values, problems


def _assert_legible(text: str, field: str) -> None:
    """Refuse what stands in the place of octets that are no text in the file's encoding."""
    if "\ufffd" in text:
        raise SubscriberError(
            f"{text[:40]!r} holds a character that was damaged",
            where=Place(field=field),
            remedy="Type it anew; a part of the file is in another encoding than the rest.",
        )


def _has_left(field: str, text: str) -> bool:
    """Read a sign of leaving; a status that nobody knows is an error, because it may say that somebody has left."""
    said = clean_text(text).casefold()
    if field != STATUS:
        return said.strip("0:-./ ") not in _NO
    if said not in _ON_THE_LIST and said not in _LEFT:
        raise SubscriberError(
            f"{said[:40]!r} does not tell whether they are on the list",
            where=Place(field=STATUS),
            remedy="Write subscribed or unsubscribed, or pass the column over: --map 'COLUMN=-'.",
        )
    return said in _LEFT


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
