"""Hands messages over in groups, several requests at once, and follows what is said of each."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final, assert_never

from newsletter.errors import ProviderError
from newsletter.message import DeliveryKey
from newsletter.providers.base import Accepted, Deferred, Intend, Limits, Message, Outcome, Rejected, Uncertain
from newsletter.providers.base.api import Api, unreachable
from newsletter.providers.base.grouping import AnyLetter, Group, Grouping
from newsletter.providers.base.replies import (
    Blamed,
    Fate,
    Later,
    LostReplyError,
    Refused,
    Suspect,
    Taken,
    Told,
    TooLarge,
    Unknown,
    UnreachableError,
    Verdict,
    Wrong,
)

SHORT_WAIT: Final = timedelta(seconds=10)
"""What a provider may ask us to wait with the messages in hand; longer, and they are deferred."""
MAXIMUM_WAITS: Final = 3
MAXIMUM_ROUNDS: Final = 20
"""How often a group is sent again without those whom the provider names; it may name one at a time."""
MAXIMUM_SUSPECTS: Final = 10
"""How many messages in a row may be found fault with, not with their addresses, before we take it for ours."""
COMPANY: Final = timedelta(seconds=0.5)
"""How long a request that is not full waits for more messages: limits that let few go do not mean them to pile up."""
AT_ONCE: Final = timedelta(seconds=1)
"""For what was certainly not taken and may go as soon as we are let in again."""
REPLAY_PAUSES: Final = (timedelta(seconds=0.3), timedelta(seconds=2))
"""How long to wait before each time that a request is repeated under its key; then its messages stay in doubt."""


class ApiProvider:
    """An open way to an API; see `Provider`."""

    def __init__(self, api: Api) -> None:
        self._api = api

    @property
    def limits(self) -> Limits:
        """What it can bear."""
        return Limits(self._api.room.letters, self._api.concurrency, self._api.message_bytes)

    async def submit(self, messages: AsyncIterator[Message], intend: Intend) -> AsyncIterator[Outcome]:
        """Hand over messages; see `Provider.submit`."""
        outcomes: asyncio.Queue[Outcome | None] = asyncio.Queue()
        submission = Submission(self._api, intend, outcomes.put_nowait)
        work = asyncio.create_task(submission.run(messages))
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
        error: What is to be said if they are not.
        doubt: Why these letters may have been taken already; empty when they certainly were not.
        replays: How often the request was repeated since.
    """

    letters: Sequence[AnyLetter]
    rounds: int = 0
    waits: int = 0
    suspects: Sequence[Rejected] = ()
    error: ProviderError | None = None
    doubt: str = ""
    replays: int = 0


class Submission:
    """One call of `submit`.

    Args:
        report: Takes every outcome.
    """

    def __init__(self, api: Api, intend: Intend, report: Callable[[Outcome], None]) -> None:
        self._api = api
        self._intend = intend
        self._report = report
        self._gate = asyncio.Semaphore(api.concurrency)
        self._tasks: set[asyncio.Task[None]] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._handing: asyncio.Task[None] | None = None
        self._failure: BaseException | None = None
        self._taken = False
        self._suspects_in_a_row = 0

    async def run(self, messages: AsyncIterator[Message]) -> None:
        """Hand over all messages; after a failure, let what is under way come to its end first.

        Raises:
            ProviderError: The provider refuses us or cannot be reached.
        """
        handing = self._handing = asyncio.create_task(self._hand_over(messages, Grouping(self._api.room)))
        try:
            await asyncio.wait([handing])
        except asyncio.CancelledError:
            for task in (handing, *self._tasks):
                task.cancel()
            raise
        finally:
            if self._timer:
                self._timer.cancel()
            await asyncio.gather(handing, *self._tasks, return_exceptions=True)
        if self._failure:
            raise self._failure
        handing.result()

    async def _hand_over(self, messages: AsyncIterator[Message], grouping: Grouping) -> None:
        async for message in messages:
            letter = self._api.prepare(message)
            if isinstance(letter, Rejected):
                self._report(letter)
                continue
            for group in grouping.add(letter):
                await self._start(group)
            self._watch(grouping)
            if self._failure:
                return
        for group in grouping.rest():
            await self._start(group)

    def _watch(self, grouping: Grouping) -> None:
        """See to it that nobody waits for company for longer than a moment, where limits let few go at a time."""
        if self._timer is None and grouping.is_waiting:
            self._timer = asyncio.get_running_loop().call_later(COMPANY.total_seconds(), self._send_waiting, grouping)

    def _send_waiting(self, grouping: Grouping) -> None:
        self._timer = None
        # Where every request that may be under way is, nobody goes sooner for leaving the others.
        if not self._gate.locked():
            for group in grouping.rest():
                self._add(self._carry_in_turn(group))
        self._watch(grouping)

    async def _start(self, group: Group) -> None:
        await self._gate.acquire()
        if self._failure:
            self._gate.release()
            return
        self._add(self._carry(group)).add_done_callback(lambda _: self._gate.release())

    async def _carry_in_turn(self, group: Group) -> None:
        async with self._gate:
            if not self._failure:
                await self._carry(group)

    def _add(self, carrying: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        task = asyncio.create_task(carrying)
        self._tasks.add(task)
        task.add_done_callback(self._end)
        return task

    def _end(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            self._failure = self._failure or error
        if self._failure and self._handing:
            self._handing.cancel()  # it may wait for long for the next message

    async def _carry(self, group: Group) -> None:
        """Bring one group to its outcomes; intended once, as a further attempt follows a definite refusal."""
        allowed = await self._intend([letter.key for letter in group.letters])
        attempts = [Attempt([letter for letter in group.letters if letter.key in allowed])]
        while attempts:
            attempt = attempts.pop()
            if isinstance(self._failure, ProviderError):
                self._put_off(attempt, self._failure)
            elif attempt.letters:
                verdict = await self._try(attempt)
                follow = self._follow_doubt if attempt.doubt else self._follow
                attempts.extend(await follow(verdict, attempt))
            elif attempts:
                # Nobody is left in this part of the group: those who may be to blame go on with the next.
                attempts.append(_joined(attempts.pop(), attempt))
            else:
                self._judge(attempt.suspects, attempt.error)

    async def _try(self, attempt: Attempt) -> Verdict:
        try:
            return await self._api.post(attempt.letters)
        except UnreachableError as error:
            return Refused(unreachable(self._api.name, self._api.table, error))
        except LostReplyError as error:
            return Unknown(f"the reply was not read ({error})")

    async def _follow(self, verdict: Verdict, attempt: Attempt) -> Iterable[Attempt]:
        """Report what is settled, and give what is to be tried again."""
        letters = attempt.letters
        match verdict:
            case Taken(reference, words):
                self._taken, self._suspects_in_a_row = True, 0
                self._report_all(Accepted(letter.key, reference, words) for letter in letters)
                self._report_all(attempt.suspects)
            case Told():
                self._read(verdict, attempt)
            case Unknown(words):
                return await self._doubt(words, attempt)
            case Refused(error):
                self._refuse(error, attempt)
            case Blamed():
                return self._without(verdict, attempt)
            case TooLarge(words):
                return self._split(words, attempt)
            case Later():
                return await self._wait(verdict, attempt)
            case _:
                assert_never(verdict)
        return ()

    async def _follow_doubt(self, verdict: Verdict, attempt: Attempt) -> Iterable[Attempt]:
        """Follow what is said of a request that was repeated: only a success tells what became of the first."""
        if isinstance(verdict, Taken | Told):
            return await self._follow(verdict, attempt)
        if isinstance(verdict, Refused):
            self._failure = self._failure or verdict.error
        if isinstance(verdict, Unknown):
            return await self._doubt(attempt.doubt, attempt)
        if isinstance(verdict, Later) and (verdict.after or SHORT_WAIT) < SHORT_WAIT:
            return await self._doubt(attempt.doubt, attempt, verdict.after)
        self._leave_in_doubt(attempt.doubt, attempt)
        return ()

    async def _doubt(self, words: str, attempt: Attempt, wait: timedelta | None = None) -> Iterable[Attempt]:
        """Repeat a request that may have been carried out, where that is safe; else leave its letters in doubt."""
        if not self._api.repeats or attempt.replays >= len(REPLAY_PAUSES):
            self._leave_in_doubt(words, attempt)
            return ()
        await asyncio.sleep(max(REPLAY_PAUSES[attempt.replays], wait or timedelta()).total_seconds())
        return (replace(attempt, doubt=words, replays=attempt.replays + 1),)

    def _leave_in_doubt(self, words: str, attempt: Attempt) -> None:
        self._report_all(Uncertain(letter.key, words) for letter in attempt.letters)
        self._acquit(attempt.suspects)

    def _read(self, told: Told, attempt: Attempt) -> None:
        """Report what is said of each letter; one of which nothing is said is in doubt."""
        fates: Sequence[Fate | None] = told.fates
        if len(fates) != len(attempt.letters):
            fates = [None] * len(attempt.letters)
        any_taken = any(isinstance(fate, Taken) for fate in fates)
        self._taken = self._taken or any_taken
        suspects: list[Rejected] = [*attempt.suspects]
        error = attempt.error
        for letter, fate in zip(attempt.letters, fates, strict=True):
            if isinstance(fate, Suspect):
                suspects.append(Rejected(letter.key, fate.words))
                error = fate.error
                continue
            if isinstance(fate, Refused):
                self._failure = self._failure or fate.error
            self._report(_outcome(letter.key, fate))
        if any_taken:
            self._suspects_in_a_row = 0
            self._report_all(suspects)
        else:
            self._judge(suspects, error)

    def _without(self, blamed: Blamed, attempt: Attempt) -> Iterable[Attempt]:
        """Try again without those whom the provider names."""
        letters = attempt.letters
        self._report_all(Rejected(letters[place].key, words) for place, words in blamed.addresses.items())
        named = tuple(Rejected(letters[place].key, words) for place, words in blamed.suspects.items())
        rest = [
            letter
            for place, letter in enumerate(letters)
            if place not in blamed.addresses and place not in blamed.suspects
        ]
        if rest and attempt.rounds >= MAXIMUM_ROUNDS:
            self._defer(rest, "travelled with too many addresses that were refused", None)
            self._acquit((*attempt.suspects, *named))
            return ()
        suspects = (*attempt.suspects, *named)
        again = replace(attempt, letters=rest, rounds=attempt.rounds + 1, suspects=suspects, error=blamed.error)
        if self._are_too_many(suspects):
            self._refuse(blamed.error, again)
            return ()
        return (again,)

    def _judge(self, suspects: Sequence[Rejected], error: ProviderError | None) -> None:
        """Settle suspects whom nobody is left to travel without."""
        if error is None or not suspects:
            self._acquit(suspects)
        elif self._taken and not self._are_too_many(suspects):
            self._suspects_in_a_row += len(suspects)
            self._report_all(suspects)
        else:
            self._refuse(error, Attempt((), suspects=suspects))

    def _are_too_many(self, suspects: Sequence[Rejected]) -> bool:
        return len(suspects) + self._suspects_in_a_row >= MAXIMUM_SUSPECTS

    def _refuse(self, error: ProviderError, attempt: Attempt) -> None:
        """Stop: we are refused, and nobody of these is to blame."""
        self._failure = self._failure or error
        self._put_off(attempt, error)

    def _put_off(self, attempt: Attempt, error: ProviderError) -> None:
        """Let an attempt be that an error keeps from being made."""
        if attempt.doubt:
            self._leave_in_doubt(attempt.doubt, attempt)
            return
        self._defer(attempt.letters, error.message, AT_ONCE)
        self._acquit(attempt.suspects)

    def _acquit(self, suspects: Iterable[Rejected]) -> None:
        """Let those wait who may not have been to blame; long enough for the next run to get past them."""
        self._report_all(Deferred(suspect.key, suspect.reply) for suspect in suspects)

    def _split(self, words: str, attempt: Attempt) -> Iterable[Attempt]:
        """Try what was too large in two parts."""
        middle = len(attempt.letters) // 2
        if middle:
            # The half that is taken up first takes the suspects along.
            rest = replace(attempt, letters=attempt.letters[middle:], suspects=(), error=None)
            return (rest, replace(attempt, letters=attempt.letters[:middle]))
        self._report_all(Rejected(letter.key, words) for letter in attempt.letters)
        self._acquit(attempt.suspects)
        return ()

    async def _wait(self, later: Later, attempt: Attempt) -> Iterable[Attempt]:
        if later.after is None or later.after > SHORT_WAIT or attempt.waits >= MAXIMUM_WAITS:
            self._defer(attempt.letters, later.words, later.after)
            self._acquit(attempt.suspects)
            return ()
        await asyncio.sleep(later.after.total_seconds())
        return (replace(attempt, waits=attempt.waits + 1),)

    def _defer(self, letters: Iterable[AnyLetter], words: str, after: timedelta | None) -> None:
        self._report_all(Deferred(letter.key, words, after) for letter in letters)

    def _report_all(self, outcomes: Iterable[Outcome]) -> None:
        for outcome in outcomes:
            self._report(outcome)


def _outcome(key: DeliveryKey, fate: Taken | Wrong | Later | Unknown | Refused | None) -> Outcome:
    match fate:
        case Taken(reference, words):
            return Accepted(key, reference, words)
        case Wrong(words):
            return Rejected(key, words)
        case Later(words, after):
            return Deferred(key, words, after)
        case Refused(error):
            return Deferred(key, error.message, AT_ONCE)
        case Unknown(words):
            return Uncertain(key, words)
        case None:
            return Uncertain(key, "the reply does not tell what became of this message")


def _joined(attempt: Attempt, before: Attempt) -> Attempt:
    """Let an attempt take over the suspects of one that has nobody left."""
    return replace(attempt, suspects=(*before.suspects, *attempt.suspects), error=attempt.error or before.error)
