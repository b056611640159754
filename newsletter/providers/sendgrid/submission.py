"""Hands messages over in groups, several requests at once, and follows what is said of each."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final, assert_never

from newsletter.errors import ProviderError
from newsletter.providers.base import Accepted, Deferred, Intend, Message, Outcome, Rejected, Uncertain
from newsletter.providers.sendgrid.connection import Connection, LostReplyError, UnreachableError
from newsletter.providers.sendgrid.replies import (
    Blamed,
    Later,
    Refused,
    Taken,
    TooLarge,
    Unknown,
    Verdict,
    judge,
)
from newsletter.providers.sendgrid.requests import Group, Grouping, Letter, make_body, prepare

SHORT_WAIT: Final = timedelta(seconds=10)
"""What SendGrid may ask us to wait with the messages in hand; longer, and they are deferred."""
MAXIMUM_WAITS: Final = 3
MAXIMUM_ROUNDS: Final = 20
"""How often a group is sent again without those whom SendGrid names; it may name one at a time."""
MAXIMUM_SUSPECTS: Final = 10
"""How many messages in a row SendGrid may find fault with, not with their addresses, before we take it for ours."""
AT_ONCE: Final = timedelta(seconds=1)
"""For what was certainly not taken and may go as soon as we are let in again."""


async def submit(
    connection: Connection,
    messages: AsyncIterator[Message],
    intend: Intend,
    *,
    batch: int,
    concurrency: int,
    sandbox: bool,
) -> AsyncIterator[Outcome]:
    """Hand over messages; see `Provider.submit`."""
    outcomes: asyncio.Queue[Outcome | None] = asyncio.Queue()
    submission = Submission(connection, intend, outcomes.put_nowait, concurrency=concurrency, sandbox=sandbox)
    work = asyncio.create_task(submission.run(messages, batch))
    work.add_done_callback(lambda _: outcomes.put_nowait(None))
    try:
        while (outcome := await outcomes.get()) is not None:
            yield outcome
        await work
    finally:
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)


@dataclass(frozen=True, slots=True)
class Attempt:
    """Letters that travel in one request, and how often that was tried already.

    Args:
        suspects: Those that were with them before and something was wrong with; they are to blame if the rest goes.
    """

    letters: Sequence[Letter]
    rounds: int = 0
    waits: int = 0
    suspects: Sequence[Rejected] = ()


class Submission:
    """One call of `submit`.

    Args:
        report: Takes every outcome.
    """

    def __init__(
        self,
        connection: Connection,
        intend: Intend,
        report: Callable[[Outcome], None],
        *,
        concurrency: int,
        sandbox: bool,
    ) -> None:
        self._connection = connection
        self._intend = intend
        self._report = report
        self._sandbox = sandbox
        self._gate = asyncio.Semaphore(concurrency)
        self._tasks: set[asyncio.Task[None]] = set()
        self._failure: BaseException | None = None
        self._taken = False
        self._suspects_in_a_row = 0

    async def run(self, messages: AsyncIterator[Message], batch: int) -> None:
        """Hand over all messages; after a failure, let what is under way come to its end first.

        Raises:
            ProviderError: SendGrid refuses us or cannot be reached.
        """
        try:
            await self._hand_over(messages, Grouping(batch))
        except asyncio.CancelledError:
            for task in self._tasks:
                task.cancel()
            raise
        finally:
            await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._failure:
            raise self._failure

    async def _hand_over(self, messages: AsyncIterator[Message], grouping: Grouping) -> None:
        async for message in messages:
            letter = prepare(message)
            if isinstance(letter, Rejected):
                self._report(letter)
                continue
            for group in grouping.add(letter):
                await self._start(group)
            if self._failure:
                return
        for group in grouping.rest():
            await self._start(group)

    async def _start(self, group: Group) -> None:
        await self._gate.acquire()
        if self._failure:
            self._gate.release()
            return
        task = asyncio.create_task(self._carry(group))
        self._tasks.add(task)
        task.add_done_callback(self._end)

    def _end(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._gate.release()
        if not task.cancelled() and (error := task.exception()):
            self._failure = self._failure or error

    async def _carry(self, group: Group) -> None:
        """Bring one group to its outcomes; intended once, as a further attempt follows a definite refusal."""
        allowed = await self._intend([letter.key for letter in group.letters])
        attempts = [Attempt([letter for letter in group.letters if letter.key in allowed])]
        while attempts:
            attempt = attempts.pop()
            if isinstance(self._failure, ProviderError):
                self._defer(attempt.letters, self._failure.message, AT_ONCE)
                self._acquit(attempt.suspects)
            elif attempt.letters:
                verdict = await self._try(group, attempt)
                attempts.extend(await self._follow(verdict, attempt))

    async def _try(self, group: Group, attempt: Attempt) -> Verdict:
        try:
            reply = await self._connection.post(lambda: make_body(group.shared, attempt.letters, sandbox=self._sandbox))
        except UnreachableError as error:
            return Refused(
                ProviderError(
                    f"SendGrid cannot be reached ({error})",
                    remedy="Look at the network, and at base_url in [providers.sendgrid]; then send again.",
                )
            )
        except LostReplyError as error:
            return Unknown(f"the reply was not read ({error})")
        return judge(reply, len(attempt.letters), sandbox=self._sandbox)

    async def _follow(self, verdict: Verdict, attempt: Attempt) -> Iterable[Attempt]:
        """Report what is settled, and give what is to be tried again."""
        letters = attempt.letters
        match verdict:
            case Taken(reference, words):
                self._taken, self._suspects_in_a_row = True, 0
                self._report_all(Accepted(letter.key, reference, words) for letter in letters)
                self._report_all(attempt.suspects)
            case Unknown(words):
                self._report_all(Uncertain(letter.key, words) for letter in letters)
                self._acquit(attempt.suspects)
            case Refused(error):
                self._refuse(error, attempt)
            case Blamed():
                return self._without(verdict, attempt)
            case TooLarge(words):
                return self._halves(words, attempt)
            case Later():
                return await self._wait(verdict, attempt)
            case _:
                assert_never(verdict)
        return ()

    def _without(self, blamed: Blamed, attempt: Attempt) -> Iterable[Attempt]:
        letters = attempt.letters
        self._report_all(Rejected(letters[place].key, words) for place, words in blamed.addresses.items())
        named = tuple(Rejected(letters[place].key, words) for place, words in blamed.suspects.items())
        suspects = (*attempt.suspects, *named)
        rest = [
            letter
            for place, letter in enumerate(letters)
            if place not in blamed.addresses and place not in blamed.suspects
        ]
        if len(suspects) + self._suspects_in_a_row >= MAXIMUM_SUSPECTS:
            self._refuse(blamed.error, replace(attempt, letters=rest, suspects=suspects))
        elif not rest:
            self._judge_alone(blamed.error, suspects)
        elif attempt.rounds < MAXIMUM_ROUNDS:
            return (Attempt(rest, attempt.rounds + 1, attempt.waits, suspects),)
        else:
            self._defer(rest, "travelled with too many addresses that SendGrid refuses", None)
            self._acquit(suspects)
        return ()

    def _judge_alone(self, error: ProviderError, suspects: Sequence[Rejected]) -> None:
        """Settle suspects whom nobody is left to travel without."""
        if self._taken and len(suspects) == 1:
            self._suspects_in_a_row += 1
            self._report_all(suspects)
        elif suspects:
            self._refuse(error, Attempt((), suspects=suspects))

    def _refuse(self, error: ProviderError, attempt: Attempt) -> None:
        """Stop: we are refused, and nobody of these is to blame."""
        self._failure = self._failure or error
        self._defer(attempt.letters, error.message, AT_ONCE)
        self._acquit(attempt.suspects)

    def _acquit(self, suspects: Sequence[Rejected]) -> None:
        """Let those wait who may not have been to blame; long enough for the next run to get past them."""
        self._report_all(Deferred(suspect.key, suspect.reply) for suspect in suspects)

    def _halves(self, words: str, attempt: Attempt) -> Iterable[Attempt]:
        letters, middle = attempt.letters, len(attempt.letters) // 2
        if middle == 0:
            self._report_all(Rejected(letter.key, words) for letter in letters)
            self._acquit(attempt.suspects)
            return ()
        return (
            replace(attempt, letters=letters[middle:], suspects=()),
            replace(attempt, letters=letters[:middle]),
        )

    async def _wait(self, later: Later, attempt: Attempt) -> Iterable[Attempt]:
        if later.after is None or later.after > SHORT_WAIT or attempt.waits >= MAXIMUM_WAITS:
            self._defer(attempt.letters, later.words, later.after)
            self._acquit(attempt.suspects)
            return ()
        await asyncio.sleep(later.after.total_seconds())
        return (replace(attempt, waits=attempt.waits + 1),)

    def _defer(self, letters: Iterable[Letter], words: str, after: timedelta | None) -> None:
        self._report_all(Deferred(letter.key, words, after) for letter in letters)

    def _report_all(self, outcomes: Iterable[Outcome]) -> None:
        for outcome in outcomes:
            self._report(outcome)
