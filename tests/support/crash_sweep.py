"""Sweeps the points at which a worker can be killed: one run for each, restarted to rest, and judged twice.

`python -m support.crash_sweep URL WORKERS STRIDE` prints a line of JSON for each run. It is a process of its own, as
workers are forked from it. An empty URL means SQLite; a stride of 1 means every point.
"""

import json
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import count
from pathlib import Path

import sqlalchemy as sa

from newsletter.clock import now
from newsletter.dispatch import Dispatch, counts, write_receipt
from newsletter.dispatch.dispatches import DispatchState, read_dispatch
from newsletter.dispatch.rehearsal.journal import Journal, read_journal
from newsletter.dispatch.rehearsal.running import deliveries_in
from newsletter.dispatch.states import FINAL, State
from newsletter.store import Database, tables
from newsletter.subscribers import parse_address, unsubscribe
from support import witness
from support.invariants import Evidence, broken
from support.killing import MOMENTS, KillPoint, Moment, Place, arm
from support.sending_stage import LIST, Copies, Stage, address_of, stage, wait_for

READERS = 12
_KEPT_IN_VAIN = (
    sa.select(sa.func.count())
    .select_from(tables.kept_readers)
    .join(
        tables.deliveries,
        (tables.deliveries.c.dispatch_id == tables.kept_readers.c.dispatch_id)
        & (tables.deliveries.c.subscriber_id == tables.kept_readers.c.subscriber_id),
    )
    .where(tables.deliveries.c.dispatch_id == sa.bindparam("dispatch"), tables.deliveries.c.state.in_(FINAL))
)
LEAVER = READERS
"""The last one leaves right after each kill."""
MOST_ROUNDS = 5
PAUSE_EACH = 3
"""In every so manieth run the dispatch is paused for a while after the kill."""
CANCEL_EACH = 4
"""After every so manieth commit the dispatch is cancelled right before the kill."""


@dataclass(frozen=True)
class Swept:
    """What one run has shown.

    Args:
        hit: Whether the process came to that point at all.
        after_kill: Invariants that were broken then, and how.
        at_rest: The same in the end.
        uncertain: How many are uncertain in the end.
    """

    point: str
    hit: bool
    after_kill: dict[str, str]
    at_rest: dict[str, str]
    uncertain: int
    seconds: float


class Sweep:
    """Runs of one frozen dispatch, each from the same beginning."""

    def __init__(self, made: Stage, workers: int) -> None:
        self._made = made
        self._workers = workers
        made.warm_up()
        self._frozen = made.freeze(READERS)
        with made.open() as database:
            witness.install(database)
        self._copies = Copies(made)
        self._copies.keep()
        self._left: dict[int, int] = {}
        self._pauses: list[tuple[int, int]] = []

    def points(self, stride: int) -> Iterator[Swept]:
        """Run with a kill at each point, or at every so manieth, until there are no more."""
        for place, moments in MOMENTS.items():
            for moment in moments:
                # Of several workers the one to be killed may find nothing to do, by chance.
                misses = 1 if self._workers == 1 else 3
                for number in count(1, stride):
                    swept = self.run(KillPoint(place, moment, number))
                    yield swept
                    misses -= not swept.hit
                    if not misses:
                        break

    def run(self, point: KillPoint) -> Swept:
        """Let workers send, kill one of them at a point, start them again until nothing is left, and judge."""
        began, made = time.monotonic(), self._made
        self._copies.renew()
        self._begun_at = made.journal.stat().st_size
        self._left, self._pauses = {}, []
        others = [made.start_worker() for _ in range(self._workers - 1)]
        cancelled = point.place is Place.COMMIT and point.moment is Moment.AFTER and not point.number % CANCEL_EACH
        code = wait_for(made.start_worker(lambda: arm(point, self._cancel if cancelled else lambda: None)))
        hit = code == -signal.SIGKILL
        assert hit or code == 0, self._said(point)
        with made.open() as database:
            made.settle()
            after_kill = broken(self._evidence(database, kills=int(hit)))
        codes = [wait_for(one) for one in others]
        assert not any(codes), self._said(point)
        if hit:
            self._leave()
            if cancelled:
                self._pauses.append((self._mark(), sys.maxsize))
            if point.number % PAUSE_EACH == 0:
                self._pause_for_a_while()
        self._bring_to_rest(point)
        with made.open() as database:
            made.settle()
            evidence = self._evidence(database, kills=int(hit), at_rest=True)
        return Swept(
            str(point),
            hit,
            after_kill,
            broken(evidence),
            evidence.of(State.UNCERTAIN),
            time.monotonic() - began,
        )

    def _bring_to_rest(self, point: KillPoint) -> None:
        for _ in range(MOST_ROUNDS):
            workers = [self._made.start_worker() for _ in range(self._workers)]
            codes = [wait_for(one) for one in workers]
            assert not any(codes), self._said(point)
            dispatch = self._dispatch()
            if dispatch.finished_at is not None or dispatch.state is DispatchState.PAUSED:
                return

    def _leave(self) -> None:
        with self._made.open() as database, database.writing() as connection:
            unsubscribe(connection, parse_address(address_of(LEAVER)), LIST, now())
            self._left[LEAVER] = witness.last(connection)

    def _pause_for_a_while(self) -> None:
        if self._dispatch().state is not DispatchState.OPEN:
            return
        with self._made.open() as database:
            self._made.controls(database).pause()
        begun = self._mark()
        assert wait_for(self._made.start_worker()) == 0
        self._pauses.append((begun, self._mark()))
        with self._made.open() as database:
            self._made.controls(database).resume()

    def _cancel(self) -> None:
        with self._made.open() as database:
            self._made.controls(database).cancel()

    def _mark(self) -> int:
        with self._made.open() as database, database.writing() as connection:
            return witness.last(connection)

    def _evidence(self, database: Database, *, kills: int, at_rest: bool = False) -> Evidence:
        before = self._journal()
        with database.snapshot() as connection:
            dispatch = read_dispatch(connection, self._frozen.id)
            counted = counts.count_rows(connection, dispatch.id)
            kept = counts.read(connection, dispatch.id)
            steps = witness.testimony(connection)
            rows = tuple(deliveries_in(connection, dispatch))
            kept_in_vain = connection.execute(_KEPT_IN_VAIN, {"dispatch": dispatch.id}).scalar_one()
        with self._made.journal.open(encoding="ascii") as whole:
            altered = read_journal(whole).altered
        return Evidence(
            dispatch=dispatch,
            deliveries=rows,
            counted=counted,
            kept=kept,
            steps=steps,
            journal_before=before,
            journal=self._journal(),
            altered=altered,
            in_flight=self._made.in_flight,
            workers=self._workers,
            kills=kills,
            left=self._left,
            pauses=self._pauses,
            kept_in_vain=kept_in_vain,
            balance=write_receipt(database, dispatch).balance if at_rest else None,
        )

    def _journal(self) -> Journal:
        """Read what the sink has written down in this run."""
        with self._made.journal.open("rb") as file:
            file.seek(self._begun_at)
            return read_journal(file.read().decode("ascii").splitlines(keepends=True))

    def _dispatch(self) -> Dispatch:
        with self._made.open() as database, database.reading() as connection:
            return read_dispatch(connection, self._frozen.id)

    def _said(self, point: KillPoint) -> str:
        return f"{point}: {self._made.complaints.read_text(encoding='utf-8')[-2000:]}"


def main(url: str, workers: str, stride: str) -> None:
    """Sweep, and print what each run has shown."""
    with tempfile.TemporaryDirectory() as folder, stage(Path(folder), url) as made:
        for swept in Sweep(made, int(workers)).points(int(stride)):
            print(json.dumps(asdict(swept)), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
