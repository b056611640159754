"""Kills workers again and again at random instants of one dispatch, and holds what came of it against the sink.

`python -m support.repeated_kills URL '{"readers": 400, "kills": 10}'` prints what came of it as JSON. It is a process
of its own, as workers are forked from it. An empty URL means SQLite; the rest are the fields of an `Ordeal`.
"""

import json
import os
import random
import signal
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from newsletter.dispatch import Dispatch, write_receipt
from newsletter.dispatch.dispatches import DispatchState, read_dispatch
from newsletter.dispatch.rehearsal.faults import Fault
from newsletter.dispatch.rehearsal.journal import Entry, Journal, read_journal
from newsletter.dispatch.rehearsal.proof import Circumstances, Claim, prove, violations
from newsletter.dispatch.rehearsal.running import deliveries
from newsletter.dispatch.states import State
from newsletter.errors import DispatchError
from newsletter.store import Database, tables
from support.sending_stage import Stage, kill, stage, wait_for

EVERY = ("--every", "0.1")
STARTING = 0.3
"""The share of kills that come so early that the worker may not have sent anything."""
STARTING_SECONDS = 0.3
YOUNG_SECONDS = 10.0
LATEST = 0.02
PATIENCE = 120.0
LOOK_EACH = 0.002


@dataclass(frozen=True)
class Ordeal:
    """What a dispatch is to survive.

    Args:
        late: How many of a hundred replies the sink gives late.
        looks: After how many kills each the whole ledger is held against the journal.
    """

    readers: int
    kills: int
    workers: int = 1
    on_uncertain: str = "hold"
    seed: int = 0
    late: float = 0
    looks: int = 1


@dataclass
class Verdict:
    """What came of it.

    Args:
        in_doubt: How many messages each kill left in doubt.
        violations: What was wrong in the ledger right after a kill.
        claims: The promises of a rehearsal, at rest.
    """

    in_flight: int
    in_doubt: list[int] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    claims: Sequence[Claim] = ()
    states: Mapping[State, int] = field(default_factory=dict)
    resent: int = 0
    twice: int = 0
    taken: int = 0
    seconds: float = 0.0

    @property
    def broken(self) -> list[str]:
        """Everything that does not hold."""
        too_many = [f"{count} in doubt after one kill" for count in self.in_doubt if count > self.in_flight]
        failed = [f"{claim.promise}: {claim.detail}" for claim in self.claims if not claim.holds]
        return [*self.violations, *too_many, *failed]

    def document(self) -> Mapping[str, Any]:
        """Give it as data, ready for JSON."""
        return {
            "broken": self.broken,
            "kills": len(self.in_doubt),
            "in_flight": self.in_flight,
            "in_doubt": self.in_doubt,
            "states": {state.value: count for state, count in self.states.items() if count},
            "taken": self.taken,
            "twice": self.twice,
            "resent": self.resent,
            "seconds": self.seconds,
        }


class Trial:
    """One dispatch, its workers, and who kills them."""

    def __init__(self, made: Stage, ordeal: Ordeal) -> None:
        self._made = made
        self._ordeal = ordeal
        self._chance = random.Random(ordeal.seed)
        self._verdict = Verdict(made.in_flight)
        self._started: dict[int, float] = {}
        self._read_to = 0
        self._count = 0

    def undergo(self) -> Verdict:
        """Freeze, send, kill as often as was asked for, let the rest be sent, and judge."""
        ordeal, verdict = self._ordeal, self._verdict
        self._made.warm_up()
        self._frozen = self._made.freeze(ordeal.readers, ordeal.on_uncertain)
        began = time.monotonic()
        try:
            for _ in range(ordeal.workers):
                self._start()
            while len(verdict.in_doubt) < ordeal.kills and not self._is_over():
                self._kill_one()
            self._wait_for_the_end()
        finally:
            self._end_all()
        verdict.seconds = time.monotonic() - began
        self._judge()
        return verdict

    def _start(self) -> None:
        self._started[self._made.start_worker(lambda: None, *EVERY)] = time.monotonic()

    def _kill_one(self) -> None:
        """Kill one of the workers at a random instant, look what that has left, and start another."""
        victim = self._chance.choice(list(self._started))
        self._wait_for_the_instant(victim)
        code = kill(victim)
        assert code == -signal.SIGKILL, self._said()
        del self._started[victim]
        self._made.settle()
        with self._made.open() as database:
            self._verdict.in_doubt.append(self._count_in_doubt(database, victim))
            if not len(self._verdict.in_doubt) % self._ordeal.looks:
                self._look(database)
        self._start()

    def _wait_for_the_instant(self, victim: int) -> None:
        chance, verdict = self._chance, self._verdict
        if chance.random() < STARTING:
            self._sleep_until(self._started[victim] + chance.uniform(0, STARTING_SECONDS))
            return
        so_far = self._taken()
        left = max(self._ordeal.readers - so_far, 0) / (self._ordeal.kills - len(verdict.in_doubt))
        wanted = so_far + chance.uniform(0, 2 * left)
        deadline = time.monotonic() + PATIENCE
        while self._taken() < wanted and not self._is_at_its_end():
            assert time.monotonic() < deadline, self._said()
            time.sleep(LOOK_EACH)
        time.sleep(chance.uniform(0, LATEST))

    def _sleep_until(self, moment: float) -> None:
        time.sleep(max(moment - time.monotonic(), 0))

    def _count_in_doubt(self, database: Database, victim: int) -> int:
        """Count what a worker had handed over, or was about to, when it was killed."""
        rows, leases = tables.deliveries, tables.leases
        of_victim = sa.select(leases.c.number).where(leases.c.owner.contains(f":{victim}:", autoescape=True))
        chosen = sa.select(sa.func.count()).where(rows.c.state == State.SUBMITTING, rows.c.lease_number.in_(of_victim))
        with database.reading() as connection:
            return connection.scalar(chosen) or 0

    def _look(self, database: Database) -> None:
        """Hold the ledger against the journal while others may go on: each is read before and after the other."""
        before = self._journal()
        rows = tuple(deliveries(database, self._frozen))
        found = [text for text in violations(rows, before) if "intent" in text]
        found += [text for text in violations(rows, self._journal()) if "never" in text]
        self._verdict.violations += found

    def _wait_for_the_end(self) -> None:
        deadline = time.monotonic() + PATIENCE
        while not self._is_over():
            assert time.monotonic() < deadline, self._said()
            self._hasten()
            time.sleep(0.05)

    def _hasten(self) -> None:
        """Let nobody wait for half an hour who is to be sent it again."""
        with self._made.open() as database:
            if write_receipt(database, self._frozen).next_due is not None:
                with suppress(DispatchError):  # a worker was first
                    self._made.controls(database).retry()

    def _is_over(self) -> bool:
        with self._made.open() as database, database.reading() as connection:
            state = read_dispatch(connection, self._frozen.id).state
        assert state is not DispatchState.PAUSED, self._said()
        return state is DispatchState.FINISHED

    def _is_at_its_end(self) -> bool:
        """Tell whether so few are left that nobody need wait for more."""
        in_doubt = sum(self._verdict.in_doubt)  # they may have to wait
        return self._taken() + in_doubt > self._ordeal.readers - self._ordeal.kills * self._ordeal.workers

    def _end_all(self) -> None:
        now = time.monotonic()
        for worker in self._started:
            os.kill(worker, signal.SIGTERM)
        codes = {worker: wait_for(worker) for worker in self._started}
        # One that has only just been started does not listen yet, and has nothing in its hands.
        young = {worker for worker, began in self._started.items() if now - began < YOUNG_SECONDS}
        in_order = (code == 0 or (code == -signal.SIGTERM and worker in young) for worker, code in codes.items())
        assert all(in_order), f"{codes}: {self._said()}"

    def _judge(self) -> None:
        verdict, journal = self._verdict, self._journal()
        circumstances = Circumstances(len(verdict.in_doubt), verdict.in_flight, violations=verdict.violations)
        with self._made.open() as database:
            dispatch = self._read(database)
            balance = write_receipt(database, dispatch).balance
            rows = tuple(deliveries(database, dispatch))
        verdict.claims = prove(balance, rows, journal, circumstances)
        verdict.states = balance.states
        verdict.resent = sum(row.resends for row in rows)
        verdict.taken = journal.messages
        verdict.twice = sum(times > 1 for times in journal.taken.values())

    def _read(self, database: Database) -> Dispatch:
        with database.reading() as connection:
            return read_dispatch(connection, self._frozen.id)

    def _journal(self) -> Journal:
        with self._made.journal.open(encoding="ascii") as lines:
            return read_journal(lines)

    def _taken(self) -> int:
        """Tell how many messages the sink has taken."""
        with self._made.journal.open("rb") as file:
            file.seek(self._read_to)
            added = file.read()
        self._read_to += len(added)
        self._count += added.count(f"{Entry.TAKEN}\t".encode())
        return self._count

    def _said(self) -> str:
        return self._made.complaints.read_text(encoding="utf-8")[-2000:]


def main(url: str, asked: str) -> None:
    """Undergo an ordeal, and print the verdict."""
    ordeal = Ordeal(**json.loads(asked))
    rates = {Fault.LATE: ordeal.late / 100}
    with tempfile.TemporaryDirectory() as folder, stage(Path(folder), url, rates=rates) as made:
        verdict = Trial(made, ordeal).undergo()
    print(json.dumps(verdict.document()))


if __name__ == "__main__":
    main(*sys.argv[1:])
