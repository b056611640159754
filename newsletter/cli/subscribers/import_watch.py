"""Watches an import for its command: shows how far it is, and writes down bad rows and what became of all."""

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from newsletter.cli.base import Advance, Face, progress
from newsletter.subscribers import BadRow, BadRows, EveryRow, MappedPart, Watcher
from newsletter.workspace import replacing

if TYPE_CHECKING:
    from newsletter.subscribers.importing.running import Decided

SHOWN_PROBLEMS: Final = 5
_KILO: Final = 1024


class Watch(Watcher):
    """What the command keeps of an import while it runs.

    Args:
        stack: Closes at the end what is opened here.
        report_all: Where to write what became of every row.

    Attributes:
        first_bad: The first bad rows, each with the name of its table.
        bad_rows: All of them, by table.
    """

    def __init__(
        self, face: Face, stack: ExitStack, parts: Sequence[MappedPart], report_all: Path | None, *, dry_run: bool
    ) -> None:
        self.first_bad: list[tuple[str, BadRow]] = []
        self.bad_rows: dict[str, BadRows] = {}
        self._face = face
        self._stack = stack
        self._bars = ExitStack()
        self._parts = parts
        self._report_all = report_all
        self._verb = "Checking" if dry_run else "Importing"
        self._advance: Advance | None = None
        self._begun: list[int] = []
        self._position: Callable[[], int] = int
        self._read_before = self._shown = self._done = 0
        self._is_writing = False
        self._every: EveryRow | None = None
        self.wants_fates = report_all is not None

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Show bars until the end of the block; the report of every row appears when it ends well."""
        with ExitStack() as reports, self._bars:
            if self._report_all is not None:
                self._every = EveryRow(reports.enter_context(replacing(self._report_all, private=True)))
            total = sum(part.size for part in self._parts) // _KILO
            self._advance = self._bars.enter_context(progress(self._face, "Reading (kB)", total))
            yield
            if self._every is not None:
                self._every.close()

    def opened(self, before: int, position: Callable[[], int]) -> None:
        """Take note that a table is begun, behind so many rows."""
        if self._begun:
            self._read_before += self._parts[len(self._begun) - 1].size
        self._position = position
        self._begun.append(before)

    def read(self, count: int) -> None:  # noqa: ARG002 - what is shown are octets
        read = (self._read_before + self._position()) // _KILO
        if self._advance is not None and read > self._shown:
            self._advance(read - self._shown)
            self._shown = read

    def bad(self, number: int, row: BadRow) -> None:
        part = self._parts[self._place(number)]
        name = part.part.name
        if name not in self.bad_rows:
            self.bad_rows[name] = BadRows(part.columns.headers)
            self._stack.callback(self.bad_rows[name].close)
        self.bad_rows[name].add(row)
        if len(self.first_bad) < SHOWN_PROBLEMS:
            self.first_bad.append((name, row))
        if self._every is not None:
            self._every.bad(number, name, row)

    def resumed(self, done: int) -> None:
        click.echo(f"An earlier run was cut off after {done:,} rows; this one goes on from there.", err=True)

    def writes(self, done: int, total: int) -> None:
        if not self._is_writing:
            self._bars.pop_all().close()
            self._advance = self._bars.enter_context(progress(self._face, self._verb, total, done))
            self._is_writing = True
            if self._every is not None:
                self._every.begin()
        elif self._advance is not None:
            self._advance(done - self._done)
        self._done = done

    def decided(self, fates: "Sequence[Decided]") -> None:
        if self._every is None:
            return
        for number, line, address, fate in fates:
            place = self._place(number)
            table = self._parts[place].part.name
            self._every.decided(number, table, number - self._begun[place], line, address, fate.value)

    def _place(self, number: int) -> int:
        """Tell which table a row stands in."""
        return bisect_right(self._begun, number - 1) - 1
