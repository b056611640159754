"""Drives one dispatch from its ledger: claims, hands over, writes down, until nothing is left that can be done now.

The database is spoken to from one thread of its own, so that the event loop goes on carrying messages meanwhile.
What is asked of the ledger while that thread is busy waits and goes in one transaction afterwards: the more messages
are under way, the less each of them costs.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from time import monotonic, sleep
from typing import Final, TypeAlias, TypeVar

from newsletter.dispatch.batch import Batch, DeliveryMessage
from newsletter.dispatch.gathering import Gathering
from newsletter.dispatch.observing import Watch
from newsletter.dispatch.pacing import Around, Pacer
from newsletter.dispatch.transactions import Transactions
from newsletter.errors import NewsletterError, raise_all
from newsletter.message import DeliveryKey
from newsletter.providers.base import Outcome, Provider
from newsletter.store import insist

MOMENT: Final = 0.1
"""How often to look whether somebody asks to end, in seconds."""
Progress: TypeAlias = Callable[[Outcome], None]
_T = TypeVar("_T")


@dataclass
class Stop:
    """Asks a run to end as soon as what is under way is settled.

    Args:
        above: What asks more runs than this one to end.
        at: When it asks by itself, in seconds of `time.monotonic`.
    """

    above: "Stop | None" = None
    at: float | None = None
    _asked: bool = False

    def ask(self) -> None:
        """Ask."""
        self._asked = True

    def wait(self, seconds: float) -> None:
        """Wait, but no longer than until somebody asks.

        In short steps: all that a signal's handler may safely do is to ask.
        """
        until = monotonic() + seconds
        while not self.asked and (left := until - monotonic()) > 0:
            sleep(min(left, MOMENT))

    @property
    def asked(self) -> bool:
        """Whether anything asks."""
        return (
            self._asked
            or (self.at is not None and monotonic() >= self.at)
            or (self.above is not None and self.above.asked)
        )


@dataclass
class Run:
    """One process's work on one dispatch, under a lease.

    After a failure nothing more is handed over, but what is under way is still settled.

    Args:
        pacer: Keeps the limits.
        progress: Told of every outcome once it is in the ledger.
        renewal: How often the lease is renewed.
        watch: Told of what happens.
    """

    transactions: Transactions
    pacer: Pacer
    progress: Progress
    stop: Stop
    renewal: timedelta
    watch: Watch = field(default_factory=Watch)
    _failures: list[NewsletterError] = field(default_factory=list)
    _gathering: Gathering = field(default_factory=Gathering)
    _ended: bool = False
    _worker: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "ledger"))

    async def drive(self, provider: Provider) -> None:
        """Hand over everything that can be handed over now.

        Raises:
            ProviderError: The provider refuses us or cannot be reached; what it said before is in the ledger.
            DispatchError: The lease was lost.
            StoreError: The database cannot be written.
            Problems: More than one of these, in their order.
        """
        self.transactions.prepare_for(provider.limits)
        writer = asyncio.create_task(self._write_down())
        holder = asyncio.create_task(self._hold_lease())
        try:
            async with aclosing(provider.submit(self._messages(), self._intend)) as submitted:  # type: ignore[type-var]
                async for outcome in submitted:
                    self.transactions.note(outcome)
                    self.pacer.hear(outcome)
                    self._gathering.hear(outcome.key)
                    self.watch.heard(outcome)
        except NewsletterError as error:
            self._fail(error)
        finally:
            holder.cancel()
            self._ended = True
            self._gathering.end()
            try:
                await writer
            finally:
                await self._put_down()
                self._worker.shutdown()
        raise_all(self._failures)

    async def _write_down(self) -> None:
        """Write what was asked and what came: all of it that there is by then in one transaction."""
        try:
            while not (self._ended or self._failures):
                await self._gathering.wait()
                await self._write()
        finally:
            self._ended = True
            self._gathering.answer(self._gathering.take(), frozenset())

    async def _write(self) -> None:
        asked = self._gathering.take()
        keys = [] if self._halted else [key for one in asked if not one.answer.done() for key in one.keys]
        going: frozenset[DeliveryKey] = frozenset()
        written: Sequence[Outcome] = ()
        try:
            if keys:
                going, written = await self._in_ledger(lambda: self.transactions.intend(keys))
                self.watch.intended(going)
            else:
                written = await self._in_ledger(self.transactions.write_outcomes)
        except NewsletterError as error:
            self._fail(error)
        finally:
            self._gathering.answer(asked, going)
        self._tell(written)

    async def _hold_lease(self) -> None:
        """Renew the lease for as long as the run goes on, also while a provider keeps everybody waiting."""
        while True:
            await asyncio.sleep(self.renewal.total_seconds())
            try:
                await self._in_ledger(self.transactions.renew_lease)
            except NewsletterError as error:
                self._fail(error)
                return

    async def _messages(self) -> AsyncIterator[DeliveryMessage]:
        """Give the messages that are claimed, each when the limits let it go."""
        try:
            async with aclosing(self.pacer.pace(self._claimed(), self._around)) as paced:  # type: ignore[type-var]
                async for message in paced:
                    if self._halted:
                        return
                    yield message
        except NewsletterError as error:
            self._fail(error)

    async def _claimed(self) -> AsyncIterator[DeliveryMessage]:
        """Give messages; while those of one batch are handed over, the next is claimed."""
        batch = await self._claim()
        while batch is not None:
            following = asyncio.create_task(self._claim())
            for message in batch.messages:
                if self._halted:
                    return
                yield message
            self.watch.taken()
            # What was not due while the last batch was handed over may be due by now.
            batch = await following or await self._claim()

    async def _claim(self) -> Batch | None:
        if self._halted:
            return None
        began = monotonic()
        try:
            batch = await self._in_ledger(self.transactions.claim)
        except NewsletterError as error:
            self._fail(error)
            return None
        if batch is not None:
            self.watch.claimed(len(batch.messages), len(batch.excluded), monotonic() - began)
        return batch

    def _intend(self, keys: Sequence[DeliveryKey], *, ahead: bool = False) -> "asyncio.Future[frozenset[DeliveryKey]]":
        if self._halted:
            answer: asyncio.Future[frozenset[DeliveryKey]] = asyncio.get_running_loop().create_future()
            answer.set_result(frozenset())
            return answer
        return self._gathering.ask(keys, ahead=ahead)

    async def _postpone(self, messages: Sequence[DeliveryMessage], until: datetime, why: str) -> None:
        await self._in_ledger(lambda: self.transactions.postpone(messages, until, why))

    async def _put_down(self) -> None:
        try:
            await self.pacer.finish(self._around)
        except NewsletterError as error:
            self._fail(error)
        try:
            self._tell(await self._in_ledger(self.transactions.put_down))
        except NewsletterError as error:
            self._fail(error)

    async def _in_ledger(self, work: Callable[[], _T]) -> _T:
        loop, began = asyncio.get_running_loop(), monotonic()
        done = await asyncio.shield(loop.run_in_executor(self._worker, lambda: insist(work)))
        self.watch.worked(monotonic() - began)
        return done

    def _tell(self, outcomes: Sequence[Outcome]) -> None:
        self.watch.wrote(outcomes)
        for outcome in outcomes:
            self.progress(outcome)

    @property
    def _around(self) -> Around[DeliveryMessage]:
        return Around(self._in_ledger, self._postpone, lambda: self._halted)

    @property
    def _halted(self) -> bool:
        return self._ended or self.stop.asked or self.transactions.is_stopped or bool(self._failures)

    def _fail(self, error: NewsletterError) -> None:
        """Keep a failure; what fails again for the same reason is one."""
        if str(error) not in map(str, self._failures):
            self._failures.append(error)
