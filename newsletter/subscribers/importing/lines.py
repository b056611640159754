"""The lines of a CSV file, handed to its parser one record at a time, so that one stray mark cannot swallow the rest.

A quotation mark that nobody closes makes the parser take the lines below it for one long cell. Such a record is
given up: its first line is bad, and those below it are read anew, each for itself.
"""

import csv
import io
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
LONGEST_PLAIN: Final = 65_536
"""What is longer is looked at more closely; no cell of a shorter line can be too long."""
_PIECE: Final = 262_144


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

    def plain_lines(self) -> tuple[int, list[str]] | None:
        """Give many lines at once, without their ends, where none of them needs a closer look.

        Returns:
            The number of the first and all of them, or None where the next record has to be read by itself.
        """
        if self._waiting:
            return None
        text = self._file.read(_PIECE)
        if not text.endswith("\n"):
            text += self._file.readline(LONGEST_LINE)
        plain = text.replace("\r\n", "\n") if "\r" in text else text
        lines = plain.removesuffix("\n").split("\n")
        if not text or '"' in text or "\0" in text or "\r" in plain or max(map(len, lines)) > LONGEST_PLAIN:
            self._put_back(text)
            return None
        first = self._number + 1
        self._number += len(lines)
        return first, lines

    def _put_back(self, text: str) -> None:
        """Let lines wait to be read one by one."""
        for line in io.StringIO(text, newline=""):
            self._number += 1
            self._waiting.append(Physical(self._number, line))
        if self._waiting and len(text) >= LONGEST_LINE:
            self._waiting.append(self._whole(self._waiting.pop()))

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
        return self._whole(Physical(self._number, text))

    def _whole(self, line: Physical) -> Physical:
        """Cut a line that is too long, and pass over the rest of it."""
        if len(line.text) < LONGEST_LINE or line.text.endswith(("\n", "\r")):
            return line
        while (rest := self._file.readline(LONGEST_LINE)) and not rest.endswith(("\n", "\r")):
            pass
        return Physical(line.number, line.text[:LONGEST_LINE], is_cut=True)


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
