"""What a run does with its ledger: one transaction for each thing, all of them from one thread.

Outcomes that were read stay here until they are in the ledger. Whatever comes next writes them first, so that a
kill leaves no more in doubt than what the provider had in its hands.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, TypeAlias

import sqlalchemy as sa

from newsletter.audience import departed
from newsletter.dispatch import account, duplicates, lease, ledger
from newsletter.dispatch.batch import Batch, DeliveryMessage, Letter, make_batch
from newsletter.dispatch.ledger import Dispatch, Settled
from newsletter.dispatch.readers import ReaderLinks
from newsletter.dispatch.retry import next_try
from newsletter.dispatch.states import Reason, Step
from newsletter.message import DeliveryKey
from newsletter.providers.base import Accepted, Deferred, Outcome, Rejected
from newsletter.store import Database
from newsletter.subscribers import Definitions

Clock: TypeAlias = Callable[[], datetime]

BATCH: Final = 500
"""How many deliveries are claimed at a time."""
TURN: Final = timedelta(minutes=1)
"""How long a delivery waits before it looks again whether another dispatch has settled its reader."""


@dataclass
class Transactions:
    """The ledger as one run sees it.

    Args:
        dispatch: As `lease.take` gave it.
        clock: Gives the time, aware.
    """

    database: Database
    dispatch: Dispatch
    definitions: Definitions
    letter: Letter
    links: ReaderLinks
    return_path: str
    clock: Clock
    _claimed: dict[DeliveryKey, DeliveryMessage] = field(default_factory=dict)
    _unwritten: list[Outcome] = field(default_factory=list)

    def note(self, outcome: Outcome) -> None:
        """Keep an outcome until it is written; may be called from any thread."""
        self._unwritten.append(outcome)

    def claim(self) -> Batch | None:
        """Claim a batch and make its messages; None when nothing can be done now."""
        now = self.clock()
        with self.database.writing() as connection:
            ledger.expire(connection, self.dispatch, now)
            claimed = ledger.claim(connection, self.dispatch, now, BATCH)
            if not claimed:
                return None
            # Looked at here so that no message travels in vain, and again in the transaction that decides.
            staying = self._without_duplicates(connection, claimed, now)
            batch = make_batch(
                connection, self.dispatch, staying, self.definitions, self.letter, self.links, self.return_path
            )
            ledger.exclude(connection, self.dispatch, now, batch.excluded)
        self._claimed.update({message.key: message for message in batch.messages})
        return batch

    def postpone(self, messages: Sequence[DeliveryMessage], until: datetime, why: str) -> None:
        """Put off messages that were claimed and not handed over, until a moment or the deadline."""
        due = min(until, self.dispatch.deadline)
        with self.database.writing() as connection:
            waiting = dict.fromkeys((message.subscriber for message in messages), why)
            ledger.postpone(connection, self.dispatch, self.clock(), due, waiting)
        for message in messages:
            del self._claimed[message.key]

    def intend(self, keys: Sequence[DeliveryKey]) -> tuple[frozenset[DeliveryKey], Sequence[Outcome]]:
        """Write down what is about to be handed over, without those who may not get it any more.

        Returns:
            What may go, and the outcomes that were written first.
        """
        wanted = {self._claimed[key].subscriber: key for key in keys if key in self._claimed}
        now, outcomes = self.clock(), tuple(self._unwritten)
        with self.database.writing() as connection:
            duplicates.hold_issue(connection, self.dispatch.issue)
            self._settle(connection, outcomes, now)
            staying = self._staying(connection, list(wanted), now)
            going = {subscriber: wanted[subscriber] for subscriber in staying}
            ledger.intend(connection, self.dispatch, now, going)
        self._forget(outcomes)
        for subscriber in wanted.keys() - going.keys():
            del self._claimed[wanted[subscriber]]
        return frozenset(going.values()), outcomes

    def write_outcomes(self) -> Sequence[Outcome]:
        """Write the outcomes that have come, and give them."""
        outcomes = tuple(self._unwritten)
        if outcomes:
            with self.database.writing() as connection:
                self._settle(connection, outcomes, self.clock())
            self._forget(outcomes)
        return outcomes

    def renew_lease(self) -> None:
        """Hold the lease for longer."""
        with self.database.writing() as connection:
            lease.renew(connection, self.dispatch, self.clock())

    def put_down(self) -> Sequence[Outcome]:
        """Write the last outcomes and give back what was not handed over; the rest of it is uncertain."""
        outcomes = tuple(self._unwritten)
        with self.database.writing() as connection:
            now = self.clock()
            self._settle(connection, outcomes, now)
            ledger.recover(connection, self.dispatch, now)
            if account.balance(connection, self.dispatch).at_rest:
                ledger.finish(connection, self.dispatch, now)
            lease.give_back(connection, self.dispatch)
        self._forget(outcomes)
        self._claimed.clear()
        return outcomes

    def _staying(self, connection: sa.Connection, subscribers: Sequence[int], now: datetime) -> Sequence[int]:
        """Take out those who may not get it any more, each for its reason."""
        if now >= self.dispatch.deadline:
            ledger.exclude(connection, self.dispatch, now, dict.fromkeys(subscribers, Reason.EXPIRED))
            return []
        gone = departed(connection, subscribers, self.dispatch.list)
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
        until = min(now + TURN, self.dispatch.deadline)
        ledger.postpone(connection, self.dispatch, now, until, waiting)
        return [one for one in subscribers if one not in found.served and one not in found.waiting]

    def _settle(self, connection: sa.Connection, outcomes: Sequence[Outcome], now: datetime) -> None:
        by_subscriber = {self._claimed[outcome.key].subscriber: outcome for outcome in outcomes}
        deferred = [subscriber for subscriber, one in by_subscriber.items() if isinstance(one, Deferred)]
        before = ledger.deferrals(connection, self.dispatch, deferred) if deferred else {}
        settled = [
            _settled(subscriber, outcome, now, before.get(subscriber, 0) + 1, self.dispatch.deadline)
            for subscriber, outcome in by_subscriber.items()
        ]
        ledger.settle(connection, self.dispatch, now, settled)

    def _forget(self, outcomes: Sequence[Outcome]) -> None:
        del self._unwritten[: len(outcomes)]
        for outcome in outcomes:
            del self._claimed[outcome.key]


def _settled(subscriber: int, outcome: Outcome, now: datetime, deferrals: int, deadline: datetime) -> Settled:
    if isinstance(outcome, Accepted):
        return Settled(subscriber, Step.ACCEPT, outcome.reply, outcome.reference)
    if isinstance(outcome, Deferred):
        due = next_try(now, deferrals, outcome.retry_after, deadline)
        return Settled(subscriber, Step.DEFER, outcome.reply, due=due)
    return Settled(subscriber, Step.REJECT if isinstance(outcome, Rejected) else Step.LOSE, outcome.reply)
