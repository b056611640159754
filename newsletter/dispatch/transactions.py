"""What a run does with its ledger: one transaction for each thing, all of them from one thread.

Outcomes that were read stay here until they are in the ledger. Whatever comes next writes them first, so that a
kill leaves no more in doubt than what the provider had in its hands.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, TypeAlias

import sqlalchemy as sa

from newsletter.audience import departed
from newsletter.dispatch import account, control, counts, dispatches, duplicates, kept, lease, ledger, scheduling
from newsletter.dispatch.audit import Action, log
from newsletter.dispatch.batch import Batch, DeliveryMessage, Letter, make_batch
from newsletter.dispatch.brake import LOST_IN_A_ROW, Brake
from newsletter.dispatch.dispatches import Dispatch, DispatchState
from newsletter.dispatch.ledger import Settled
from newsletter.dispatch.readers import ReaderLinks
from newsletter.dispatch.retry import next_try
from newsletter.dispatch.scheduling import Pace
from newsletter.dispatch.states import Reason, State, Step
from newsletter.errors import DispatchError
from newsletter.message import DeliveryKey
from newsletter.providers.base import Accepted, Deferred, Limits, Outcome, Rejected, Uncertain
from newsletter.store import Database, StandingConnection
from newsletter.store.prepared import together
from newsletter.subscribers import Definitions

Clock: TypeAlias = Callable[[], datetime]

BATCH: Final = 500
"""How many deliveries are claimed at a time."""
SMALLEST_BATCH: Final = 50
LIKELY_TO_SHARE: Final = 4
"""How many workers are reckoned with before that many have come."""
PARTS: Final = 4
"""Into how many batches a worker's share of what is left is parted; it holds two of them at a time."""
LOOK_AGAIN: Final = timedelta(minutes=1)
"""How long a delivery waits before it looks again whether another dispatch has settled its reader."""


@dataclass
class Transactions:
    """The ledger as one run sees it.

    Args:
        dispatch: As `lease.take` gave it.
        clock: Gives the time, aware.
        pace: How carefully it is sent.
        by: In whose name it runs, for the log.
        shared: Whether other processes work on the same dispatch.
    """

    database: Database
    dispatch: Dispatch
    definitions: Definitions
    letter: Letter
    links: ReaderLinks
    return_path: str
    clock: Clock
    pace: Pace
    by: str
    shared: bool = False
    _claimed: dict[DeliveryKey, DeliveryMessage] = field(default_factory=dict)
    _intended: set[DeliveryKey] = field(default_factory=set)
    _unwritten: dict[DeliveryKey, Outcome] = field(default_factory=dict)
    _contested: bool = False
    _braking: str | None = None
    """Why the dispatch is to be paused, if it is; the run ends once it is."""
    is_stopped: bool = field(default=False, init=False)
    """Whether the dispatch was found to be no longer open when something was about to be handed over."""

    def __post_init__(self) -> None:
        self._standing = StandingConnection(self.database)
        self._brake = Brake(self.pace.rejected, self.pace.window)

    def prepare_for(self, limits: Limits) -> None:
        """Judge what is lost by how many messages a provider takes at a time: one lost reply is no series."""
        self._brake.lost = max(LOST_IN_A_ROW, 2 * limits.batch)

    def note(self, outcome: Outcome) -> None:
        """Keep an outcome until it is written; may be called from any thread.

        Raises:
            DispatchError: The provider has reported on this delivery before, or was never to hand it over.
        """
        key = outcome.key
        if key in self._unwritten or key not in self._claimed:
            raise DispatchError(
                f"the provider {self.dispatch.provider} reports on the delivery {key}, which it does not have",
                remedy="Please report this; what it said first is in the ledger.",
            )
        self._unwritten[key] = outcome
        self._braking = self._braking or self._brake.note(outcome)

    def claim(self) -> Batch | None:
        """Claim a batch and make its messages; None when nothing can be done now."""
        now = self.clock()
        with self._standing.writing() as connection:
            if self.dispatch.canary:
                # What others claim at the same time belongs to the same first part.
                dispatches.hold_dispatch(connection, self.dispatch.id)
            with counts.held_back(connection) as moves:
                batch = self._claim(connection, now)
            counts.move(connection, self.dispatch.id, moves)
        if batch is not None:
            self._claimed.update({message.key: message for message in batch.messages})
        return batch

    def _claim(self, connection: sa.Connection, now: datetime) -> Batch | None:
        ledger.expire(connection, self.dispatch, now)
        claimed = ledger.claim(connection, self.dispatch, now, self._room(connection, now))
        if not claimed:
            return None
        # Looked at here so that no message travels in vain, and again in the transaction that decides.
        staying = self._without_duplicates(connection, claimed, now)
        batch = make_batch(
            connection, self.dispatch, staying, self.definitions, self.letter, self.links, self.return_path
        )
        ledger.exclude(connection, self.dispatch, now, batch.excluded)
        return batch

    def _room(self, connection: sa.Connection, now: datetime) -> int:
        """Tell how many may be claimed now."""
        if scheduling.closed(connection, self.dispatch, now, self.pace):
            return 0
        if not scheduling.judge_first_part(connection, self.dispatch, now, self.pace, self.by):
            return 0
        left = scheduling.left_of_first_part(connection, self.dispatch)
        most = self._fair_share(connection) if self.shared else BATCH
        return most if left is None else min(left, most)

    def _fair_share(self, connection: sa.Connection) -> int:
        """Take less towards the end, so that all who share a dispatch, or are about to, come to its end together."""
        left = account.balance(connection, self.dispatch).of(State.PLANNED, State.DEFERRED)
        sharing = max(lease.count_leases(connection, self.dispatch), LIKELY_TO_SHARE)
        return max(SMALLEST_BATCH, min(BATCH, left // (PARTS * sharing)))

    def postpone(self, messages: Sequence[DeliveryMessage], until: datetime, why: str) -> None:
        """Put off messages that were claimed and not handed over, until a moment or the deadline."""
        due = min(until, self.dispatch.deadline)
        with self._standing.writing() as connection:
            waiting = dict.fromkeys((message.subscriber for message in messages), why)
            ledger.postpone(connection, self.dispatch, self.clock(), due, waiting)
        for message in messages:
            del self._claimed[message.key]

    def intend(self, keys: Sequence[DeliveryKey]) -> tuple[frozenset[DeliveryKey], Sequence[Outcome]]:
        """Write down what is about to be handed over, without those who may not get it any more.

        Returns:
            What may go, and the outcomes that were written first.
        """
        try:
            return self._intend(keys)
        except _Contested:
            self._contested = True
            return self._intend(keys)

    def _intend(self, keys: Sequence[DeliveryKey]) -> tuple[frozenset[DeliveryKey], Sequence[Outcome]]:
        asked = (key for key in keys if key in self._claimed and key not in self._unwritten)
        wanted = {self._claimed[key].subscriber: key for key in asked}
        now, outcomes = self.clock(), tuple(self._unwritten.values())
        with self._standing.writing() as connection:
            with together(connection):
                dispatches.hold_issue(connection, self.dispatch.issue, alone=not self._contested)
                is_contested = ledger.is_contested(connection, self.dispatch)
            if is_contested and not self._contested:
                raise _Contested
            is_open = ledger.assert_lease(connection, self.dispatch) == DispatchState.OPEN
            self.is_stopped = not is_open
            with counts.held_back(connection) as moves:
                staying = self._staying(connection, sorted(wanted), now) if is_open else ()
            settled = self._settled(connection, outcomes, now)
            staying_keys = {one: wanted[one] for one in staying}
            going = ledger.exchange(connection, self.dispatch, now, settled, staying_keys, moves)
            self._heed_brake(connection, now)
        self._forget(outcomes)
        for subscriber in wanted.keys() - going.keys():
            del self._claimed[wanted[subscriber]]
        self._intended.update(going.values())
        return frozenset(going.values()), outcomes

    def write_outcomes(self) -> Sequence[Outcome]:
        """Write the outcomes that have come, and give them."""
        outcomes = tuple(self._unwritten.values())
        if outcomes:
            with self._standing.writing() as connection:
                now = self.clock()
                ledger.settle(connection, self.dispatch, now, self._settled(connection, outcomes, now))
                self._heed_brake(connection, now)
            self._forget(outcomes)
        return outcomes

    def renew_lease(self) -> None:
        """Hold the lease for longer."""
        with self._standing.writing() as connection:
            lease.renew(connection, self.dispatch, self.clock())

    def put_down(self) -> Sequence[Outcome]:
        """Write the last outcomes and give back what was not handed over; the rest of it is uncertain."""
        outcomes = tuple(self._unwritten.values())
        try:
            with self._standing.writing() as connection:
                now = self.clock()
                # Of several who end at once, the last one has to see that nothing is left.
                dispatches.hold_dispatch(connection, self.dispatch.id)
                ledger.settle(connection, self.dispatch, now, self._settled(connection, outcomes, now))
                self._keep(connection, self._intended - self._unwritten.keys(), now)
                ledger.recover(connection, self.dispatch, self.dispatch.lease, now)
                kept.forget_readers(connection, self.dispatch)
                control.heed_policy(connection, self.dispatch, now)
                scheduling.conclude_first_part(connection, self.dispatch, now, self.pace, self.by)
                has_ended = control.come_to_rest(connection, self.dispatch, now)
                if has_ended:
                    log(connection, self.dispatch.id, now, Action.FINISHED, self.by)
                if has_ended or not self.shared:
                    account.recount(connection, self.dispatch)
                lease.give_back(connection, self.dispatch)
        finally:
            self._standing.close()
        self._forget(outcomes)
        self._claimed.clear()
        self._intended.clear()
        return outcomes

    def _staying(self, connection: sa.Connection, subscribers: Sequence[int], now: datetime) -> Sequence[int]:
        """Take out those who may not get it any more, each for its reason."""
        if now >= self.dispatch.deadline:
            ledger.exclude(connection, self.dispatch, now, dict.fromkeys(subscribers, Reason.EXPIRED))
            return []
        gone = departed(connection, subscribers, self.dispatch.list, now)
        reasons = {subscriber: Reason(reason) for subscriber, reason in gone.items()}
        ledger.exclude(connection, self.dispatch, now, reasons)
        left = [subscriber for subscriber in subscribers if subscriber not in gone]
        return self._without_duplicates(connection, left, now)

    def _without_duplicates(
        self, connection: sa.Connection, subscribers: Sequence[int], now: datetime
    ) -> Sequence[int]:
        """Take out those whom another dispatch of the issue has served, or goes before this one with."""
        found = duplicates.rivals(connection, self.dispatch, subscribers, now)
        ledger.exclude(connection, self.dispatch, now, dict.fromkeys(found.served, Reason.DUPLICATE))
        waiting = {subscriber: f"dispatch {other} goes first" for subscriber, other in found.waiting.items()}
        until = min(now + LOOK_AGAIN, self.dispatch.deadline)
        ledger.postpone(connection, self.dispatch, now, until, waiting)
        return [one for one in subscribers if one not in found.served and one not in found.waiting]

    def _settled(self, connection: sa.Connection, outcomes: Sequence[Outcome], now: datetime) -> list[Settled]:
        deferred = [self._claimed[outcome.key].subscriber for outcome in outcomes if isinstance(outcome, Deferred)]
        before = ledger.deferrals(connection, self.dispatch, deferred) if deferred else {}
        settled = []
        for outcome in outcomes:
            key, subscriber = outcome.key, self._claimed[outcome.key].subscriber
            since = State.SUBMITTING if key in self._intended else State.CLAIMED
            again = before.get(subscriber, 0) + 1
            settled.append(_settled(subscriber, since, outcome, now, again, self.dispatch.deadline))
        self._keep(connection, [outcome.key for outcome in outcomes if isinstance(outcome, Deferred | Uncertain)], now)
        return settled

    def _keep(self, connection: sa.Connection, keys: Iterable[DeliveryKey], now: datetime) -> None:
        """Keep the readers of what may have left and may go again."""
        left = [self._claimed[key] for key in keys if key in self._intended]
        kept.keep_readers(connection, self.dispatch, now, {message.subscriber: message.reader for message in left})

    def _heed_brake(self, connection: sa.Connection, now: datetime) -> None:
        """Pause the dispatch when too many were refused or lost; last, as no step of this transaction sees it."""
        if self._braking:
            scheduling.pause(connection, self.dispatch, now, self.by, self._braking)

    def _forget(self, outcomes: Sequence[Outcome]) -> None:
        for outcome in outcomes:
            del self._unwritten[outcome.key]
            del self._claimed[outcome.key]
            self._intended.discard(outcome.key)


class _Contested(Exception):
    """Another dispatch of the issue was frozen since this one has begun to work."""


def _settled(
    subscriber: int, since: State, outcome: Outcome, now: datetime, deferrals: int, deadline: datetime
) -> Settled:
    if isinstance(outcome, Accepted):
        return Settled(subscriber, Step.ACCEPT, outcome.reply, outcome.reference, since=since)
    if isinstance(outcome, Deferred):
        due = next_try(now, deferrals, outcome.retry_after, deadline)
        return Settled(subscriber, Step.DEFER, outcome.reply, due=due, since=since)
    step = Step.REJECT if isinstance(outcome, Rejected) else Step.LOSE
    return Settled(subscriber, step, outcome.reply, since=since)
