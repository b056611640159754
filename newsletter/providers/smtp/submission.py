"""Hands messages over through several connections at once, and sees what each one's ending says of the rest."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from typing import Final

from newsletter.errors import Place, ProviderError
from newsletter.providers.base import Accepted, Deferred, Intend, Message, Outcome, Rejected
from newsletter.providers.smtp.access import LostError, RefusedError, UnavailableError
from newsletter.providers.smtp.connection import Connection
from newsletter.providers.smtp.pool import Pool
from newsletter.providers.smtp.protocol import Letter, prepare
from newsletter.providers.smtp.replies import Ending
from newsletter.providers.smtp.signing import Sign, unsigned
from newsletter.providers.smtp.streak import EQUAL_REFUSALS, Streak

ATTEMPTS: Final = 2
"""How many connections may break under one message before it waits for later."""
TOO_LARGE: Final = "too large"
"""The likeness of messages that the server has no room for."""


async def submit(
    pool: Pool, messages: AsyncIterator[Message], intend: Intend, *, connections: int, sign: Sign = unsigned
) -> AsyncIterator[Outcome]:
    """Hand over messages, each signed; see `Provider.submit`."""
    outcomes: asyncio.Queue[Outcome | None] = asyncio.Queue()
    submission = Submission(pool, messages, intend, outcomes.put_nowait, sign)
    work = asyncio.create_task(submission.run(connections))
    work.add_done_callback(lambda _: outcomes.put_nowait(None))
    try:
        while (outcome := await outcomes.get()) is not None:
            yield outcome
        await work
    finally:
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)


class Submission:
    """One call of `submit`: workers that take messages from one source, each over one connection at a time.

    Args:
        report: Takes every outcome.
        sign: Puts signatures above a message.
    """

    def __init__(
        self,
        pool: Pool,
        messages: AsyncIterator[Message],
        intend: Intend,
        report: Callable[[Outcome], None],
        sign: Sign,
    ) -> None:
        self._pool = pool
        self._messages = messages
        self._intend = intend
        self._report = report
        self._sign = sign
        self._pulling = asyncio.Lock()
        self._returned: deque[Message] = deque()
        self._in_use = 0
        self._streak = Streak(report)
        self._accepted = False
        self._failure: BaseException | None = None

    async def run(self, count: int) -> None:
        """Hand over all messages; after a failure, let what is under way come to its end first.

        Raises:
            ProviderError: The server refuses us or cannot be reached.
        """
        workers = [asyncio.create_task(self._work()) for _ in range(count)]
        for worker in workers:
            worker.add_done_callback(self._note_failure)
        try:
            await asyncio.wait(workers)
        finally:
            for worker in workers:
                worker.cancel()
            await asyncio.gather(*workers, return_exceptions=True)
        if self._streak.holds(TOO_LARGE) and not self._accepted:
            self._failure = self._failure or ProviderError(
                "every message is larger than the server takes",
                where=Place(field="providers.smtp"),
                remedy="Make the issue smaller, or ask the server's keeper for more room.",
            )
        self._streak.close(blaming=self._failure is None)
        if self._failure:
            raise self._failure

    def _note_failure(self, worker: asyncio.Task[None]) -> None:
        if not worker.cancelled() and (error := worker.exception()):
            self._failure = self._failure or error

    async def _work(self) -> None:
        """Carry messages until there are no more, or until the server takes no more connections."""
        while (message := await self._next()) is not None:
            if not await self._carry(message):
                self._returned.append(message)
                return

    async def _next(self) -> Message | None:
        async with self._pulling:
            if self._failure:
                return None
            message = self._returned.popleft() if self._returned else await anext(self._messages, None)
            if message is None and self._returned:  # one came back while the source came to its end
                message = self._returned.popleft()
            return None if self._failure else message

    async def _carry(self, message: Message) -> bool:
        """Bring a message to its outcome; tell whether the server let us in."""
        lost = ""
        for attempt in range(ATTEMPTS):
            # Not every server that offers PIPELINING can do it: the second time goes step by step.
            first = attempt == 0
            connection = await self._connect(fresh=not first)
            if connection is None:
                return False
            self._in_use += 1
            try:
                ending = await self._hand_over(connection, message, pipelining=first)
            except LostError as error:
                lost = str(error)
                continue
            except RefusedError as error:
                self._report(error.ending.outcome)
                raise
            finally:
                self._in_use -= 1
                self._pool.give_back(connection)
            if ending:
                self._settle(ending)
            return True
        self._report(Deferred(message.key, lost))
        return True

    def _settle(self, ending: Ending) -> None:
        """Report an ending, and see whether it is about us after all.

        Raises:
            ProviderError: It is, and the message waits: a rule against the content before any was accepted, or too
                many equal refusals.
        """
        outcome = ending.outcome
        self._accepted = self._accepted or isinstance(outcome, Accepted)
        if ending.against_policy and not self._accepted:
            self._report(Deferred(outcome.key, outcome.reply))
            raise ProviderError(
                f"the server refuses the message itself: {outcome.reply}",
                where=Place(field="providers.smtp"),
                remedy="Check the sender's address, SPF, DKIM and DMARC of its domain, and what the issue links to.",
            )
        if self._streak.take(ending):
            raise ProviderError(
                f"the server refuses {EQUAL_REFUSALS} messages in a row alike: {outcome.reply}",
                where=Place(field="providers.smtp"),
                remedy="Look for the cause in these words: the size of the issue, what it links to, or a rule about "
                "its sender; then run the same command again.",
            )

    async def _connect(self, *, fresh: bool) -> Connection | None:
        """Give a connection; None when the server takes no more while another worker goes on with one."""
        try:
            return await self._pool.take(fresh=fresh)
        except UnavailableError:
            if kept := await self._pool.take_kept():
                return kept
            if self._in_use:
                return None
            raise

    async def _hand_over(self, connection: Connection, message: Message, *, pipelining: bool) -> Ending | None:
        letter = prepare(message, connection.extensions, self._sign)
        if not isinstance(letter, Letter):
            return Ending(letter)
        limit = connection.extensions.message_bytes
        if limit is not None and letter.size > limit:
            words = f"the message of {letter.size} bytes is larger than the server takes ({limit} bytes)"
            return Ending(Rejected(letter.key, words), likeness=TOO_LARGE)
        return await connection.send(letter, self._intend, pipelining=pipelining)
