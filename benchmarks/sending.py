"""How much memory a dispatch takes, few readers beside many, and how fast people come in and messages go out.

Everything is real but the last step: the provider merges each message and throws it away.
"""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator

from benchmarks.figures import Figure, at_most, within
from benchmarks.memory import forget_peak, peak_now
from benchmarks.peopling import SECRET, people
from newsletter.clock import now
from newsletter.providers.base import Accepted, Intend, Limits, Message, Outcome

SIZES = (10_000, 100_000)
MEMORY = 150
FLAT = 0.1
BATCH = 500


class Discard:
    """Merges messages and forgets them."""

    limits = Limits(batch=BATCH)

    async def submit(self, messages: AsyncIterator[Message], intend: Intend) -> AsyncIterator[Outcome]:
        """Accept everything."""
        batch: list[Message] = []
        async for message in messages:
            batch.append(message)
            if len(batch) == BATCH:
                for outcome in await self._take(batch, intend):
                    yield outcome
                batch = []
        for outcome in await self._take(batch, intend):
            yield outcome

    async def _take(self, batch: list[Message], intend: Intend) -> list[Accepted]:
        if not batch:
            return []
        going = await intend([message.key for message in batch])
        for message in batch:
            message.raw()
        return [Accepted(key) for key in going]


def run() -> Iterator[Figure]:
    """Measure each size in a process of its own."""
    peaks = []
    for size in SIZES:
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.sending", str(size)], check=True, capture_output=True, text=True
        )
        found = json.loads(done.stdout)
        peaks.append(found["peak"])
        yield Figure(f"{size:,} readers, imported", f"{found['import']:,.0f}/s")
        yield Figure(f"{size:,} readers, frozen in", f"{found['freeze']:.2f} s")
        yield Figure(f"{size:,} readers, merged and kept account of", f"{found['send']:,.0f}/s")
        yield Figure(f"{size:,} readers, memory", f"{found['peak']:.0f} MB", bar=at_most(found["peak"], MEMORY, "MB"))
    growth = peaks[-1] / peaks[0] - 1
    yield Figure("growth of memory", f"{growth:+.1%}", bar=within(peaks[-1], peaks[0], FLAT))


def measure(count: int) -> dict[str, float]:
    """Import so many people and send them the example issue."""
    from benchmarks.samples import SLUG, workspace
    from newsletter.audience import Selection
    from newsletter.dispatch import Stop, Surroundings, accept, propose
    from newsletter.dispatch.driving import drive_with
    from newsletter.settings import load
    from newsletter.store import open_database
    from newsletter.subscribers import read_definitions
    from newsletter.tokens import Signer

    with workspace() as made:
        imported = count / people(made, count)
        definitions, settings = read_definitions(made), load(made, {})
        database = open_database("sqlite:///var/newsletter.db", made.root)
        signer = Signer.of((SECRET,))
        surroundings = Surroundings(made, settings, definitions, signer, database, now)
        forget_peak()
        start = time.perf_counter()
        dispatch = accept(surroundings, propose(surroundings, SLUG, Selection("leden"), None))
        frozen = time.perf_counter() - start
        start = time.perf_counter()
        asyncio.run(drive_with(surroundings, dispatch, Discard(), lambda _: None, Stop()))
        sent = count / (time.perf_counter() - start)
        database.close()
        return {"recipients": count, "import": imported, "freeze": frozen, "send": sent, "peak": peak_now()}


if __name__ == "__main__":
    print(json.dumps(measure(int(sys.argv[1]))))
