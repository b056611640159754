"""Hands messages over through several connections at once, and sees what each one's ending says of the rest."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from datetime import timedelta
from types import MappingProxyType
from typing import Any, Final

from newsletter.errors import Place, ProviderError
from newsletter.providers.base import Accepted, Deferred, Intend, Message, Outcome
from newsletter.providers.smtp.carrier import Carrier
from newsletter.providers.smtp.journey import TOO_LARGE, UNSENT
from newsletter.providers.smtp.lanes import Lane, Parting
from newsletter.providers.smtp.replies import Ending
from newsletter.providers.smtp.signing import Signing
from newsletter.providers.smtp.streak import EQUAL_REFUSALS, Streak
from newsletter.providers.smtp.supply import Supply

WAITING: Final = 10
"""How many times what its connections hold may wait for a lane; when one is full, all wait for it."""

CALM: Final = 5
"""After how many acceptances in a row intents are asked for beforehand: what was refused may be so again."""


async def submit(
    lanes: Sequence[Lane],
    messages: AsyncIterator[Message],
    intend: Intend,
    signing: Signing,
    *,
    domains: Mapping[str, int] = MappingProxyType({}),
    in_doubt: int = 1,
) -> AsyncIterator[Outcome]:
    """Hand over messages, each signed; see `Provider.submit`.

    Args:
        domains: The lanes of domains that have one of their own, by number; the first lane is for all others.
        in_doubt: How many of one connection may be under way or intended.
    """
    outcomes = _Outcomes()
    parting = Parting(messages, [WAITING * lane.connections * (in_doubt + 1) for lane in lanes], domains)
    sources = [parting.of(number) for number in range(len(lanes))] if domains else [messages]
    supplies = [Supply(source, lane.connections * (in_doubt + 1)) for lane, source in zip(lanes, sources, strict=True)]
    submission = Submission(lanes, supplies, signing, intend, outcomes.put)
    work = asyncio.create_task(submission.run(parting.fill() if domains else None))
    work.add_done_callback(lambda _: outcomes.wake())
    try:
        while not work.done():
            await outcomes.wait()
            while outcomes.there:
                yield outcomes.there.popleft()
        await work
    finally:
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)


class _Outcomes:
    """Outcomes on their way to whoever reads them."""

    def __init__(self) -> None:
        self.there: deque[Outcome] = deque()
        self._reader: asyncio.Future[None] | None = None

    def put(self, outcome: Outcome) -> None:
        """Add one."""
        self.there.append(outcome)
        self.wake()

    def wake(self) -> None:
        """Let the reader look."""
        if self._reader and not self._reader.done():
            self._reader.set_result(None)

    async def wait(self) -> None:
        """Wait for one, or for the end."""
        if not self.there:
            self._reader = asyncio.get_running_loop().create_future()
            await self._reader


class Submission:
    """One call of `submit`: carriers on several lanes, whose endings are judged together.

    Args:
        supplies: What each lane carries.
        report: Takes every outcome.
    """

    def __init__(
        self,
        lanes: Sequence[Lane],
        supplies: Sequence[Supply],
        signing: Signing,
        intend: Intend,
        report: Callable[[Outcome], None],
    ) -> None:
        self.lanes = lanes
        self.signing = signing
        self.intend = intend
        self._supplies = supplies
        self._report = report
        self._streak = Streak(report)
        self._has_accepted = False
        self._failure: BaseException | None = None

    @property
    def has_failed(self) -> bool:
        """Whether nothing more may begin."""
        return self._failure is not None

    async def run(self, parting: Coroutine[Any, Any, None] | None = None) -> None:
        """Hand over all messages; after a failure, let what is under way come to its end first.

        Args:
            parting: Parts the messages among the lanes, where there are several.

        Raises:
            ProviderError: The server refuses us or cannot be reached.
        """
        desks = [Desk(self, lane, supply) for lane, supply in zip(self.lanes, self._supplies, strict=True)]
        carriers = [asyncio.create_task(Carrier(desk).run()) for desk in desks for _ in range(desk.lane.connections)]
        filling = [asyncio.create_task(supply.fill()) for supply in self._supplies]
        if parting is not None:
            filling.append(asyncio.create_task(parting))
        for task in (*carriers, *filling):
            task.add_done_callback(self._note_failure)
        try:
            await asyncio.wait(carriers)
        finally:
            for task in (*carriers, *filling):
                task.cancel()
            await asyncio.gather(*carriers, *filling, return_exceptions=True)
        if self._streak.holds(TOO_LARGE) and not self._has_accepted:
            self.fail(
                ProviderError(
                    "every message is larger than the server takes",
                    where=Place(field="providers.smtp"),
                    remedy="Make the issue smaller, or ask the server's keeper for more room.",
                )
            )
        self._streak.close(blaming=self._failure is None)
        await self._settle_left()
        if self._failure:
            raise self._failure

    def fail(self, error: BaseException) -> None:
        """Let nothing more begin; the first failure is the one that is raised."""
        self._failure = self._failure or error
        for supply in self._supplies:
            supply.close()

    def settle(self, ending: Ending) -> bool:
        """Report an ending; tell whether it shows that it is about us: then its message waits, and nothing begins."""
        outcome = ending.outcome
        self._has_accepted = self._has_accepted or isinstance(outcome, Accepted)
        if ending.against_policy and not self._has_accepted:
            self._report(Deferred(outcome.key, outcome.reply))
            self.fail(
                ProviderError(
                    f"the server refuses the message itself: {outcome.reply}",
                    where=Place(field="providers.smtp"),
                    remedy="Check the sender's address, SPF, DKIM and DMARC of its domain, and what the issue "
                    "links to.",
                )
            )
            return True
        if self._streak.take(ending):
            self.fail(
                ProviderError(
                    f"the server refuses {EQUAL_REFUSALS} messages in a row alike: {outcome.reply}",
                    where=Place(field="providers.smtp"),
                    remedy="Look for the cause in these words: the size of the issue, what it links to, or a rule "
                    "about its sender; then run the same command again.",
                )
            )
            return True
        return False

    async def _settle_left(self) -> None:
        """Report on what was intended, and not handed over because of a failure: it has certainly not gone."""
        for cargo in (one for supply in self._supplies for one in supply.left()):
            if cargo.intent and await cargo.intent.is_given():
                self._report(Deferred(cargo.message.key, cargo.trouble or UNSENT, retry_after=timedelta()))

    def _note_failure(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()):
            self.fail(error)


class Desk:
    """What the carriers of one lane share; see `office.Office`."""

    def __init__(self, submission: Submission, lane: Lane, supply: Supply) -> None:
        self.lane = lane
        self.pool = lane.pool
        self.supply = supply
        self.signing = submission.signing
        self.intend = submission.intend
        self.fail = submission.fail
        self.is_wary = False
        self._submission = submission
        self._accepted_in_a_row = 0

    @property
    def is_calm(self) -> bool:
        return self._accepted_in_a_row >= CALM

    @property
    def has_failed(self) -> bool:
        return self._submission.has_failed

    def settle(self, ending: Ending) -> bool:
        """Report an ending; see `Submission.settle`."""
        self._accepted_in_a_row = self._accepted_in_a_row + 1 if isinstance(ending.outcome, Accepted) else 0
        return self._submission.settle(ending)

    async def make_room(self) -> bool:
        """Close what other lanes keep open for later; tell whether there may be room now, or soon."""
        others = [lane.pool for lane in self._submission.lanes if lane is not self.lane]
        kept = [pool for pool in others if pool.has_kept]
        await asyncio.gather(*(pool.close() for pool in kept))
        return bool(kept) or any(pool.in_use for pool in others)
