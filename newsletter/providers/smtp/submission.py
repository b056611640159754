"""Hands messages over through several connections at once, and sees what each one's ending says of the rest."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from types import MappingProxyType

from newsletter.errors import Place, ProviderError
from newsletter.providers.base import Accepted, Deferred, Intend, Message, Outcome
from newsletter.providers.smtp.carrier import TOO_LARGE, Carrier
from newsletter.providers.smtp.lanes import Lane, Parting
from newsletter.providers.smtp.pool import Pool
from newsletter.providers.smtp.replies import Ending
from newsletter.providers.smtp.signing import Signing
from newsletter.providers.smtp.streak import EQUAL_REFUSALS, Streak
from newsletter.providers.smtp.supply import Supply


async def submit(
    lanes: Sequence[Lane],
    messages: AsyncIterator[Message],
    intend: Intend,
    signing: Signing,
    *,
    domains: Mapping[str, int] = MappingProxyType({}),
    depth: int = 1,
) -> AsyncIterator[Outcome]:
    """Hand over messages, each signed; see `Provider.submit`.

    Args:
        domains: The lanes of domains that have one of their own, by number; the first lane is for all others.
        depth: How many may be under way on one connection.
    """
    outcomes = _Outcomes()
    parting = Parting(messages, len(lanes), domains) if domains else None
    submissions = [
        Submission(
            lane.pool,
            Supply(parting.of(number) if parting else messages, lane.connections * (depth + 1)),
            signing,
            intend,
            outcomes.put,
        )
        for number, lane in enumerate(lanes)
    ]
    work = asyncio.create_task(_run(submissions, [lane.connections for lane in lanes], parting))
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


async def _run(submissions: Sequence["Submission"], connections: Sequence[int], parting: Parting | None) -> None:
    """Run submissions beside each other; when one fails, none begins anything more.

    Raises:
        ProviderError: The server refuses us or cannot be reached.
    """
    if parting is None:
        await submissions[0].run(connections[0])
        return
    runs = [asyncio.create_task(one.run(count)) for one, count in zip(submissions, connections, strict=True)]
    filling = asyncio.create_task(parting.fill())

    def end_all(task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()):
            for submission in submissions:
                submission.fail(error)

    try:
        for task in (*runs, filling):
            task.add_done_callback(end_all)
        await asyncio.wait(runs)
    finally:
        for task in (*runs, filling):
            task.cancel()
        found = await asyncio.gather(*runs, filling, return_exceptions=True)
    for error in found:
        if isinstance(error, BaseException) and not isinstance(error, asyncio.CancelledError):
            raise error


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
    """One call of `submit`: carriers that take messages from one supply.

    Args:
        report: Takes every outcome.
    """

    def __init__(
        self, pool: Pool, supply: Supply, signing: Signing, intend: Intend, report: Callable[[Outcome], None]
    ) -> None:
        self.pool = pool
        self.supply = supply
        self.signing = signing
        self.intend = intend
        self.is_wary = False
        self._report = report
        self._streak = Streak(report)
        self._has_accepted = False
        self._failure: BaseException | None = None

    @property
    def has_failed(self) -> bool:
        """Whether nothing more may begin."""
        return self._failure is not None

    async def run(self, count: int) -> None:
        """Hand over all messages; after a failure, let what is under way come to its end first.

        Raises:
            ProviderError: The server refuses us or cannot be reached.
        """
        carriers = [asyncio.create_task(Carrier(self).run()) for _ in range(count)]
        filling = asyncio.create_task(self.supply.fill())
        for task in (*carriers, filling):
            task.add_done_callback(self._note_failure)
        try:
            await asyncio.wait(carriers)
        finally:
            for task in (*carriers, filling):
                task.cancel()
            await asyncio.gather(*carriers, filling, return_exceptions=True)
        if self._streak.holds(TOO_LARGE) and not self._has_accepted:
            self.fail(
                ProviderError(
                    "every message is larger than the server takes",
                    where=Place(field="providers.smtp"),
                    remedy="Make the issue smaller, or ask the server's keeper for more room.",
                )
            )
        self._streak.close(blaming=self._failure is None)
        if self._failure:
            raise self._failure

    def fail(self, error: BaseException) -> None:
        """Let nothing more begin; the first failure is the one that is raised."""
        self._failure = self._failure or error
        self.supply.close()

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

    def _note_failure(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()):
            self.fail(error)
