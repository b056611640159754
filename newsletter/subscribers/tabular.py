"""Lists of people as tables: CSV in whatever encoding and with whatever delimiter an office program wrote it."""

import codecs
import csv
import io
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

from newsletter.errors import Place, SubscriberError

DELIMITERS: Final = (";", ",", "\t", "|")
_SAMPLE_BYTES: Final = 65_536
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SAID_DELIMITER: Final = re.compile(r"sep=(.)\r?\n", re.IGNORECASE)
"""The first line by which a spreadsheet says what parts the cells."""
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Row:
    """One row below the header: its number from 1, the line of the file it ends on, and its cells."""

    number: int
    line: int
    cells: Sequence[str]


@dataclass(frozen=True, slots=True)
class Table:
    """An open table."""

    encoding: str
    delimiter: str
    headers: tuple[str, ...]
    rows: Iterator[Row]


@contextmanager
def open_table(path: Path) -> Iterator[Table]:
    """Open a CSV file; its rows are read as they are asked for.

    UTF-8, UTF-16 with its mark, and otherwise Windows-1252, which is what office programs write. Rows without any
    text are passed over.

    Raises:
        SubscriberError: It cannot be read, is empty, or is something else than a table of texts.
    """
    try:
        encoding = _find_encoding(path)
        with path.open(encoding=encoding, errors="replace", newline="") as file:
            yield _read(path, file, encoding)
    except OSError as error:
        raise SubscriberError(
            f"the file cannot be read: {error.strerror}",
            where=Place(str(path)),
            remedy="Check its name and rights.",
        ) from error


def guard_formula(text: str) -> str:
    """Keep a spreadsheet from taking a text for a formula, by an apostrophe in front.

    Source: OWASP, CSV Injection.
    """
    return f"'{text}" if text.startswith(_FORMULA) else text


def without_guard(text: str) -> str:
    """Take the apostrophe of `guard_formula` away again."""
    return text[1:] if text[:1] == "'" and text[1:].startswith(_FORMULA) else text


def _read(path: Path, file: IO[str], encoding: str) -> Table:
    sample = file.read(_SAMPLE_BYTES)
    if not sample.strip():
        raise SubscriberError("the file is empty", where=Place(str(path)), remedy="Name another.")
    if "\0" in sample or sample.startswith("PK\x03\x04"):
        raise SubscriberError(
            "this is no text",
            where=Place(str(path)),
            remedy="Save the sheet as CSV in UTF-8 and name that file.",
        )
    file.seek(0)
    said = _SAID_DELIMITER.match(sample)
    if said:
        file.readline()
    delimiter = said[1] if said else _find_delimiter(sample)
    reader = csv.reader(file, delimiter=delimiter)
    headers = tuple(header.strip() for header in next(reader))
    return Table(encoding, delimiter, headers, _rows(path, reader))


def _rows(path: Path, reader: Any) -> Iterator[Row]:
    number = 0
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise SubscriberError(
                f"this row cannot be taken apart: {error}",
                where=Place(str(path), reader.line_num),
                remedy="Mend its quotation marks.",
            ) from error
        if any(cell.strip() for cell in cells):
            number += 1
            yield Row(number, reader.line_num, [without_guard(cell) for cell in cells])


def _find_encoding(path: Path) -> str:
    with path.open("rb") as file:
        start = file.read(4)
        for mark, encoding in _MARKS:
            if start.startswith(mark):
                return encoding
        file.seek(0)
        decoder = codecs.getincrementaldecoder("utf-8")()
        try:
            while piece := file.read(io.DEFAULT_BUFFER_SIZE * 16):
                decoder.decode(piece)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return "cp1252"
    return "utf-8"


def _find_delimiter(sample: str) -> str:
    """Find what parts the cells: the one that splits the header most often."""
    header = sample.splitlines()[0]
    return max(
        DELIMITERS,
        key=lambda delimiter: (len(next(csv.reader([header], delimiter=delimiter))), delimiter == ","),
    )
