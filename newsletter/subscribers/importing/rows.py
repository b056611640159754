"""One row of a table as a person: checked, cleaned and typed."""

import csv
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final, NamedTuple, TypeAlias

from newsletter.errors import NewsletterError, Place, SubscriberError
from newsletter.expressions import Value
from newsletter.subscribers.addresses import Address, clean_text, parse_address, split_named
from newsletter.subscribers.definitions import TOPICS, Definitions
from newsletter.subscribers.importing.columns import ColumnMap
from newsletter.subscribers.importing.evidence import Evidence, evidence_reader
from newsletter.subscribers.importing.headers import ATTRIBUTES, EVIDENCE, INFIX, NAME, SIGNS, TAGS
from newsletter.subscribers.importing.standing import Standing, most_telling, read_standing
from newsletter.subscribers.importing.tabular import Row
from newsletter.subscribers.values import assert_legible, value_reader

LONGEST_TAG: Final = 100
_NOTHING: Final = Evidence()


class Person(NamedTuple):
    """What a row says of somebody: only what it says, so that an empty cell changes nothing.

    A tuple, because an import makes a million of them.
    """

    row: Row
    address: Address
    values: Mapping[str, Value]
    standing: Standing = Standing.SUBSCRIBED
    tags: frozenset[str] = frozenset()
    evidence: Evidence = _NOTHING


class BadRow(NamedTuple):
    """A row that cannot be imported, and why: everything that is wrong with it, and at least one thing."""

    row: Row
    problems: tuple[NewsletterError, ...]


_Numbered: TypeAlias = tuple[int, str]
_Readable: TypeAlias = tuple[str, str, Callable[[str], Value]]


def read_rows(
    rows: Iterator[Row], columns: ColumnMap, definitions: Definitions, now: datetime | None = None
) -> Iterator[Person | BadRow]:
    """Read each row of a table.

    Args:
        now: When it is read, so that nobody has signed up later; the present moment if not given.
    """
    return map(_Reader(columns, definitions, now or datetime.now(UTC)).read, rows)


class _Reader:
    """Reads the rows of one table; what depends on the table alone is found out beforehand."""

    def __init__(self, columns: ColumnMap, definitions: Definitions, now: datetime) -> None:
        self._width = len(columns.headers)
        self._common = columns.standing
        fields = [(number, field) for number, field in columns.fields.items()]
        special = (*SIGNS, *EVIDENCE, TAGS, ATTRIBUTES, "email", *_COMPOSED)
        self._email = next(number for number, field in fields if field == "email")
        self._signs: list[_Numbered] = [one for one in fields if one[1] in SIGNS]
        self._tags = [number for number, field in fields if field == TAGS]
        self._attributes = [number for number, field in fields if field == ATTRIBUTES]
        self._composed: list[_Numbered] = [one for one in fields if one[1] in _COMPOSED]
        names = ("first_name", "last_name", "language", TOPICS, *definitions.attributes)
        self._readers: dict[str, Callable[[str], Value]] = {name: value_reader(definitions, name) for name in names}
        self._plain = [(number, field, self._readers[field]) for number, field in fields if field not in special]
        self._is_simple = not self._composed and not self._attributes
        self._declared = definitions.attributes.keys()
        evidence = [one for one in fields if one[1] in EVIDENCE]
        self._evidence = evidence_reader(evidence, now) if evidence else None
        self._read_sign = lru_cache(maxsize=4096)(read_standing)

    def read(self, row: Row) -> Person | BadRow:
        """Read one row."""
        problem = row.problem or self._too_many_cells(row)
        if problem is not None:
            return BadRow(row, (problem,))
        cells = row.cells if len(row.cells) >= self._width else [*row.cells, *[""] * (self._width - len(row.cells))]
        problems: list[NewsletterError] = []
        standing = self._standing(cells, problems)
        address = cells[self._email]
        if self._is_simple and "<" not in address:
            values = self._values([(field, cells[number], read) for number, field, read in self._plain], problems)
        else:
            address, values = self._compose(cells, address, problems)
        try:
            assert_legible(address, "email")
            parsed = parse_address(address, _EMAIL)
        except NewsletterError as error:
            return BadRow(row, (error, *problems))
        if problems and standing < Standing.LEFT:
            return BadRow(row, tuple(problems))
        # Whoever has left must be kept as such, whatever else is wrong with what is said of them.
        tags = _read_tags([cells[number] for number in self._tags]) if self._tags else frozenset[str]()
        evidence = self._evidence(cells) if self._evidence else _NOTHING
        return Person(row, parsed, values, standing, tags, evidence)

    def _standing(self, cells: Sequence[str], problems: list[NewsletterError]) -> Standing:
        standing = self._common if self._common is not None else Standing.SUBSCRIBED
        for number, field in self._signs:
            try:
                standing = most_telling(standing, self._read_sign(field, cells[number]))
            except NewsletterError as error:
                problems.append(error)
        return standing

    def _compose(
        self, cells: Sequence[str], email: str, problems: list[NewsletterError]
    ) -> tuple[str, dict[str, Value]]:
        """Put names together from the columns that hold parts of them; gives the address alone, and all values."""
        name, address = split_named(email)
        texts = {field: cells[number] for number, field, _ in self._plain}
        parts = {field: cells[number] for number, field in self._composed}
        for field, make in _COMPOSED.items():
            make(texts, parts.get(field) or (name if field == NAME else ""))
        for number in self._attributes:
            self._unpack(cells[number], texts)
        return address, self._values([(field, text, self._readers[field]) for field, text in texts.items()], problems)

    def _unpack(self, text: str, texts: dict[str, str]) -> None:
        """Take the declared attributes out of an object in JSON, where no column of theirs says anything."""
        try:
            found = json.loads(text) if text.startswith("{") else {}
        except (ValueError, RecursionError):
            return
        for name in self._declared & found.keys():
            value = found[name]
            if isinstance(value, str | int | float) and not texts.get(name):
                texts[name] = str(value)

    def _values(self, texts: Iterable[_Readable], problems: list[NewsletterError]) -> dict[str, Value]:
        values: dict[str, Value] = {}
        for field, text, read in texts:
            if text:
                try:
                    value = read(text)
                except NewsletterError as error:
                    problems.append(error)
                else:
                    if value is not None:
                        values[field] = value
        return values

    def _too_many_cells(self, row: Row) -> SubscriberError | None:
        width = self._width
        if len(row.cells) <= width or not any(cell.strip() for cell in row.cells[width:]):
            return None
        return SubscriberError(
            f"the row has {len(row.cells)} cells, the header {width}",
            remedy="Put cells that hold the delimiter in quotation marks.",
        )


_QUOTED: Final = re.compile(r'"[^"]*"')
_EMAIL: Final = Place(field="email")


def _read_tags(texts: Sequence[str]) -> frozenset[str]:
    """Read tags parted by commas, semicolons or bars, each in quotation marks where it holds one of these."""
    return frozenset[str]().union(*(_parted(text) for text in texts if text))


@lru_cache(maxsize=4096)
def _parted(text: str) -> frozenset[str]:
    bare = _QUOTED.sub("", text)
    delimiter = next((one for one in ",;|" if one in bare), ",")
    found = next(csv.reader([text.replace("\n", " ")], delimiter=delimiter, skipinitialspace=True), [])
    cleaned = (clean_text(tag)[:LONGEST_TAG] for tag in found)
    return frozenset(tag for tag in cleaned if tag and "\ufffd" not in tag)


def _take_name_apart(texts: dict[str, str], name: str) -> None:
    if name.strip() and not texts.get("first_name", "").strip() and not texts.get("last_name", "").strip():
        last, comma, first = name.partition(",")
        if not comma:
            first, _, last = name.strip().partition(" ")
        texts["first_name"], texts["last_name"] = first, last


def _put_infix_before(texts: dict[str, str], infix: str) -> None:
    if infix.strip() and texts.get("last_name", "").strip():
        texts["last_name"] = f"{infix.strip()} {texts['last_name'].strip()}"


_COMPOSED: Final[Mapping[str, Callable[[dict[str, str], str], None]]] = {
    NAME: _take_name_apart,
    INFIX: _put_infix_before,
}
