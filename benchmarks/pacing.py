"""Whether a limit of 50 a second holds when four processes share it, how evenly, and what one reservation costs.

Nothing is sent here: `workers` sends.
"""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import aclosing, contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from benchmarks.databases import ABSENT, SQLITE, databases
from benchmarks.figures import Figure, missing, within

if TYPE_CHECKING:
    from newsletter.dispatch.pacing import Buckets

RATE = 50
PROCESSES = 4
SECONDS = 10.0
SHARE = 0.05
"""How far off the limit may be."""
SETTLING = 5.0
"""Until all processes are at work."""
KEY = "provider:smtp"
_T = TypeVar("_T")


@dataclass(frozen=True)
class Stamp:
    """A message without contents."""

    key: str
    recipient: object


def run() -> Iterator[Figure]:
    """Measure it on each database."""
    with tempfile.TemporaryDirectory() as folder, databases() as kinds:
        for name, new in kinds.items():
            if new is None:
                yield missing(name, ABSENT)
                continue
            where = new()
            url = f"sqlite:///{folder}/limits.db" if where == SQLITE else where
            yield from _share(name, url)
            yield from _cost(name, url)


def _share(name: str, url: str) -> Iterator[Figure]:
    with _buckets(url):
        pass  # make the tables, so that the processes find them
    end = time.time() + SETTLING + SECONDS
    workers = [
        subprocess.Popen([sys.executable, "-m", "benchmarks.pacing", url, str(end)], stdout=subprocess.PIPE, text=True)
        for _ in range(PROCESSES)
    ]
    parts = [json.loads(worker.communicate()[0]) for worker in workers]
    moments = sorted(moment for part in parts for moment in part if end - SECONDS <= moment < end)
    shares = [sum(end - SECONDS <= moment < end for moment in part) for part in parts]
    gaps = sorted(later - earlier for earlier, later in pairwise(moments))
    rate = len(moments) / SECONDS
    what = f"{name}, {PROCESSES} processes"
    yield Figure(
        f"{what}, over {SECONDS:.0f} s", f"{rate:.1f}/s", f"the limit, {RATE}/s", rate / RATE, within(rate, RATE, SHARE)
    )
    yield Figure(f"{what}, most in any second", str(_most(moments, 1.0)), f"in any 100 ms, {_most(moments, 0.1)}")
    yield Figure(f"{what}, 99 % of gaps", f"{gaps[int(len(gaps) * 0.99)] * 1000:.0f} ms")
    yield Figure(f"{what}, the least that one got", str(min(shares)), f"the most, {max(shares)}")


def _cost(name: str, url: str) -> Iterator[Figure]:
    from newsletter.dispatch.pacing.buckets import Wish

    with _buckets(url, rate=100_000) as buckets:
        for count, rounds in ((1, 500), (100, 100)):
            start = time.perf_counter()
            for _ in range(rounds):
                buckets.reserve([Wish((KEY, "domain:gmail.com"), count)])
            took = (time.perf_counter() - start) / rounds
            yield Figure(f"{name}, a reservation of {count} in two buckets", f"{took * 1000:.2f} ms")


def _most(moments: list[float], window: float) -> int:
    most = start = 0
    for end, moment in enumerate(moments):
        while moments[start] <= moment - window:
            start += 1
        most = max(most, end - start + 1)
    return most


@contextmanager
def _buckets(url: str, rate: int = RATE) -> "Iterator[Buckets]":
    from newsletter.clock import now
    from newsletter.dispatch.pacing import Buckets, Limit, Rules
    from newsletter.store import open_database

    limits = {KEY: Limit({"second": rate}), "domain:gmail.com": Limit({"second": 100_000, "hour": 1_000_000_000})}
    rules = Rules(KEY, limits, None, {}, "warm-up:example.org", None)
    database = open_database(url, Path())
    try:
        yield Buckets(database, rules, now)
    finally:
        database.close()


async def _work(url: str, end: float) -> list[float]:
    """Be one of the processes: let messages go until the end, and tell when each of them went."""
    from newsletter.clock import now
    from newsletter.dispatch.pacing import Around, Pacer
    from newsletter.message import Mailbox
    from newsletter.store import insist

    async def source() -> AsyncIterator[Stamp]:
        number = 0
        while True:
            number += 1
            yield Stamp(f"{os.getpid()}-{number}", Mailbox(f"r{number}@example.org"))

    async def in_database(work: Callable[[], _T]) -> _T:
        return await asyncio.to_thread(insist, work)

    def nobody(*_: object) -> Awaitable[None]:
        raise AssertionError

    with _buckets(url) as buckets:
        around = Around(in_database, nobody, lambda: time.time() >= end)
        async with aclosing(Pacer(buckets, now).pace(source(), around)) as paced:  # type: ignore[arg-type]
            return [time.time() async for _ in paced]


if __name__ == "__main__":
    print(json.dumps(asyncio.run(_work(sys.argv[1], float(sys.argv[2])))))
