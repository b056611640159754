"""Lets those who ask for intents wait for each other, so that as many as can be go in one transaction.

A transaction costs much more than a row in it. Whoever has a message under way mostly asks for the next one as soon as
the reply is there, so that waiting for replies that are still to come brings company. It is not waited for longer than
the last transaction took, which those who came too late for that one have waited anyway. What is asked ahead of its
turn waits until a third of all that is under way or asked for can go together, and a few milliseconds at most.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from newsletter.message import DeliveryKey

LINGER: Final = timedelta(milliseconds=50)
"""How long outcomes wait for an intent that takes them along. It writes them first, so that waiting puts no more in
doubt than is under way."""
MOST_PATIENCE: Final = timedelta(milliseconds=5)
"""How long an intent waits for company at most."""
AHEAD: Final = timedelta(milliseconds=10)
"""The same for one that nothing waits for yet."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Somebody who waits to hear which of their messages may go."""

    keys: Sequence[DeliveryKey]
    answer: "asyncio.Future[frozenset[DeliveryKey]]"


class Gathering:
    """What is to be written next, and who has a message under way."""

    def __init__(self) -> None:
        self._asked: list[Asked] = []
        self._asking: set[DeliveryKey] = set()
        self._under_way: set[DeliveryKey] = set()
        self._news = asyncio.Event()
        self._lingering: asyncio.TimerHandle | None = None
        self._patience = 0.0
        self._taken_at = 0.0
        self._is_over = False
        self._is_urgent = False
        self._is_patient = False
        self._has_rung = False

    def ask(self, keys: Sequence[DeliveryKey], *, ahead: bool = False) -> "asyncio.Future[frozenset[DeliveryKey]]":
        """Ask which of some messages may go.

        Args:
            ahead: Nothing waits for the answer yet.
        """
        asked = Asked(keys, asyncio.get_running_loop().create_future())
        self._asked.append(asked)
        self._asking.update(keys)
        self._is_urgent = self._is_urgent or not ahead
        if self._is_urgent or not self._is_patient or self._suffice:
            self._news.set()
        return asked.answer

    def hear(self, key: DeliveryKey) -> None:
        """Take note that a message has its outcome."""
        self._under_way.discard(key)
        self._asking.discard(key)
        if self._asked and (not self._under_way or self._suffice):
            self._news.set()
        if self._lingering is None:
            loop = asyncio.get_running_loop()
            self._lingering = loop.call_later(LINGER.total_seconds(), self._news.set)

    def end(self) -> None:
        """Let nobody wait any more."""
        self._is_over = True
        self._news.set()

    async def wait(self) -> None:
        """Wait until something is to be written: for outcomes, or for those who ask and their company."""
        await self._news.wait()
        await self._let_all_ask()
        if self._asked and self._under_way:
            await self._wait_for_company()

    def take(self) -> Sequence[Asked]:
        """Give those who ask; what comes from now on is for the next time."""
        self._news.clear()
        if self._lingering is not None:
            self._lingering.cancel()
            self._lingering = None
        asked, self._asked = self._asked, []
        self._is_urgent = False
        self._taken_at = asyncio.get_running_loop().time()
        return asked

    def answer(self, asked: Sequence[Asked], going: frozenset[DeliveryKey]) -> None:
        """Tell those who were taken which messages may go."""
        if asked:
            taken = asyncio.get_running_loop().time() - self._taken_at
            self._patience = min(taken, MOST_PATIENCE.total_seconds())
        for one in asked:
            # Whose outcome was heard meanwhile is not under way any more.
            self._under_way.update(going.intersection(one.keys) & self._asking)
            self._asking.difference_update(one.keys)
            if not one.answer.done():
                one.answer.set_result(going.intersection(one.keys))

    async def _let_all_ask(self) -> None:
        """Let everybody who is about to ask do so, for as long as more come."""
        count = -1
        while count < len(self._asked):
            count = len(self._asked)
            await asyncio.sleep(0)

    async def _wait_for_company(self) -> None:
        loop = asyncio.get_running_loop()
        began, hurries = loop.time(), False
        self._has_rung = False
        timer = loop.call_later(AHEAD.total_seconds(), self._ring)
        while self._under_way and not (self._is_over or self._has_rung or self._suffice):
            if self._is_urgent and not hurries:
                hurries = True
                timer.cancel()
                timer = loop.call_at(began + self._patience, self._ring)
            await self._hear_news()
        timer.cancel()

    def _ring(self) -> None:
        self._has_rung = True
        self._news.set()

    async def _hear_news(self) -> None:
        self._news.clear()
        self._is_patient = True
        await self._news.wait()
        self._is_patient = False
        if self._is_urgent:
            await self._let_all_ask()

    @property
    def _suffice(self) -> bool:
        """Whether half as many ask ahead as are still under way: waiting longer might let a connection wait."""
        return not self._is_urgent and 2 * len(self._asking) >= len(self._under_way)
