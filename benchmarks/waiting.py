"""Stands for a sender who is at work while something else is, in a process of its own, and tells how long it waits."""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.databases import opened
from newsletter.audience.selection import departed
from newsletter.clock import now

PAUSE: Final = 0.05
"""Seconds between two times that it looks who must not be mailed any more, holding the locks of that."""


@dataclass(slots=True)
class Waited:
    """How long it waited at most, in seconds, and how often it got its turn; known once it has ended."""

    longest: float = 0.0
    turns: int = 0


@contextmanager
def sender(where: str, root: Path) -> Iterator[Waited]:
    """Let a sender work as long as the block takes.

    Args:
        where: The database, for `benchmarks.databases.opened`.
    """
    waited = Waited()
    command = [sys.executable, "-m", "benchmarks.waiting", where, str(root)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        try:
            yield waited
        finally:
            said, _ = process.communicate()
    longest, turns = said.split()
    waited.longest, waited.turns = float(longest), int(turns)


def _work(where: str, root: Path) -> None:
    ended = threading.Event()
    waited = Waited()
    with opened(where, root) as database:
        print("ready", flush=True)
        threading.Thread(target=lambda: (sys.stdin.read(), ended.set())).start()
        while not ended.wait(PAUSE):
            start = time.perf_counter()
            with database.writing() as connection:
                departed(connection, [1], "leden", now())
            waited.longest = max(waited.longest, time.perf_counter() - start)
            waited.turns += 1
    print(waited.longest, waited.turns)


if __name__ == "__main__":
    _work(sys.argv[1], Path(sys.argv[2]))
