"""Opens the sheets of a workbook as tables of people."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Final

from newsletter.errors import Place, SubscriberError
from newsletter.subscribers.importing.headers import SYNONYMS, plain
from newsletter.subscribers.importing.tabular import Row, Table
from newsletter.subscribers.importing.workbook.package import Package, open_package
from newsletter.subscribers.importing.workbook.sheets import Position, Sheet, list_sheets, read_cells
from newsletter.subscribers.importing.workbook.texts import shared_texts

_LOOKED_AT: Final = 10
"""In how many of the first rows a header is looked for."""


@dataclass(frozen=True, slots=True)
class _Header:
    row: int
    cells: tuple[str, ...]
    has_addresses: bool


def choose_sheets(path: Path, name: str, wanted: str | None) -> Sequence[str]:
    """Find the sheets that hold people: the one that is wanted, or all with addresses if they are of one form.

    Raises:
        SubscriberError: There is none of that name, or several of different forms: a person has to say which.
    """
    with open_package(path, name) as package:
        sheets, since_1904 = list_sheets(package)
        if not sheets:
            raise SubscriberError("the workbook has no sheet", where=Place(name), remedy="Name another file.")
        names = ", ".join(sheet.name for sheet in sheets)
        if wanted is not None:
            if wanted not in {sheet.name for sheet in sheets}:
                raise SubscriberError(f"there is no sheet {wanted!r}", where=Place(name), remedy=f"There are: {names}.")
            return [wanted]
        headers = {
            sheet.name: header
            for sheet in sheets
            if not sheet.is_hidden and (header := _header(package, sheet, since_1904=since_1904)) is not None
        }
    if not headers:
        raise SubscriberError("the workbook is empty", where=Place(name), remedy="Name another file.")
    if len(headers) == 1:
        return list(headers)
    found = [sheet for sheet, header in headers.items() if header.has_addresses]
    if len(found) == 1 or (found and len({headers[sheet].cells for sheet in found}) == 1):
        return found
    raise SubscriberError(
        "several sheets hold addresses" if found else "no sheet has a column of addresses",
        where=Place(name),
        remedy=f"Say which one is meant: --sheet NAME. There are: {', '.join(found or headers)}.",
    )


@contextmanager
def open_sheet(path: Path, name: str, sheet_name: str) -> Iterator[Table]:
    """Open one sheet; its rows are read as they are asked for.

    Raises:
        SubscriberError: It cannot be read, or is empty.
    """
    with open_package(path, name) as package:
        sheets, since_1904 = list_sheets(package)
        sheet = next(one for one in sheets if one.name == sheet_name)
        position = Position()
        with shared_texts(package) as texts:
            rows = read_cells(package, sheet, texts, position, since_1904=since_1904)
            first = list(islice(rows, _LOOKED_AT))
            header = _choose_header(first)
            if header is None:
                raise SubscriberError(
                    f"the sheet {sheet_name!r} is empty", where=Place(name), remedy="Name another with --sheet."
                )
            below = ((number, cells) for number, cells in chain(first, rows) if number > header.row)
            numbered = (
                Row(number, line, cells)
                for number, (line, cells) in enumerate(((n, c) for n, c in below if any(map(str.strip, c))), 1)
            )
            yield Table(
                f"sheet {sheet_name!r}",
                header.cells,
                numbered,
                package.size(sheet.part),
                lambda: position.octets,
            )


def _header(package: Package, sheet: Sheet, *, since_1904: bool) -> _Header | None:
    with shared_texts(package) as texts:
        rows = read_cells(package, sheet, texts, Position(), since_1904=since_1904)
        return _choose_header(list(islice(rows, _LOOKED_AT)))


def _choose_header(rows: Sequence[tuple[int, Sequence[str]]]) -> _Header | None:
    """Take the first row that names a column of addresses, as a title may stand above it, or else the first."""
    headers = [_Header(number, tuple(map(str.strip, cells)), _names_addresses(cells)) for number, cells in rows]
    filled = [header for header in headers if any(header.cells)]
    return next((header for header in filled if header.has_addresses), filled[0] if filled else None)


def _names_addresses(cells: Sequence[str]) -> bool:
    return any(SYNONYMS.get(plain(cell)) == "email" for cell in cells)
