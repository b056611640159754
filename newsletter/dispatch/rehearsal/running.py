"""Runs a rehearsal's processes: the sink, and one sending process after another, some of which are killed."""

import json
import random
import resource
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any, Final

import sqlalchemy as sa

from newsletter.clock import now
from newsletter.dispatch.control import Controls
from newsletter.dispatch.dispatches import Dispatch
from newsletter.dispatch.receipt import Receipt, write_receipt
from newsletter.dispatch.rehearsal.journal import Entry, Journal, read_journal
from newsletter.dispatch.rehearsal.processes import SinkProcess, broken, start_process
from newsletter.dispatch.rehearsal.proof import Delivery, violations
from newsletter.dispatch.rehearsal.session import Moment
from newsletter.dispatch.rehearsal.sink import Halt, Orders
from newsletter.dispatch.rehearsal.stage import BY, Stage
from newsletter.dispatch.states import State
from newsletter.errors import ProviderError
from newsletter.store import Database, tables

MOST_ROUNDS: Final = 100
"""How often those who were refused for now are tried again; the sink lets everybody in long before."""
MOST_FAILURES: Final = 5
"""How many sending processes in a row may end early without a single message taken."""
LOOK_SECONDS: Final = 0.02
FIRST_HALT: Final = 0.02
LAST_HALT: Final = 0.9
"""Between which parts of the audience the kills lie."""
ROWS: Final = 5000

_TAKEN_LINE: Final = f"\n{Entry.TAKEN}\t".encode()


@dataclass
class Performance:
    """What a rehearsal's processes did.

    Args:
        starts: When each sending process was started, since 1970.
        hastened: How often somebody was due at once who would have had to wait.
        processor_seconds: What the sending processes used.
        violations: What was wrong in the ledger right after a kill.
    """

    starts: list[float] = field(default_factory=list)
    kills: int = 0
    hastened: int = 0
    processor_seconds: float = 0.0
    violations: list[str] = field(default_factory=list)
    batch: int = 1
    concurrency: int = 1


def plan_halts(count: int, readers: int, seed: int) -> tuple[Halt, ...]:
    """Choose the moments of kills: spread over the audience, at any point of the talk with the server."""
    chance = random.Random(seed)  # noqa: S311 - to be had again with the same seed
    parts = sorted(chance.uniform(FIRST_HALT, LAST_HALT) for _ in range(count))
    return tuple(Halt(int(part * readers), chance.choice(list(Moment))) for part in parts)


class Run:
    """One rehearsal, from the first sending process to the one that leaves the dispatch at rest."""

    def __init__(
        self, made: Stage, database: Database, dispatch: Dispatch, orders: Orders, progress: Callable[[int], None]
    ) -> None:
        self.performance = Performance()
        self._made = made
        self._database = database
        self._dispatch = dispatch
        self._orders = orders
        self._progress = progress
        self._read_to = 0
        self._tail = b""
        self._taken = 0

    def to_rest(self) -> Receipt:
        """Start sending processes until nothing is left to do.

        Raises:
            DispatchError: A process ended in a way that it must not.
            ProviderError: The sink is refused again and again.
        """
        with ExitStack() as stack:
            sink = SinkProcess(self._orders, self._made.complaints)
            stack.callback(sink.close)
            failures = rounds = 0
            while True:
                before = self._taken
                said = self._send(sink)
                self._follow()
                receipt = write_receipt(self._database, self._dispatch)
                if receipt.complete or rounds >= MOST_ROUNDS:
                    return receipt
                if said is None:
                    continue
                failures = failures + 1 if said.get("failure") and self._taken == before else 0
                if failures >= MOST_FAILURES:
                    raise ProviderError(f"the rehearsal does not get on: {said['failure']}", remedy="Please report it.")
                rounds += 1
                self._hasten(receipt)

    def _hasten(self, receipt: Receipt) -> None:
        """Let nobody wait who was refused for now."""
        if receipt.next_due is not None:
            controls = Controls(self._database, self._dispatch.id, BY, now)
            self.performance.hastened += controls.retry()

    def _send(self, sink: SinkProcess) -> dict[str, Any] | None:
        """Let one sending process run; give what it said, or None where it was killed."""
        self.performance.starts.append(time.time())
        used = _processor_seconds()
        sender = start_process(
            "sender",
            self._made.complaints,
            str(self._made.real.root),
            str(self._made.workspace.root),
            self._dispatch.id,
            str(sink.port),
        )
        halted = False
        try:
            while sender.poll() is None:
                if sink.is_halted(LOOK_SECONDS):
                    halted = True
                    sender.kill()
                    sender.wait()
                self._follow()
        finally:
            if sender.poll() is None:
                sender.kill()
            said, _ = sender.communicate()
        self.performance.processor_seconds += _processor_seconds() - used
        halted = halted or sink.is_halted(0)
        killed = sender.returncode == -signal.SIGKILL
        if killed:
            self.performance.kills += 1
            self.performance.violations += violations(
                deliveries(self._database, self._dispatch), read_sink_journal(self._made)
            )
        if halted:
            sink.go_on()
        return None if killed else self._said(sender.returncode, said)

    def _said(self, code: int, said: bytes) -> dict[str, Any]:
        if code != 0:
            raise broken("the sending process has ended by itself", self._made.complaints)
        told: dict[str, Any] = json.loads(said)
        performance = self.performance
        performance.batch = max(performance.batch, told.get("batch", 1))
        performance.concurrency = max(performance.concurrency, told.get("concurrency", 1))
        return told

    def _follow(self) -> None:
        """Tell how many more messages the journal has."""
        with self._made.journal.open("rb") as file:
            file.seek(self._read_to)
            octets = self._tail + file.read()
            self._read_to = file.tell()
        whole, _, self._tail = octets.rpartition(b"\n")
        count = (b"\n" + whole).count(_TAKEN_LINE)
        self._taken += count
        self._progress(count)


def read_sink_journal(made: Stage, starts: Sequence[float] = ()) -> Journal:
    """Read what the sink has written down so far."""
    with made.journal.open(encoding="ascii") as lines:
        return read_journal(lines, starts)


def deliveries(database: Database, dispatch: Dispatch) -> Iterator[Delivery]:
    """Read all rows of a dispatch."""
    with database.reading() as connection:
        yield from deliveries_in(connection, dispatch)


def deliveries_in(connection: sa.Connection, dispatch: Dispatch) -> Iterator[Delivery]:
    """Read them within a transaction."""
    table = tables.deliveries
    chosen = sa.select(table.c.state, table.c.reason, table.c.key, table.c.attempts, table.c.resends)
    rows = connection.execute(chosen.where(table.c.dispatch_id == dispatch.id), execution_options={"yield_per": ROWS})
    for state, reason, key, attempts, resends in rows:
        yield Delivery(State(state), reason, key, attempts, resends)


def _processor_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
