"""The sink's journal: a line for every message that it took, which is what a rehearsal is judged by.

It holds delivery keys, digests, moments and numbers of connections, and nothing that tells who a reader is.
"""

import os
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from newsletter.dispatch.rehearsal.faults import Fault


class Entry(StrEnum):
    """What a line of the journal is about."""

    TAKEN = "taken"
    SEEN = "seen"
    """A message that came to its end and was refused."""
    FAULT = "fault"


class JournalWriter:
    """Writes lines, each of them out of this process's hands before the call returns."""

    def __init__(self, file: Path) -> None:
        self._descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def message(self, entry: Entry, key: str, digest: str, moment: float, connection: int) -> None:
        """Write that a message has come."""
        os.write(self._descriptor, f"{entry}\t{key}\t{digest}\t{moment:.6f}\t{connection}\n".encode())

    def fault(self, fault: Fault, moment: float, connection: int) -> None:
        """Write that something went wrong as planned."""
        os.write(self._descriptor, f"{Entry.FAULT}\t{fault}\t\t{moment:.6f}\t{connection}\n".encode())

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._descriptor)


@dataclass(frozen=True, slots=True)
class Journal:
    """What a sink has met with.

    Args:
        taken: How often it took a message of each key.
        altered: Keys whose messages were not the same bytes each time.
        seconds: How long it took messages, first to last of each run of the sending process.
    """

    taken: Mapping[str, int] = field(default_factory=dict)
    altered: frozenset[str] = frozenset()
    faults: Mapping[Fault, int] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def messages(self) -> int:
        """How many messages it took."""
        return sum(self.taken.values())


def read_journal(lines: Iterable[str], starts: Iterable[float] = ()) -> Journal:
    """Read a journal; a line that was cut off by a kill does not count.

    Args:
        starts: When each run of the sending process began, since 1970, in order.
    """
    taken: Counter[str] = Counter()
    digests: dict[str, str] = {}
    altered: set[str] = set()
    faults: Counter[Fault] = Counter()
    clock = _Clock(tuple(starts))
    for line in lines:
        parts = line.rstrip("\n").split("\t")
        if len(parts) != 5 or not line.endswith("\n"):
            continue
        entry, name, digest, moment, _ = parts
        if entry == Entry.FAULT:
            faults[Fault(name)] += 1
            continue
        if digests.setdefault(name, digest) != digest:
            altered.add(name)
        if entry == Entry.TAKEN:
            taken[name] += 1
            clock.tick(float(moment))
    return Journal(taken, frozenset(altered), faults, clock.seconds)


class _Clock:
    """Adds up the time from the first to the last message of each run."""

    def __init__(self, starts: tuple[float, ...]) -> None:
        self._starts = starts
        self._next = 0
        self._last: float | None = None
        self.seconds = 0.0

    def tick(self, moment: float) -> None:
        while self._next < len(self._starts) and self._starts[self._next] <= moment:
            self._next += 1
            self._last = None
        if self._last is not None:
            self.seconds += max(moment - self._last, 0.0)
        self._last = moment
