"""Drives one dispatch from its ledger: claims, hands over, writes down, until nothing is left that can be done now.

The database is spoken to from one thread of its own, so that the event loop goes on carrying messages meanwhile.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, TypeVar

import sqlalchemy as sa

from newsletter.audience import departed
from newsletter.dispatch import lease, ledger
from newsletter.dispatch.batch import Batch, DeliveryMessage, Letter, ReaderLinks, make_batch
from newsletter.dispatch.ledger import Dispatch, Settled
from newsletter.dispatch.receipt import Receipt
from newsletter.dispatch.states import Reason, Step
from newsletter.message import DeliveryKey
from newsletter.providers.base import Accepted, Deferred, Outcome, Provider, Rejected
from newsletter.store import Database
from newsletter.subscribers import Definitions

BATCH: Final = 500
"""How many deliveries are claimed at a time."""
FIRST_RETRY: Final = timedelta(minutes=30)
"""How long a deferred delivery waits where the provider does not say. Source: RFC 5321 §4.5.4.1."""

Clock = Callable[[], datetime]
Progress = Callable[[Outcome], None]
_T = TypeVar("_T")


@dataclass(slots=True)
class Stop:
    """Asks a run to end as soon as what is under way is settled."""

    asked: bool = False


@dataclass
class Run:
    """One process's work on one dispatch, under a lease.

    Args:
        dispatch: As `lease.take` gave it.
        clock: Gives the time, aware.
        progress: Told of every outcome once it is in the ledger.
    """

    database: Database
    dispatch: Dispatch
    definitions: Definitions
    letter: Letter
    links: ReaderLinks
    return_path: str
    clock: Clock
    progress: Progress
    stop: Stop
    _claimed: dict[DeliveryKey, DeliveryMessage] = field(default_factory=dict)
    _renewed: datetime | None = None
    _worker: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "ledger"))

    async def drive(self, provider: Provider) -> None:
        """Hand over everything that can be handed over now.

        Raises:
            ProviderError: The provider refuses us or cannot be reached; what it said before is in the ledger.
            DispatchError: The lease was lost.
        """
        outcomes: asyncio.Queue[Outcome | None] = asyncio.Queue()
        writer = asyncio.create_task(self._write_down(outcomes))
        try:
            async with aclosing(provider.submit(self._messages(), self._intend)) as submitted:  # type: ignore[type-var]
                async for outcome in submitted:
                    outcomes.put_nowait(outcome)
                    if writer.done():
                        break
        finally:
            outcomes.put_nowait(None)
            try:
                await writer
            finally:
                await self._in_ledger(self._put_down)
                self._worker.shutdown()

    async def _write_down(self, outcomes: asyncio.Queue[Outcome | None]) -> None:
        """Write outcomes as soon as they come, all that came meanwhile in one transaction."""
        ended = False
        while not ended:
            waiting = [await outcomes.get()]
            while not outcomes.empty():
                waiting.append(outcomes.get_nowait())
            ended = None in waiting
            known = [outcome for outcome in waiting if outcome is not None]
            if known:
                await self._in_ledger(lambda known=known: self._write_outcomes(known, self.clock()))  # type: ignore[misc]
            for outcome in known:
                self.progress(outcome)

    async def _messages(self) -> AsyncIterator[DeliveryMessage]:
        while not self.stop.asked:
            batch = await self._in_ledger(self._claim)
            if not batch.messages and not batch.excluded:
                return
            for message in batch.messages:
                if self.stop.asked:
                    return
                yield message

    async def _intend(self, keys: Sequence[DeliveryKey]) -> frozenset[DeliveryKey]:
        if self.stop.asked:
            return frozenset()
        return await self._in_ledger(lambda: self._write_intent(keys))

    async def _in_ledger(self, work: Callable[[], _T]) -> _T:
        return await asyncio.shield(asyncio.get_running_loop().run_in_executor(self._worker, work))

    def _claim(self) -> Batch:
        now = self.clock()
        with self.database.writing() as connection:
            subscribers = ledger.claim(connection, self.dispatch, now, BATCH)
            batch = make_batch(
                connection,
                self.dispatch,
                subscribers,
                self.definitions,
                self.letter,
                self.links,
                self.return_path,
            )
            ledger.exclude(connection, self.dispatch, now, batch.excluded)
            self._keep_lease(connection, now)
        self._claimed.update({message.key: message for message in batch.messages})
        return batch

    def _write_intent(self, keys: Sequence[DeliveryKey]) -> frozenset[DeliveryKey]:
        wanted = {self._claimed[key].subscriber: key for key in keys if key in self._claimed}
        with self.database.writing() as connection:
            gone = departed(connection, list(wanted), self.dispatch.list)
            ledger.exclude(
                connection,
                self.dispatch,
                self.clock(),
                {subscriber: Reason(reason) for subscriber, reason in gone.items()},
            )
            going = {subscriber: key for subscriber, key in wanted.items() if subscriber not in gone}
            ledger.intend(connection, self.dispatch, self.clock(), going)
            self._keep_lease(connection, self.clock())
        for subscriber in gone:
            del self._claimed[wanted[subscriber]]
        return frozenset(going.values())

    def _write_outcomes(self, outcomes: Sequence[Outcome], now: datetime) -> None:
        settled = [_settled(self._claimed[outcome.key].subscriber, outcome, now) for outcome in outcomes]
        with self.database.writing() as connection:
            ledger.settle(connection, self.dispatch, now, settled)
            self._keep_lease(connection, now)
        for outcome in outcomes:
            del self._claimed[outcome.key]

    def _keep_lease(self, connection: sa.Connection, now: datetime) -> None:
        """Renew the lease now and then: a slow provider may take longer over a batch than the lease lasts."""
        if self._renewed is None or now - self._renewed > lease.RENEWAL:
            ledger.renew_lease(connection, self.dispatch, now, lease.LASTING)
            self._renewed = now

    def _put_down(self) -> None:
        """Give back what was not handed over; what was handed over without an outcome is uncertain."""
        with self.database.writing() as connection:
            now = self.clock()
            ledger.recover(connection, self.dispatch, now)
            if ledger.balance(connection, self.dispatch).at_rest:
                ledger.finish(connection, self.dispatch, now)
            ledger.give_lease_back(connection, self.dispatch)
        self._claimed.clear()


def write_receipt(database: Database, dispatch: Dispatch) -> Receipt:
    """Account for a dispatch as it stands.

    Raises:
        DispatchError: The ledger does not balance.
    """
    with database.reading() as connection:
        current = ledger.read_dispatch(connection, dispatch.id)
        return Receipt(current, ledger.balance(connection, current), ledger.next_due(connection, current))


def _settled(subscriber: int, outcome: Outcome, now: datetime) -> Settled:
    if isinstance(outcome, Accepted):
        return Settled(subscriber, Step.ACCEPT, outcome.reply, outcome.reference)
    if isinstance(outcome, Deferred):
        return Settled(subscriber, Step.DEFER, outcome.reply, due=now + (outcome.retry_after or FIRST_RETRY))
    return Settled(subscriber, Step.REJECT if isinstance(outcome, Rejected) else Step.LOSE, outcome.reply)
