"""The reports of an import: its bad rows, which can be mended and imported, and what became of every row."""

import csv
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Final

from newsletter.subscribers.formulas import guard_formula
from newsletter.subscribers.importing.headers import REPORTED
from newsletter.subscribers.importing.rows import BadRow
from newsletter.workspace import replacing

_PIECE: Final = 262_144


class BadRows:
    """The bad rows of one table, written into a file while they come, so that a million of them need no memory.

    Args:
        headers: The headers of the table.
    """

    def __init__(self, headers: Sequence[str]) -> None:
        # Nobody else can open it, and it is gone when it is closed.
        self._file = tempfile.TemporaryFile(prefix="newsletter-")  # noqa: SIM115 - closed by `close`
        self._writer = csv.writer(_Encoding(self._file))
        self._file.write("\ufeff".encode())
        self._writer.writerow([*REPORTED, *map(guard_formula, headers)])

    def add(self, one: BadRow) -> None:
        """Write one, with all that is wrong with it."""
        remedies = " ".join(dict.fromkeys(problem.remedy for problem in one.problems))
        cells = (one.row.number, one.row.line, problems_of(one), remedies, *one.row.cells)
        self._writer.writerow([guard_formula(str(cell)) for cell in cells])

    def save(self, path: Path) -> None:
        """Write the report to a file that only its owner can read."""
        self._file.seek(0)
        with replacing(path, private=True) as file:
            shutil.copyfileobj(self._file, file)

    def keep(self, path: Path) -> Path:
        """Write the report where no other one is lost by it: there, or beside it under a name with a number.

        Returns:
            Where it is now.
        """
        number, chosen = 1, path
        while chosen.exists() and not self._equals(chosen):
            number += 1
            chosen = path.with_stem(f"{path.stem}-{number}")
        self.save(chosen)
        return chosen

    def close(self) -> None:
        """Throw away what was not saved."""
        self._file.close()

    def _equals(self, path: Path) -> bool:
        self._file.seek(0)
        with path.open("rb") as other:
            while True:
                mine, theirs = self._file.read(_PIECE), other.read(_PIECE)
                if mine != theirs:
                    return False
                if not mine:
                    return True


def problems_of(one: BadRow) -> str:
    """Say all that is wrong with a row."""
    places = (f"{problem.where.field}: " if problem.where.field else "" for problem in one.problems)
    return "; ".join(place + problem.message for place, problem in zip(places, one.problems, strict=True))


class EveryRow:
    """The report of what became of every row, written while it is decided.

    Args:
        file: Where it goes.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self._writer = csv.writer(_Encoding(file))
        self._bad = tempfile.TemporaryFile("w+", prefix="newsletter-", newline="")  # noqa: SIM115 - closed by `close`
        self._spool = csv.writer(self._bad)
        self._waiting: tuple[int, Sequence[str]] | None = None
        self._reader: Iterator[Sequence[str]] = iter(())
        file.write("\ufeff".encode())
        self._writer.writerow(["table", "row", "line", "email", "fate", "problem"])

    def bad(self, number: int, table: str, row: BadRow) -> None:
        """Take note of a bad row; all of them come before what is decided about others."""
        where = (number, table, row.row.number, row.row.line, "bad", problems_of(row))
        self._spool.writerow(where)

    def begin(self) -> None:
        """Begin to write; no more bad rows come."""
        self._bad.seek(0)
        self._reader = csv.reader(self._bad)
        self._next_bad()

    def decided(self, number: int, table: str, row: int, line: int, address: str, fate: str) -> None:
        """Write what became of a row, and before it the bad ones that stand above it."""
        self._write_bad(number)
        self._writer.writerow([guard_formula(table), row, line, guard_formula(address), fate, ""])

    def close(self) -> None:
        """Write the bad rows that are left."""
        self._write_bad(None)
        self._bad.close()

    def _write_bad(self, before: int | None) -> None:
        while self._waiting is not None and (before is None or self._waiting[0] < before):
            table, row, line, fate, problem = self._waiting[1]
            self._writer.writerow([guard_formula(table), row, line, "", fate, guard_formula(problem)])
            self._next_bad()

    def _next_bad(self) -> None:
        found = next(self._reader, None)
        self._waiting = None if found is None else (int(found[0]), found[1:])


class _Encoding:
    """Encodes what it is given; unlike the wrapper of the standard library it never closes the file behind it."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def write(self, text: str) -> int:
        return self._file.write(text.encode("utf-8", "replace"))
