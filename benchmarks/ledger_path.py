"""What a message costs a sending process between the audience and the wire: merging, ledger and book-keeping.

Everything is real but the wire: the provider has many messages under way at once, as a pipelining client has, and
every one is accepted as soon as its intent is in the ledger. And how a dispatch to a million readers starts.
"""

import asyncio
import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import aclosing
from typing import Any, Final

import sqlalchemy as sa

from benchmarks.databases import ABSENT, New, databases, opened
from benchmarks.figures import Figure, at_most, missing, within
from benchmarks.memory import forget_peak, peak_now
from benchmarks.samples import LARGE, workspace
from newsletter.clock import now
from newsletter.message import Content, DeliveryKey, Mailbox
from newsletter.providers.base import Accepted, Intend, Limits, Message, Outcome
from newsletter.store import Database

CONNECTIONS: Final = 10
DEPTH: Final = 2
COUNT: Final = 20_000
SIZES: Final = (10_000, 50_000)
MILLION: Final = 1_000_000
CLAIM: Final = 500
MEMORY: Final = 150
"""How many MB a sending process may take."""
FLAT: Final = 0.1
FREEZE: Final = 15
"""How many seconds freezing a million readers may take."""
STATUS: Final = 100
"""How many ms it may take to tell how far a dispatch is."""
LEAD: Final = 4
"""So that a message has some 60 kB."""


class Pipelining:
    """Imitates a client with some connections, each with a few messages under way."""

    limits = Limits(batch=1, concurrency=CONNECTIONS * DEPTH)
    octets = 0

    async def submit(self, messages: AsyncIterator[Message], intend: Intend) -> AsyncIterator[Outcome]:
        """Accept everything."""
        outcomes: asyncio.Queue[Outcome | None] = asyncio.Queue()
        pulling = asyncio.Lock()

        async def carry() -> None:
            while True:
                async with pulling:
                    message = await anext(messages, None)
                if message is None:
                    return
                self.octets += len(message.raw())
                for key in await intend([message.key]):
                    outcomes.put_nowait(Accepted(key, reply="250 2.0.0 Ok: queued as 4F1C62A0B7"))

        async def carry_all() -> None:
            await asyncio.gather(*(carry() for _ in range(CONNECTIONS * DEPTH)))
            outcomes.put_nowait(None)

        work = asyncio.create_task(carry_all())
        while (outcome := await outcomes.get()) is not None:
            yield outcome
        await work


def run() -> Iterator[Figure]:
    """Measure what it costs on each database, how memory grows, and how a large one starts."""
    yield Figure("the imitated client alone, CPU", f"{_alone():.1f} µs a message")
    with databases() as kinds:
        for name, new in kinds.items():
            if new is None:
                yield missing(name, ABSENT)
            else:
                yield from _drives(name, new)
                yield from _large(name, new)


def _drives(name: str, new: New) -> Iterator[Figure]:
    small, large = (_measured(new(), count) for count in SIZES)
    what = f"{name}, {large['size'] / 1000:.0f} kB"
    yield Figure(what, f"{large['rate']:,.0f}/s")
    for count, found in zip(SIZES, (small, large), strict=True):
        yield Figure(f"{what}, {count:,} readers, CPU", f"{found['cpu']:.1f} µs a message")
        memory = at_most(found["peak"], MEMORY, "MB")
        yield Figure(f"{what}, {count:,} readers, memory", f"{found['peak']:.0f} MB", bar=memory)
    growth = large["peak"] / small["peak"] - 1
    yield Figure(f"{name}, growth of memory", f"{growth:+.1%}", bar=within(large["peak"], small["peak"], FLAT))
    statements = f"{large['statements']:.0f} statements"
    yield Figure(f"{name}, for 1,000 messages", f"{large['transactions']:.0f} transactions", statements)


def _large(name: str, new: New) -> Iterator[Figure]:
    found = _measured(new(), MILLION, "--start")
    what = f"{name}, {MILLION:,} readers"
    yield Figure(f"{what}, survey", f"{found['survey']:.1f} s")
    yield Figure(f"{what}, freeze", f"{found['freeze']:.1f} s", bar=at_most(found["freeze"], FREEZE, "s"))
    status = found["balance"] * 1000
    yield Figure(f"{what}, how far it is", f"{status:.1f} ms", bar=at_most(status, STATUS, "ms"))
    yield Figure(f"{what}, first claim of {CLAIM}", f"{found['claim'] * 1000:.1f} ms")
    yield Figure(f"{what}, metrics", f"{found['metrics'] * 1000:.1f} ms")


def _measured(where: str, count: int, *options: str) -> dict[str, float]:
    """Measure in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.ledger_path", where, str(count), *options],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    found: dict[str, float] = json.loads(done.stdout)
    return found


def _alone() -> float:
    """Tell what the imitated client itself costs, in µs a message."""

    class Nothing:
        key = DeliveryKey("k")
        envelope_sender = ""
        recipient = Mailbox("")

        def raw(self) -> bytes:
            return b""

        def merged(self) -> Content:
            return Content(b"", b"", is_plain=True)

        def parts(self) -> Any:
            raise NotImplementedError

    async def all_of_them() -> AsyncIterator[Message]:
        for _ in range(COUNT):
            yield Nothing()

    async def intend(keys: Sequence[DeliveryKey], *, ahead: bool = False) -> frozenset[DeliveryKey]:  # noqa: ARG001 (is answered at once)
        await asyncio.sleep(0)
        return frozenset(keys)

    async def drive() -> None:
        async with aclosing(Pipelining().submit(all_of_them(), intend)) as submitted:  # type: ignore[type-var]
            async for _ in submitted:
                pass

    start = time.process_time()
    asyncio.run(drive())
    return (time.process_time() - start) / COUNT * 1e6


def measure(where: str, count: int, *, start_only: bool) -> dict[str, float]:
    """Freeze a dispatch to so many people and drive it."""
    with workspace(lead=LEAD) as made, opened(where, made.root) as database:
        return Bench(made, database, count).measure(start_only=start_only)


class Bench:
    """A list of so many people, and a large issue for them."""

    def __init__(self, made: Any, database: Database, count: int) -> None:
        from newsletter.dispatch import Surroundings
        from newsletter.settings import load
        from newsletter.subscribers import read_definitions, synchronise_attributes
        from newsletter.tokens import Signer

        definitions = read_definitions(made)
        synchronise_attributes(database, definitions)
        signer = Signer.of((b"a secret of thirty-two characters",))
        self.surroundings = Surroundings(made, load(made, {}), definitions, signer, database, now)
        self.database = database
        self.count = count
        _people(database, count)

    def propose(self, provider: str | None = None, slug: str = LARGE) -> Any:
        """Propose to send an issue to everybody."""
        from newsletter.audience import Selection
        from newsletter.dispatch import propose

        return propose(self.surroundings, slug, Selection("leden"), provider)

    def measure(self, *, start_only: bool) -> dict[str, float]:
        """Freeze a dispatch, and drive it or only begin with it."""
        from newsletter.dispatch import accept

        start = time.perf_counter()
        proposal = self.propose()
        surveyed = time.perf_counter()
        dispatch = accept(self.surroundings, proposal)
        frozen = time.perf_counter()
        if start_only:
            return {"survey": surveyed - start, "freeze": frozen - surveyed, **self._start(dispatch)}
        return self._drive(dispatch)

    def _start(self, dispatch: Any) -> dict[str, float]:
        from newsletter.dispatch import account, lease, ledger
        from newsletter.telemetry import LedgerMetrics, ledger_metrics_text

        with self.database.writing() as connection:
            taken = lease.take(connection, dispatch, lease.owner_name("benchmark"), now())
        times = {}
        with self.database.writing() as connection:
            start = time.perf_counter()
            account.balance(connection, taken)
            times["balance"] = time.perf_counter() - start
            start = time.perf_counter()
            ledger.claim(connection, taken, now(), CLAIM)
            times["claim"] = time.perf_counter() - start
        start = time.perf_counter()
        ledger_metrics_text(LedgerMetrics(self.database, self.surroundings.settings, now))
        times["metrics"] = time.perf_counter() - start
        return times

    def _drive(self, dispatch: Any) -> dict[str, float]:
        from newsletter.dispatch import Stop
        from newsletter.dispatch.driving import drive_with

        counted: Counter[str] = Counter()
        provider = Pipelining()
        forget_peak()
        _count(self.database, counted)
        start, used = time.perf_counter(), time.process_time()
        asyncio.run(drive_with(self.surroundings, dispatch, provider, lambda _: None, Stop()))
        used, taken = time.process_time() - used, time.perf_counter() - start
        return {
            "size": provider.octets / self.count,
            "rate": self.count / taken,
            "cpu": used / self.count * 1e6,
            "transactions": counted["transactions"] / self.count * 1000,
            "statements": counted["statements"] / self.count * 1000,
            "peak": peak_now(),
        }


def _count(database: Database, counted: Counter[str]) -> None:
    """Count transactions and statements; several rows that go in one call are one."""
    from newsletter.store import prepared

    run_one = prepared.run

    def run_and_count(*arguments: Any) -> Any:
        counted.update(["statements"])
        return run_one(*arguments)

    prepared.run = run_and_count
    sa.event.listen(database.engine, "before_cursor_execute", lambda *_: counted.update(["statements"]))
    sa.event.listen(database.engine, "commit", lambda *_: counted.update(["transactions"]))


def _people(database: Database, count: int) -> None:
    """Put so many people on the list, by the database itself: a million are soon there."""
    from newsletter.store import tables

    first = sa.select(sa.literal(1).label("number")).cte("numbers", recursive=True)
    numbers = first.union_all(sa.select(first.c.number + 1).where(first.c.number < count))
    number = numbers.c.number
    address = "lezer" + sa.cast(number, sa.Text) + "@example.org"
    moment = sa.literal(now(), tables.subscribers.c.created_at.type)
    person = {
        "id": number,
        "address": address,
        "address_key": address,
        "address_hash": sa.cast("0" * 22 + sa.cast(number + 10**9, sa.Text), sa.LargeBinary),
        "first_name": "Lezer " + sa.cast(number, sa.Text),
        "last_name": sa.literal("Achternaam"),
        "created_at": moment,
        "changed_at": moment,
    }
    subscription = {
        "subscriber_id": number,
        "list": sa.literal("leden"),
        "status": sa.literal("subscribed"),
        "source": sa.literal("benchmark"),
        "subscribed_at": moment,
    }
    with database.writing() as connection:
        for table, row in ((tables.subscribers, person), (tables.subscriptions, subscription)):
            connection.execute(sa.insert(table).from_select(list(row), sa.select(*row.values())))


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1], int(sys.argv[2]), start_only="--start" in sys.argv)))
