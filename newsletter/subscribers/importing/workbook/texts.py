"""The texts that the cells of a workbook share, kept in a file where they are many."""

import re
import tempfile
from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import IO, Final

from newsletter.subscribers.importing.workbook.package import Package

PART: Final = "xl/sharedStrings.xml"
MOST_IN_MEMORY: Final = 16 * 1024**2
LONGEST: Final = 131_072
"""How many characters of one text are kept; Excel itself takes 32,767."""
_ESCAPED: Final = re.compile(r"_x([0-9A-Fa-f]{4})_")


class SharedTexts:
    """The texts by number."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._ends = array("Q", [0])
        self.get = lru_cache(maxsize=4096)(self._read)

    def append(self, text: str) -> None:
        """Add one."""
        written = text[:LONGEST].encode("utf-8", "replace")
        self._file.write(written)
        self._ends.append(self._ends[-1] + len(written))

    def _read(self, number: int) -> str:
        """Give one; one that is not there is empty."""
        if not 0 <= number < len(self._ends) - 1:
            return ""
        start = self._ends[number]
        self._file.seek(start)
        return self._file.read(self._ends[number + 1] - start).decode()


@contextmanager
def shared_texts(package: Package) -> Iterator[SharedTexts]:
    """Read the shared texts of a workbook; they go at the end."""
    with tempfile.SpooledTemporaryFile(max_size=MOST_IN_MEMORY, prefix="newsletter-") as file:
        texts = SharedTexts(file)
        if PART in package.parts:
            _read(package, texts)
        yield texts


def _read(package: Package, texts: SharedTexts) -> None:
    pieces: list[str] = []
    within = {"t": 0, "rPh": 0}

    def start(name: str, _: dict[str, str]) -> None:
        if name in within:
            within[name] += 1

    def end(name: str) -> None:
        if name in within:
            within[name] -= 1
        elif name == "si":
            texts.append(unescaped("".join(pieces)))
            pieces.clear()

    def text(data: str) -> None:
        # How a text is pronounced (rPh) is no part of it.
        if within["t"] and not within["rPh"]:
            pieces.append(data)

    package.parse_whole(PART, start, end, text)


def unescaped(text: str) -> str:
    """Give a text with the characters that a workbook writes by their numbers."""
    return text if "_x" not in text else _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)
