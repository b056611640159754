"""The sheets of a workbook, and their cells as texts."""

import posixpath
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from newsletter.subscribers.importing.workbook.package import Package
from newsletter.subscribers.importing.workbook.styles import as_day, date_styles
from newsletter.subscribers.importing.workbook.texts import LONGEST, SharedTexts, unescaped

PART: Final = "xl/workbook.xml"
_RELATIONS: Final = "xl/_rels/workbook.xml.rels"
MOST_COLUMNS: Final = 16_384
_MOST_EXACT: Final = 10.0**15
"""Up to here a number on a sheet is exact to the unit."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet of cells, as the workbook lists it."""

    name: str
    part: str
    is_hidden: bool


def list_sheets(package: Package) -> tuple[Sequence[Sheet], bool]:
    """List the sheets of cells, and tell whether days are counted from 1904."""
    targets: dict[str, str] = {}
    found: list[tuple[str, str, bool]] = []
    epochs: list[bool] = []

    def relation(name: str, attributes: dict[str, str]) -> None:
        if name == "Relationship" and attributes.get("Type", "").endswith("/worksheet"):
            targets[attributes.get("Id", "")] = attributes.get("Target", "")

    def sheet(name: str, attributes: dict[str, str]) -> None:
        if name == "sheet":
            identifier = next((value for key, value in attributes.items() if key.endswith(":id")), "")
            found.append((attributes.get("name", ""), identifier, attributes.get("state", "visible") != "visible"))
        elif name == "workbookPr":
            epochs.append(attributes.get("date1904", "") in {"1", "true"})

    if _RELATIONS in package.parts:
        package.parse_whole(_RELATIONS, relation)
    package.parse_whole(PART, sheet)
    sheets = [
        Sheet(name, part, is_hidden)
        for name, identifier, is_hidden in found
        if identifier in targets and (part := _part(targets[identifier])) in package.parts
    ]
    return sheets, any(epochs)


def _part(target: str) -> str:
    return posixpath.normpath(target.removeprefix("/") if target.startswith("/") else posixpath.join("xl", target))


@dataclass(slots=True)
class Position:
    """How many octets of a sheet were read."""

    octets: int = 0


def read_cells(
    package: Package, sheet: Sheet, texts: SharedTexts, position: Position, *, since_1904: bool
) -> Iterator[tuple[int, Sequence[str]]]:
    """Read the rows of a sheet that hold anything: the number of each, from 1, and its cells as texts."""
    rows: list[tuple[int, Sequence[str]]] = []
    dates = date_styles(package)
    reader = _RowReader(texts, lambda number, cells: rows.append((number, cells)), dates, since_1904=since_1904)
    for octets in package.parse(sheet.part, reader.start, reader.end, reader.text):
        position.octets = octets
        yield from rows
        rows.clear()


class _RowReader:
    """Makes rows of the elements of a sheet."""

    def __init__(
        self,
        texts: SharedTexts,
        take: Callable[[int, Sequence[str]], None],
        dates: frozenset[int],
        *,
        since_1904: bool,
    ) -> None:
        self._texts = texts
        self._take = take
        self._dates = dates
        self._since_1904 = since_1904
        self._row = 0
        self._cells: dict[int, str] = {}
        self._column = -1
        self._kind = "n"
        self._style = -1
        self._pieces: list[str] = []
        self._length = 0
        self._reads = False
        self._is_aside = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "c":
            reference = attributes.get("r")
            self._column = _column(reference) if reference else self._column + 1
            self._kind = attributes.get("t", "n")
            style = attributes.get("s", "")
            self._style = int(style) if style.isdecimal() else -1
            self._pieces.clear()
            self._length = 0
        elif name in {"v", "t"}:
            self._reads = not self._is_aside
        elif name == "rPh":
            self._is_aside = True  # how a text is pronounced is no part of it
        elif name == "row":
            number = attributes.get("r", "")
            self._row = int(number) if number.isdecimal() else self._row + 1
            self._cells = {}
            self._column = -1

    def text(self, data: str) -> None:
        if self._reads and self._length <= LONGEST:
            self._pieces.append(data)
            self._length += len(data)

    def end(self, name: str) -> None:
        if name in {"v", "t"}:
            self._reads = False
        elif name == "rPh":
            self._is_aside = False
        elif name == "c":
            if self._pieces and self._column < MOST_COLUMNS:
                text = self._shown("".join(self._pieces))
                if text:
                    self._cells[self._column] = text
        elif name == "row" and self._cells:
            cells = [""] * (max(self._cells) + 1)
            for column, text in self._cells.items():
                cells[column] = text
            self._take(self._row, cells)

    def _shown(self, text: str) -> str:
        """Give the text of a cell: of a formula what it came to, and of a mistake nothing."""
        if self._kind == "s":
            return self._texts.get(int(text)) if text.strip().isdecimal() else ""
        if self._kind in {"inlineStr", "str"}:
            return unescaped(text[:LONGEST])
        if self._kind == "b":
            return "true" if text.strip() == "1" else "false"
        if self._kind == "e":
            return ""
        if self._kind == "d":
            return text.strip()
        return as_day(text, since_1904=self._since_1904) if self._style in self._dates else _plain_number(text)


def _column(reference: str) -> int:
    """Give the place of a cell in its row, from 0: A1 is 0, AB7 is 27."""
    column = 0
    for letter in reference:
        if not "A" <= letter <= "Z":
            break
        column = column * 26 + ord(letter) - 64
    return min(column, MOST_COLUMNS + 1) - 1


def _plain_number(text: str) -> str:
    """Write a number as people do: 31612345678, and not 3.1612345678E10."""
    try:
        number = float(text)
    except ValueError:
        return text.strip()
    return str(int(number)) if number.is_integer() and abs(number) < _MOST_EXACT else repr(number)
