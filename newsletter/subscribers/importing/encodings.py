"""Finds out in which encoding an office program wrote a file."""

import codecs
import io
from pathlib import Path
from typing import Final

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_PIECE: Final = io.DEFAULT_BUFFER_SIZE * 16


def find_encoding(path: Path) -> str:
    """Find a file's encoding: by its mark, or UTF-8, or Windows-1252 where most lines that tell are no UTF-8.

    A few damaged octets do not make another encoding of a file: they are read as U+FFFD.
    """
    with path.open("rb") as file:
        start = file.read(4)
    for mark, encoding in _MARKS:
        if start.startswith(mark):
            return encoding
    return "utf-8" if _is_utf8(path) or _is_mostly_utf8(path) else "cp1252"


def _is_utf8(path: Path) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        with path.open("rb") as file:
            while piece := file.read(_PIECE):
                decoder.decode(piece)
            decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _is_mostly_utf8(path: Path) -> bool:
    """Count the lines that tell: those with an octet beyond ASCII. In Windows-1252 hardly one passes for UTF-8."""
    good = bad = 0
    with path.open("rb") as file:
        while line := file.readline(_PIECE):
            if line.isascii():
                continue
            try:
                line.decode("utf-8")
                good += 1
            except UnicodeDecodeError:
                bad += 1
    return good > bad
