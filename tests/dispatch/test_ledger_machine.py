"""The ledger under any order of steps, crashes and takeovers: it always balances and never goes back."""

import tempfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from newsletter.dispatch import Controls, Dispatch, Settlement, State, Step, account, counts, dispatches, lease, ledger
from newsletter.dispatch.ledger import Settled
from newsletter.dispatch.states import FINAL, RESTING, TRANSITIONS, Reason
from newsletter.errors import DispatchError
from newsletter.message import DeliveryKey
from newsletter.store import Database, open_database, tables

START = datetime(2024, 2, 20, 8, 30, tzinfo=UTC)
SIZE = 8

OUTCOMES = (Step.ACCEPT, Step.DEFER, Step.REJECT, Step.LOSE)


class Ledger(RuleBasedStateMachine):
    """Workers that share a dispatch, some of them dead or asleep, and a model of what every delivery must be."""

    database: Database

    @initialize()
    def freeze(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.database = open_database(f"sqlite:///{self.folder.name}/ledger.db", Path(self.folder.name))
        self.now = START
        with self.database.writing() as connection:
            connection.execute(
                sa.insert(tables.compiled_issues).values(content_hash="h", payload=b"", created_at=self.now)
            )
            connection.execute(
                sa.insert(tables.dispatches).values(
                    id="d", issue="i", list="l", provider="outbox", content_hash="h", letterhead="{}",
                    secret=b"s" * 32, state="open", selected=SIZE, created_at=self.now,
                    deadline=self.now + timedelta(hours=6),
                )
            )  # fmt: skip
            rows = [
                {"dispatch_id": "d", "subscriber_id": number, "state": "planned", "changed_at": self.now}
                for number in range(1, SIZE + 1)
            ]
            connection.execute(sa.insert(tables.deliveries), rows)
            assert counts.begin(connection, "d") == SIZE
            self.dispatch = dispatches.read_dispatch(connection, "d")
        self.model = dict.fromkeys(range(1, SIZE + 1), State.PLANNED)
        self.state = "open"
        self.finished = False
        self.resent: set[int] = set()
        self.due: dict[int, datetime] = {}
        self.holders: dict[int, int] = {}
        self.workers: list[Dispatch] = []
        self.sleepers: list[Dispatch] = []
        self.join()
        self.join()

    @rule()
    def join(self) -> None:
        """Another process comes to share the dispatch."""
        with self.database.writing() as connection:
            owner = f"elsewhere:{len(self.workers)}:2:{self.now}"
            self.workers.append(lease.take(connection, self.dispatch, owner, self.now, shared=True))

    @rule(which=st.integers(0, 3))
    def die(self, which: int) -> None:
        """A process falls asleep beyond its lease; the next one that comes puts right what it left, and only that."""
        dead = self.pick(which)
        self.workers.remove(dead)
        self.sleepers.append(dead)
        self.pass_by(lease.SHARED_LASTING * 2)
        self.join()
        for number, state in self.model.items():
            if self.holders.get(number) == dead.lease:
                put_right = {State.CLAIMED: State.PLANNED, State.SUBMITTING: State.UNCERTAIN}
                self.model[number] = put_right.get(state, state)

    def pick(self, which: int) -> Dispatch:
        return self.workers[which % len(self.workers)]

    @rule(size=st.integers(1, SIZE), which=st.integers(0, 3))
    def claim(self, size: int, which: int) -> None:
        worker = self.pick(which)
        with self.database.writing() as connection:
            claimed = ledger.claim(connection, worker, self.now, size)
        if self.state != "open":
            assert claimed == []
            return
        due = [
            (self.due[number], number)
            for number, state in self.model.items()
            if state is State.DEFERRED and self.due[number] <= self.now
        ]
        planned = [number for number, state in sorted(self.model.items()) if state is State.PLANNED]
        assert claimed == sorted([*(number for _, number in sorted(due)), *planned][:size])
        for number in claimed:
            self.model[number] = State.CLAIMED
            self.holders[number] = worker.lease

    @rule(minutes=st.integers(1, 90))
    def wait(self, minutes: int) -> None:
        self.pass_by(timedelta(minutes=minutes))

    def pass_by(self, time: timedelta) -> None:
        """Let time pass, in which whoever is awake renews their lease."""
        self.now += time
        with self.database.writing() as connection:
            for worker in self.workers:
                lease.renew(connection, worker, self.now)

    @rule(numbers=st.sets(st.integers(1, SIZE)), which=st.integers(0, 3))
    def intend(self, numbers: set[int], which: int) -> None:
        worker = self.pick(which)
        keys = {number: DeliveryKey(f"key{number}") for number in numbers}
        if self.state != "open":
            with self.database.writing() as connection:
                assert ledger.intend(connection, worker, self.now, keys) == {}
            return
        self.step(Step.INTEND, numbers, lambda connection: ledger.intend(connection, worker, self.now, keys), worker)

    @rule(
        numbers=st.sets(st.integers(1, SIZE)),
        step=st.sampled_from(OUTCOMES),
        minutes=st.integers(0, 60),
        which=st.integers(0, 3),
    )
    def settle(self, numbers: set[int], step: Step, minutes: int, which: int) -> None:
        """A process settles what it holds, and nothing that another one does."""
        worker = self.pick(which)
        due = self.now + timedelta(minutes=minutes) if step is Step.DEFER else None
        settled = [Settled(number, step, "reply", due=due, since=self.model[number]) for number in numbers]
        if not all(self.model[number] in (State.CLAIMED, State.SUBMITTING) for number in numbers):
            return
        written = self.step(
            step, numbers, lambda connection: ledger.settle(connection, worker, self.now, settled), worker
        )
        if written and due:
            self.due.update(dict.fromkeys(numbers, due))

    @rule(numbers=st.sets(st.integers(1, SIZE)), reason=st.sampled_from(list(Reason)))
    def exclude(self, numbers: set[int], reason: Reason) -> None:
        reasons = dict.fromkeys(numbers, reason)
        self.step(Step.EXCLUDE, numbers, lambda connection: ledger.exclude(connection, self.pick(0), self.now, reasons))

    @rule(numbers=st.sets(st.integers(1, SIZE)), minutes=st.integers(0, 60))
    def postpone(self, numbers: set[int], minutes: int) -> None:
        until, waiting = self.now + timedelta(minutes=minutes), dict.fromkeys(numbers, "another goes first")
        claimed = all(self.model[number] is State.CLAIMED for number in numbers)
        if not claimed:
            with pytest.raises(DispatchError), self.database.writing() as connection:
                ledger.postpone(connection, self.pick(0), self.now, until, waiting)
            return
        with self.database.writing() as connection:
            ledger.postpone(connection, self.pick(0), self.now, until, waiting)
        for number in numbers:
            self.model[number] = State.DEFERRED
            self.due[number] = until

    @rule()
    def expire(self) -> None:
        """The deadline excludes what nobody is at work on, and nothing before it has passed."""
        with self.database.writing() as connection:
            ledger.expire(connection, self.pick(0), self.now)
        if self.now >= self.dispatch.deadline:
            for number, state in self.model.items():
                if state in (State.PLANNED, State.DEFERRED):
                    self.model[number] = State.EXCLUDED

    @rule(numbers=st.sets(st.integers(1, SIZE), min_size=1))
    def sleeper_wakes(self, numbers: set[int]) -> None:
        """A process that lost its lease tries to write: nothing of it may enter."""
        if not self.sleepers:
            return
        sleeper, keys = self.sleepers[-1], {number: DeliveryKey(f"old{number}") for number in numbers}
        settled = [Settled(number, Step.ACCEPT, "reply") for number in numbers]
        attempts: list[Callable[[sa.Connection], object]] = [
            lambda connection: ledger.intend(connection, sleeper, self.now, keys),
            lambda connection: ledger.settle(connection, sleeper, self.now, settled),
            lambda connection: ledger.claim(connection, sleeper, self.now, SIZE),
        ]
        for attempt in attempts:
            with pytest.raises(DispatchError, match="taken over"), self.database.writing() as connection:
                attempt(connection)

    @rule(act=st.sampled_from(["pause", "resume", "retry", "cancel"]))
    def control(self, act: str) -> None:
        """What a person does holds at once, and leaves alone what the worker has in its hands."""
        deferred = [number for number, state in self.model.items() if state is State.DEFERRED]
        fits = {"pause": ("open",), "resume": ("paused",)}.get(act, ("open", "paused"))
        acting = Controls(self.database, "d", "tester", lambda: self.now)
        # Who was killed after a dispatch was cancelled leaves something for a second time.
        is_cut_off = act == "cancel" and self.state == "cancelled" and not self.finished
        if not (self.state in fits or is_cut_off) or (act == "retry" and not deferred):
            with pytest.raises(DispatchError):
                getattr(acting, act)()
            return
        getattr(acting, act)()
        self.state = {"pause": "paused", "resume": "open", "cancel": "cancelled"}.get(act, self.state)
        if act == "retry":
            self.due.update(dict.fromkeys(deferred, self.now))
        if act == "cancel":
            for number, state in self.model.items():
                if state in (State.PLANNED, State.DEFERRED):
                    self.model[number] = State.EXCLUDED
            self.finished = all(state in RESTING for state in self.model.values())

    @rule(how=st.sampled_from(list(Settlement)), numbers=st.sets(st.integers(1, SIZE), min_size=1))
    def settle_uncertain(self, how: Settlement, numbers: set[int]) -> None:
        """Who is uncertain is sent it again once at most, given up, or noted as accepted; nobody else is touched."""
        chosen = {number for number in numbers if self.model[number] is State.UNCERTAIN}
        again = how is Settlement.RESEND
        if again:
            chosen -= self.resent
        refused = not chosen or (again and (self.state == "cancelled" or self.now >= self.dispatch.deadline))
        acting = Controls(self.database, "d", "tester", lambda: self.now)
        if refused:
            with pytest.raises(DispatchError):
                acting.settle(how, subscribers=numbers)
            return
        assert acting.settle(how, subscribers=numbers).settled == len(chosen)
        becomes = {Settlement.RESEND: State.DEFERRED, Settlement.DROP: State.EXCLUDED}.get(how, State.ACCEPTED)
        self.model.update(dict.fromkeys(chosen, becomes))
        if again:
            self.resent |= chosen
            self.due.update(dict.fromkeys(chosen, self.now))

    def step(
        self, step: Step, numbers: set[int], write: Callable[[sa.Connection], object], holder: Dispatch | None = None
    ) -> bool:
        """Take a step with some deliveries: all of it where the table allows it, and nothing otherwise.

        Args:
            holder: Only with what this one holds.
        """
        allowed = all(step in TRANSITIONS[self.model[number]] for number in numbers) and (
            holder is None or all(self.holders.get(number) == holder.lease for number in numbers)
        )
        if not allowed:
            with pytest.raises(DispatchError), self.database.writing() as connection:
                write(connection)
            return False
        with self.database.writing() as connection:
            write(connection)
        for number in numbers:
            self.model[number] = TRANSITIONS[self.model[number]][step]
        return True

    @invariant()
    def ledger_is_as_the_model_says_and_balances(self) -> None:
        if not hasattr(self, "model"):
            return
        with self.database.reading() as connection:
            rows = connection.execute(sa.select(tables.deliveries.c.subscriber_id, tables.deliveries.c.state))
            assert {number: State(state) for number, state in rows} == self.model
            balance = account.balance(connection, self.dispatch)
            assert balance == account.recount(connection, self.dispatch)
        assert balance.total == SIZE
        assert balance.at_rest == all(state in FINAL | {State.UNCERTAIN} for state in self.model.values())

    def teardown(self) -> None:
        if hasattr(self, "database"):
            self.database.close()
            self.folder.cleanup()


TestLedger = Ledger.TestCase
TestLedger.settings = settings(
    max_examples=25, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
)
