"""What a message costs a sending process between the audience and the wire: merging, ledger and book-keeping.

Everything is real but the wire: the provider has many messages under way at once, as a pipelining client has, and
every one is accepted as soon as its intent is in the ledger. `--million` measures the start of a dispatch to a
million readers too.
"""

import asyncio
import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import aclosing, contextmanager
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa

from newsletter.clock import now
from newsletter.message import Content, DeliveryKey, Mailbox
from newsletter.providers.base import Accepted, Intend, Limits, Message, Outcome
from newsletter.store import Database

CONNECTIONS: Final = 10
DEPTH: Final = 2
COUNT: Final = 20_000
GROWING: Final = (10_000, 200_000)
MILLION: Final = 1_000_000
LEAD: Final = 4
"""So that a message has some 60 kB."""
DATABASES: Final = ("sqlite", "postgresql")


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


def run() -> None:
    """Print what it costs on each database, how memory grows, and, if it is asked for, how a large one starts."""
    print(f"the imitated client alone: {_alone():.1f} µs CPU a message")
    for kind in DATABASES:
        found = _measured(kind, COUNT)
        if found is None:
            print(f"{kind}: left out, there is no server here")
            continue
        print(
            f"{kind}, {found['size'] / 1000:.0f} kB: {found['rate']:,.0f} msg/s, {found['cpu']:.1f} µs CPU a message; "
            f"for 1,000 messages {found['transactions']:.0f} transactions and {found['statements']:.0f} statements"
        )
        small, large = (_measured(kind, count) for count in GROWING)
        assert small is not None
        assert large is not None
        print(
            f"{kind}, from {GROWING[0]:,} to {GROWING[1]:,} recipients: {small['peak']:.0f} to {large['peak']:.0f} MB, "
            f"{small['cpu']:.1f} to {large['cpu']:.1f} µs"
        )
        if "--million" in sys.argv:
            found = _measured(kind, MILLION, "--start")
            assert found is not None
            print(
                f"{kind}, {MILLION:,} recipients: survey {found['survey']:.1f} s, freeze {found['freeze']:.1f} s, "
                f"balance {found['balance'] * 1000:.1f} ms, first claim {found['claim'] * 1000:.1f} ms, "
                f"metrics {found['metrics'] * 1000:.1f} ms"
            )


def _measured(kind: str, count: int, *options: str) -> dict[str, float] | None:
    """Measure in a process of its own; None where there is no such database."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.ledger_path", kind, str(count), *options],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    found: dict[str, float] | None = json.loads(done.stdout)
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

    async def intend(keys: Sequence[DeliveryKey]) -> frozenset[DeliveryKey]:
        await asyncio.sleep(0)
        return frozenset(keys)

    async def drive() -> None:
        async with aclosing(Pipelining().submit(all_of_them(), intend)) as submitted:  # type: ignore[type-var]
            async for _ in submitted:
                pass

    start = time.process_time()
    asyncio.run(drive())
    return (time.process_time() - start) / COUNT * 1e6


def measure(kind: str, count: int, *, start_only: bool) -> dict[str, float] | None:
    """Freeze a dispatch to so many people and drive it."""
    from benchmarks.samples import workspace

    with workspace(lead=LEAD) as made, opened(kind, made.root) as database:
        return database and Bench(made, database, count).measure(start_only=start_only)


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

    def propose(self, provider: str | None = None) -> Any:
        """Propose to send the large issue to everybody."""
        from benchmarks.samples import LARGE
        from newsletter.audience import Selection
        from newsletter.dispatch import propose

        return propose(self.surroundings, LARGE, Selection("leden"), provider)

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

        taken = lease.take(self.database, dispatch, lease.owner_name("benchmark"), now())
        times = {}
        with self.database.writing() as connection:
            start = time.perf_counter()
            account.balance(connection, taken)
            times["balance"] = time.perf_counter() - start
            start = time.perf_counter()
            ledger.claim(connection, taken, now(), 500)
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
        _forget_peak()
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
            "peak": _peak(),
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
    """Put so many people on the list."""
    from newsletter.store import tables

    moment = now()
    with database.writing() as connection:
        for first in range(0, count, 10_000):
            numbers = range(first + 1, min(first + 10_000, count) + 1)
            connection.execute(
                sa.insert(tables.subscribers),
                [
                    {
                        "id": number,
                        "address": f"lezer{number}@example.org",
                        "address_key": f"lezer{number}@example.org",
                        "address_hash": number.to_bytes(32, "big"),
                        "first_name": f"Lezer {number}",
                        "last_name": "Achternaam",
                        "created_at": moment,
                        "changed_at": moment,
                    }
                    for number in numbers
                ],
            )
            connection.execute(
                sa.insert(tables.subscriptions),
                [
                    {
                        "subscriber_id": number,
                        "list": "leden",
                        "status": "subscribed",
                        "source": "benchmark",
                        "subscribed_at": moment,
                    }
                    for number in numbers
                ],
            )


@contextmanager
def opened(kind: str, root: Path) -> Iterator[Database | None]:
    """Open an empty database; None where there is none of that kind."""
    from newsletter.store import open_database

    if kind == "sqlite":
        database = open_database("sqlite:///var/newsletter.db", root)
        try:
            yield database
        finally:
            database.close()
        return
    sys.path.append(str(Path(__file__).parents[1] / "tests"))
    from support.postgresql import Cluster, Unavailable

    try:
        cluster = Cluster.start()
    except Unavailable:
        yield None
        return
    try:
        database = open_database(cluster.new_database(), root)
        try:
            yield database
        finally:
            database.close()
    finally:
        cluster.stop()


def _peak() -> float:
    """Give the most memory that this process has held, in MB; `ru_maxrss` would count its parent's too."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def _forget_peak() -> None:
    """Let the peak begin anew from what is held now. Source: proc(5), clear_refs."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1], int(sys.argv[2]), start_only="--start" in sys.argv)))
