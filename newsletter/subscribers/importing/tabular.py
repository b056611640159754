"""Lists of people as tables: CSV in whatever encoding and with whatever delimiter an office program wrote it."""

import csv
import io
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Final, NamedTuple

from newsletter.errors import Place, SubscriberError
from newsletter.subscribers.formulas import without_guard
from newsletter.subscribers.importing.encodings import find_encoding
from newsletter.subscribers.importing.lines import Lines, Physical, StrayQuote

DELIMITERS: Final = (";", ",", "\t", "|")
LONGEST_CELL: Final = 131_072
_SHOWN: Final = 1_000
"""Characters that are kept of a cell which is too long."""
_SAMPLE: Final = 65_536
_SAID_DELIMITER: Final = re.compile(r"sep=(.)\r?\n?", re.IGNORECASE)
"""The first line by which a spreadsheet says what parts the cells."""


class Row(NamedTuple):
    """One row below the header: its number from 1, the line of the file it begins on, and its cells.

    A tuple, because an import makes a million of them.

    Args:
        problem: Why it could not be taken apart; its cells are then what could be made of its line.
    """

    number: int
    line: int
    cells: Sequence[str]
    problem: SubscriberError | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """An open table.

    Attributes:
        form: How it is written, in words.
        size: How many octets there are to read.
        position: Tells how many of them were read.
    """

    form: str
    headers: tuple[str, ...]
    rows: Iterator[Row]
    size: int = 0
    position: Callable[[], int] = int


@contextmanager
def open_table(path: Path, name: str = "") -> Iterator[Table]:
    """Open a CSV file; its rows are read as they are asked for.

    UTF-8, UTF-16 with its mark, and otherwise Windows-1252, which is what office programs write. Rows without any
    text are passed over. A quotation mark that is never closed spoils its own line and no other.

    Args:
        name: What errors call the file; its path if not given.

    Raises:
        SubscriberError: It cannot be read, is empty, or is something else than a table of texts.
    """
    try:
        encoding = find_encoding(path)
        with path.open("rb") as raw, io.TextIOWrapper(raw, encoding, "replace", newline="") as file:
            table = _read(name or str(path), file, encoding)
            size = path.stat().st_size
            yield replace(table, size=size, position=lambda: size if raw.closed else raw.tell())
    except OSError as error:
        raise SubscriberError(
            f"the file cannot be read: {error.strerror}",
            where=Place(name or str(path)),
            remedy="Check its name and rights.",
        ) from error


def _read(name: str, file: IO[str], encoding: str) -> Table:
    sample = file.read(_SAMPLE)
    empty = SubscriberError("the file is empty", where=Place(name), remedy="Name another.")
    if not sample.strip():
        raise empty
    if _is_binary(sample):
        raise SubscriberError(
            "this is no text",
            where=Place(name),
            remedy="Save the sheet as CSV in UTF-8, or as an Excel workbook (.xlsx), and name that file.",
        )
    file.seek(0)
    lines = Lines(file)
    said = _SAID_DELIMITER.fullmatch(sample.partition("\n")[0].rstrip("\r"))
    if said:
        next(lines)
        sample = sample.partition("\n")[2]
    delimiter = said[1] if said else _find_delimiter(sample)
    lines.delimiter = delimiter
    records = _records(lines, delimiter)
    header = next(records, None)
    if header is None:
        raise empty
    if header.problem is not None:
        raise SubscriberError(
            f"the header cannot be taken apart: {header.problem.message}",
            where=Place(name, header.line),
            remedy=header.problem.remedy,
        )
    headers = tuple(without_guard(cell.strip()) for cell in header.cells)
    shown = {"\t": "tab"}.get(delimiter, delimiter)
    return Table(f"{encoding}, parted by {shown!r}", headers, _rows(records, len(headers), lines))


def _rows(records: Iterator[Row], width: int, lines: Lines) -> Iterator[Row]:
    """Number the rows; those that need no closer look are taken apart many at once."""
    lines.width = width
    delimiter = lines.delimiter
    number = 0
    while True:
        if (plain := lines.plain_lines()) is not None:
            first, texts = plain
            for line, text in enumerate(texts, first):
                if (text[:1] in delimiter or text[0].isspace()) and not text.replace(delimiter, "").strip():
                    continue
                number += 1
                cells = text.split(delimiter)
                yield Row(number, line, cells if "'" not in text else _without_guards(cells))
            continue
        record = next(records, None)
        if record is None:
            return
        number += 1
        yield Row(
            number, record.line, record.cells if record.problem else _without_guards(record.cells), record.problem
        )


def _without_guards(cells: Sequence[str]) -> Sequence[str]:
    return [without_guard(cell) if cell[:1] == "'" else cell for cell in cells]


def _records(lines: Lines, delimiter: str) -> Iterator[Row]:
    """Take a file apart into records that hold any text: a line each, or several where a quoted cell goes on."""
    for row in _all_records(lines, delimiter):
        if row.problem or any(cell.strip() for cell in row.cells):
            yield row


def _all_records(lines: Lines, delimiter: str) -> Iterator[Row]:
    reader = csv.reader(lines, delimiter=delimiter)
    while True:
        lines.begin()
        try:
            cells = next(reader)
            lines.assert_whole(cells)
        except StopIteration:
            return
        except StrayQuote as error:
            yield _bad(lines.back_to_first(), delimiter, error.problem)
        except csv.Error:
            yield _bad(lines.back_to_first(), delimiter, _too_long())
        else:
            first = lines.first
            problem = _too_long() if first.is_cut else _nul() if lines.have_nul() else lines.hidden_row()
            yield Row(0, first.number, _presentable(cells) if problem else cells, problem)


def _bad(line: Physical, delimiter: str, problem: SubscriberError) -> Row:
    """Make a bad row of one line, its quotation marks as they stand there."""
    return Row(0, line.number, _presentable(line.text.rstrip("\r\n").split(delimiter)), problem)


def _presentable(cells: Sequence[str]) -> Sequence[str]:
    """Make cells fit for a report: cut what is far too long, and show where a NUL stood."""
    shown = (cell if len(cell) <= _SHOWN else f"{cell[:_SHOWN]}…" for cell in cells)
    return [cell.replace("\0", "\N{REPLACEMENT CHARACTER}") for cell in shown]


def _too_long() -> SubscriberError:
    return SubscriberError(
        f"a cell has more than {LONGEST_CELL:,} characters",
        remedy="Shorten it, or look for a quotation mark that is never closed.",
    )


def _nul() -> SubscriberError:
    return SubscriberError("the row holds the character NUL", remedy="Type the row anew.")


def _is_binary(sample: str) -> bool:
    """Tell a file of another kind from a table with a few stray characters in it."""
    first, *others = sample.split("\n")
    if sample.startswith("PK\x03\x04") or "\0" in first:
        return True
    return sum("\0" in line for line in others) > len(others) / 2


def _find_delimiter(sample: str) -> str:
    """Find what parts the cells: the one that splits the header most often."""
    header = next((line for line in sample.splitlines() if line.strip()), "")
    return max(
        DELIMITERS,
        key=lambda delimiter: (len(next(csv.reader([header], delimiter=delimiter), [])), delimiter == ","),
    )
