"""The lines of a CSV file, handed to its parser one record at a time, so that one stray mark cannot swallow the rest.

A quotation mark that nobody closes makes the parser take the lines below it for one long cell. Such a record is
given up: its first line is bad, and those below it are read anew, each for itself.
"""

import csv
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import IO, Final

from newsletter.errors import SubscriberError

MOST_LINES: Final = 20
"""How many lines a record may take: a few more than an address or a remark has."""
MOST_CHARACTERS: Final = 65_536
"""How many characters a record of several lines may have."""
LONGEST_LINE: Final = 1_048_576
"""What is longer is cut, and makes a bad row; it could be the whole of a file without lines."""


@dataclass(frozen=True, slots=True)
class Physical:
    """One line of the file, with its number from 1 and its end of line."""

    number: int
    text: str
    is_cut: bool = False


class StrayQuote(Exception):
    """A record goes on over lines that are no part of it."""

    def __init__(self, problem: SubscriberError) -> None:
        super().__init__(problem.message)
        self.problem = problem


class Lines(Iterator[str]):
    """Reads a file line by line, and takes lines back.

    Args:
        file: Opened without a translation of its line ends.

    Attributes:
        delimiter: What parts the cells.
        width: How many cells a row has, where that is known already.
    """

    def __init__(self, file: IO[str]) -> None:
        self.delimiter = ","
        self.width = 0
        self._file = file
        self._number = 0
        self._waiting: deque[Physical] = deque()
        self._taken: list[Physical] = []
        self._characters = 0

    def __next__(self) -> str:
        if self._taken and (len(self._taken) >= MOST_LINES or self._characters > MOST_CHARACTERS):
            raise StrayQuote(self._stray())
        line = self._waiting.popleft() if self._waiting else self._read()
        if line is None:
            if self._taken:
                raise StrayQuote(self._stray())
            raise StopIteration
        self._taken.append(line)
        self._characters += len(line.text)
        return line.text

    def begin(self) -> None:
        """Begin a record."""
        self._taken.clear()
        self._characters = 0

    @property
    def first(self) -> Physical:
        """The line that the record begins on."""
        return self._taken[0]

    def back_to_first(self) -> Physical:
        """Take back all lines of the record but the first, and give that one."""
        first, *others = self._taken
        self._waiting.extendleft(reversed(others))
        self._taken = [first]
        return first

    def have_nul(self) -> bool:
        """Tell whether the record holds the character NUL."""
        return any("\0" in line.text for line in self._taken)

    def assert_whole(self, cells: Sequence[str]) -> None:
        """Refuse a record of several lines that only a stray quotation mark holds together.

        Raises:
            StrayQuote: It has another number of cells than the header, or text behind a closing mark.
        """
        if len(self._taken) > 1 and ((self.width and len(cells) != self.width) or not self._is_strict()):
            raise StrayQuote(self._stray())

    def hidden_row(self) -> SubscriberError | None:
        """Say whether a line within a record looks like a row of its own, which nobody but a person can decide."""
        if not self.width or len(self._taken) == 1:
            return None
        for line in self._taken[1:]:
            if "@" in line.text and line.text.count(self.delimiter) == self.width - 1:
                return SubscriberError(
                    f"a cell goes on from here over line {line.number}, which looks like a row itself",
                    remedy=f"Check {self._mark()}.",
                )
        return None

    def _is_strict(self) -> bool:
        try:
            list(csv.reader([line.text for line in self._taken], delimiter=self.delimiter, strict=True))
        except csv.Error:
            return False
        return True

    def _stray(self) -> SubscriberError:
        return SubscriberError(
            f"{self._mark()} is not closed where its cell ends",
            remedy="Take it away, or close it; a quotation mark within a quoted cell is written twice.",
        )

    def _mark(self) -> str:
        column = _opening(self.first.text, self.delimiter)
        return f"the quotation mark at column {column} of line {self.first.number}"

    def _read(self) -> Physical | None:
        text = self._file.readline(LONGEST_LINE)
        if not text:
            return None
        self._number += 1
        if len(text) < LONGEST_LINE or text.endswith(("\n", "\r")):
            return Physical(self._number, text)
        while (rest := self._file.readline(LONGEST_LINE)) and not rest.endswith(("\n", "\r")):
            pass
        return Physical(self._number, text[:LONGEST_LINE], is_cut=True)


def _opening(text: str, delimiter: str) -> int:
    """Find the column of the mark that is still open at the end of a line."""
    position = opened = 0
    while position <= len(text):
        if text[position : position + 1] == '"':
            opened = position
            position = _closing(text, position + 1)
        end = text.find(delimiter, position)
        if end < 0:
            break
        position = end + 1
    return opened + 1


def _closing(text: str, position: int) -> int:
    """Go to behind the mark that closes a quoted cell, or to the end of the line."""
    while (position := text.find('"', position)) >= 0:
        if text[position + 1 : position + 2] != '"':
            return position + 1
        position += 2
    return len(text)
