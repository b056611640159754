"""Mails what is due: takes it in hand, makes it, and hands it over as fast as the limits allow."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Final, TypeVar, cast

from newsletter import event_loop, plugins
from newsletter.dispatch.confirmation import waiting as rows
from newsletter.dispatch.confirmation.letters import ConfirmationMail, Letters
from newsletter.dispatch.confirmation.pace import Pace
from newsletter.dispatch.confirmation.waiting import Waiting
from newsletter.dispatch.driving import pacing_rules
from newsletter.dispatch.pacing import Buckets
from newsletter.dispatch.runner import Stop
from newsletter.dispatch.surroundings import Surroundings
from newsletter.errors import NewsletterError
from newsletter.message import DeliveryKey, without_addresses
from newsletter.providers.base import Accepted, Deferred, Outcome, ProviderModule, Rejected, Uncertain
from newsletter.settings import provider_settings
from newsletter.store import insist

FIRST_GAP: Final = timedelta(minutes=5)
"""How long to wait after a refusal for now: somebody is waiting for the mail. Later it is twice as long each time."""
LONGEST_GAP: Final = timedelta(hours=4)
SHORTEST_GAP: Final = timedelta(minutes=1)
_LONGEST_REPLY: Final = 500
_T = TypeVar("_T")


@dataclass
class Mailed:
    """What came of one turn.

    Args:
        taken: How many rows were taken in hand.
        counts: How many were accepted, deferred, rejected, uncertain, postponed (by limits) and void (nothing to mail).
        failures: What kept mails from being made; they are tried again.
    """

    taken: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    failures: list[NewsletterError] = field(default_factory=list)


def mail_due(surroundings: Surroundings, stop: Stop | None = None) -> Mailed:
    """Mail everything that is due now.

    Raises:
        ProviderError: The provider refuses us or cannot be reached; what it did not take waits.
        StoreError: The database cannot be used.
    """
    total = Mailed()

    async def all_of_it() -> None:
        asked = stop or Stop()
        while not asked.asked and (turn := await mail_some(surroundings, asked)).taken:
            total.taken += turn.taken
            total.counts += turn.counts
            total.failures += turn.failures

    event_loop.run(all_of_it())
    return total


async def mail_some(surroundings: Surroundings, stop: Stop) -> Mailed:
    """Mail as much of what is due as is taken in hand at a time.

    Args:
        stop: Once it asks, no further mail is begun.

    Raises:
        ProviderError: The provider refuses us or cannot be reached; what it did not take waits.
        StoreError: The database cannot be used.
    """
    turn = _Turn(surroundings, stop)
    held = await turn.in_database(turn.take_in_hand)
    if held:
        await turn.mail(held)
    return turn.mailed


@dataclass
class _Turn:
    surroundings: Surroundings
    stop: Stop
    mailed: Mailed = field(default_factory=Mailed)
    _open: dict[DeliveryKey, ConfirmationMail] = field(default_factory=dict)
    _left: set[DeliveryKey] = field(default_factory=set)

    async def in_database(self, work: Callable[[], _T]) -> _T:
        """Do something that is one transaction in another thread, also while the database is busy for a moment."""
        return await asyncio.to_thread(insist, work)

    def take_in_hand(self) -> Sequence[Waiting]:
        """Take rows in hand; where nothing is due, nothing is written."""
        database, now = self.surroundings.database, self.surroundings.clock()
        with database.reading() as connection:
            if not rows.is_due(connection, now):
                return ()
        with database.writing() as connection:
            held = rows.take_in_hand(connection, now)
        self.mailed.taken = len(held)
        return held

    async def mail(self, held: Sequence[Waiting]) -> None:
        """Mail rows, and let go of those that did not leave."""
        settings = self.surroundings.settings
        try:
            mails = await self.in_database(lambda: self._make(held))
            rules = pacing_rules(settings, settings.provider)
            pace = Pace(Buckets(self.surroundings.database, rules, self.surroundings.clock))
            self._open = {one.key: one for one in mails}
            going, put_off = await self.in_database(lambda: pace.ask(mails))
            await self.in_database(lambda: self._postpone(put_off))
            if going:
                await self._hand_over(going, pace)
        finally:
            await self.in_database(self._let_go)

    def _make(self, held: Sequence[Waiting]) -> Sequence[ConfirmationMail]:
        letters, made = Letters(self.surroundings), list[ConfirmationMail]()
        void: list[tuple[Waiting, str, datetime | None]] = []
        with self.surroundings.database.reading() as connection:
            for one in held:
                try:
                    mail = letters.make(connection, one)
                except NewsletterError as error:
                    self.mailed.failures.append(error)
                    void.append((one, "the mail could not be made", self._again(one, None)))
                    continue
                if isinstance(mail, str):
                    void.append((one, mail, None))
                else:
                    made.append(mail)
        if void:
            self.mailed.counts["void"] += sum(again is None for _, _, again in void)
            with self.surroundings.database.writing() as connection:
                for one, why, again in void:
                    rows.refused(connection, one, why, again, left=False)
        return made

    def _postpone(self, put_off: Mapping[DeliveryKey, timedelta]) -> None:
        if not put_off:
            return
        now = self.surroundings.clock()
        with self.surroundings.database.writing() as connection:
            for key, wait in put_off.items():
                rows.put_back(connection, self._open.pop(key).waiting, now + wait)
        self.mailed.counts["postponed"] += len(put_off)

    async def _hand_over(self, going: Sequence[ConfirmationMail], pace: Pace) -> None:
        settings = self.surroundings.settings
        module = cast("ProviderModule", plugins.load("providers", settings.provider))
        carrier = provider_settings(settings, self.surroundings.workspace, settings.provider)
        async with module.open(carrier) as provider:
            async for outcome in provider.submit(self._messages(going), self._intend):
                complaint = pace.hear(outcome, self._open[outcome.key])
                await self.in_database(partial(self._settle, outcome))
                if complaint is not None:
                    await self.in_database(partial(pace.slow_down, complaint))

    async def _messages(self, going: Sequence[ConfirmationMail]) -> AsyncIterator[ConfirmationMail]:
        for mail in going:
            if self.stop.asked:
                return
            yield mail

    async def _intend(self, keys: Sequence[DeliveryKey], *, ahead: bool = False) -> frozenset[DeliveryKey]:  # noqa: ARG002 - it is never long
        return await self.in_database(lambda: self._leave(keys))

    def _leave(self, keys: Sequence[DeliveryKey]) -> frozenset[DeliveryKey]:
        by_number = {self._open[key].waiting.number: key for key in keys if key in self._open}
        waiting = [self._open[key].waiting for key in by_number.values()]
        with self.surroundings.database.writing() as connection:
            hashes, now = self.surroundings.signer.address_hashes, self.surroundings.clock()
            numbers = rows.about_to_leave(connection, waiting, hashes, now)
        going = frozenset(by_number[number] for number in numbers)
        self._left |= going
        for key in by_number.values():
            if key not in going:
                del self._open[key]
                self.mailed.counts["postponed"] += 1
        return going

    def _settle(self, outcome: Outcome) -> None:
        mail = self._open[outcome.key]
        one, left, reply = mail.waiting, outcome.key in self._left, _told(outcome.reply)
        with self.surroundings.database.writing() as connection:
            match outcome:
                case Accepted():
                    rows.answered(connection, one, reply)
                case Deferred():
                    rows.refused(connection, one, reply, self._again(one, outcome.retry_after), left=left)
                case Rejected():
                    rows.refused(connection, one, reply, None, left=left)
                case Uncertain():
                    rows.unanswered(connection, one, reply, self.surroundings.clock())
        del self._open[outcome.key]
        self.mailed.counts[type(outcome).__name__.lower()] += 1

    def _again(self, one: Waiting, asked: timedelta | None) -> datetime:
        """Tell when to try again after a refusal for now."""
        usual = min(FIRST_GAP * 2 ** min(one.attempts - 1, 10), LONGEST_GAP)
        wait = usual if asked is None else max(asked, SHORTEST_GAP if one.attempts == 1 else usual)
        return self.surroundings.clock() + wait

    def _let_go(self) -> None:
        """Give back what was not tried, and note of what left that nobody knows what became of it."""
        if not self._open:
            return
        now = self.surroundings.clock()
        with self.surroundings.database.writing() as connection:
            for key, mail in self._open.items():
                if key in self._left:
                    rows.unanswered(connection, mail.waiting, "nothing was heard of it", now)
                else:
                    rows.put_back(connection, mail.waiting, now)
        self.mailed.counts["uncertain"] += sum(key in self._left for key in self._open)
        self._open.clear()


def _told(reply: str) -> str:
    """Keep of a reply what tells nothing about anybody."""
    return without_addresses(reply)[:_LONGEST_REPLY]
