"""Reads all tables of a file, one after the other, once it is clear what their columns hold."""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from newsletter.errors import Place, SubscriberError
from newsletter.subscribers.definitions import Definitions
from newsletter.subscribers.importing.columns import ColumnMap, map_columns
from newsletter.subscribers.importing.headers import plain
from newsletter.subscribers.importing.rows import BadRow, Person, read_rows
from newsletter.subscribers.importing.sources import Part, Source

_PIECE: Final = 1024**2


@dataclass(frozen=True, slots=True)
class MappedPart:
    """A table, and what its columns hold.

    Attributes:
        form: How it is written, in words.
        size: How many octets there are to read.
    """

    part: Part
    columns: ColumnMap
    form: str
    size: int


def map_parts(source: Source, given: Mapping[str, str], definitions: Definitions) -> Sequence[MappedPart]:
    """Find out what the columns of each table hold; see `map_columns`.

    Args:
        given: Field by header, as a person has said; a header may stand in some of the tables only.

    Raises:
        SubscriberError: As `map_columns` does.
    """
    mapped: list[MappedPart] = []
    used: set[str] = set()
    several = len(source.parts) > 1
    for part in source.parts:
        with part.open() as table:
            present = {plain(header) for header in table.headers}
            meant = {header: field for header, field in given.items() if not several or plain(header) in present}
            used |= meant.keys()
            columns = map_columns(table.headers, meant, definitions, part.name)
            mapped.append(MappedPart(part, columns, table.form, table.size))
    missing = given.keys() - used
    if missing:
        raise SubscriberError(
            f"no table has a column {min(missing)!r}", where=Place(source.parts[0].name), remedy="Check its name."
        )
    return mapped


def read_parts(
    parts: Sequence[MappedPart],
    definitions: Definitions,
    now: datetime,
    opened: Callable[[int, Callable[[], int]], None] = lambda _before, _position: None,
) -> Iterator[Person | BadRow]:
    """Read each row of each table.

    Args:
        opened: Told of each table that is begun, with the number of rows in those before it, and with what tells how
            many of its octets were read.
    """
    count = 0
    for mapped in parts:
        with mapped.part.open() as table:
            opened(count, table.position)
            for row in read_rows(table.rows, mapped.columns, definitions, now):
                count += 1
                yield row


def fingerprint(path: Path, parts: Sequence[MappedPart], *more: str) -> bytes:
    """Tell this very import from others: by what the file holds, what its columns mean, and what else is said.

    Args:
        more: Whatever else makes a different import of it, such as the list.
    """
    digest = hashlib.sha256()
    for text in more:
        digest.update(text.encode() + b"\0")
    for mapped in parts:
        digest.update(repr((Path(mapped.part.name).name, sorted(mapped.columns.fields.items()))).encode())
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            digest.update(piece)
    return digest.digest()
