"""Intents that are asked for before their messages have their turn, so that no connection waits for the ledger.

Only for what leaves within a moment: whoever leaves the list or stops the dispatch meanwhile is heard in time, and a
slow server is written to as if nobody looked ahead.
"""

import asyncio
from collections.abc import Awaitable
from typing import Final

from newsletter.clock import steady
from newsletter.message import DeliveryKey

HORIZON: Final = 0.05
"""How many seconds ahead a connection looks."""
FRESH: Final = 5.0
"""For how many seconds an intent holds for a message of which no content is written; connections break, and hang."""
_WEIGHT: Final = 0.2
"""How much the last message counts among those before it."""


class Intent:
    """An intent that was asked for.

    Args:
        answer: Gives the keys of what may go.
    """

    __slots__ = ("_answer", "_asked_at", "_key")

    def __init__(self, key: DeliveryKey, answer: Awaitable[frozenset[DeliveryKey]]) -> None:
        self._key = key
        self._answer = asyncio.ensure_future(answer)
        self._asked_at = steady()

    @property
    def is_old(self) -> bool:
        """Whether it should not be acted upon any more: readers may have left since, or the dispatch have stopped."""
        return steady() >= self._asked_at + FRESH

    @property
    def is_down(self) -> bool:
        """Whether it is written down already."""
        return self._answer.done() and self._key in self._answer.result()

    @property
    def is_withheld(self) -> bool:
        """Whether it is certain already that the message may not go."""
        return self._answer.done() and self._key not in self._answer.result()

    async def is_given(self) -> bool:
        """Wait for the answer: whether the message may go."""
        return self._key in await self._answer


class Tempo:
    """How fast messages leave over one connection, and so how far it looks ahead.

    Args:
        most: How many messages may be intended at a time.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._ended_at: float | None = None
        self._gap: float | None = None
        self._reach = 0

    def note_ended(self, now: float) -> None:
        """Note that a message came to its end."""
        if self._ended_at is not None:
            gap = now - self._ended_at
            self._gap = gap if self._gap is None else self._gap + _WEIGHT * (gap - self._gap)
            self._reach = int(HORIZON / self._gap) if self._gap else self._most
        self._ended_at = now

    def room(self, under_way: int) -> int:
        """Tell how many may be intended beside those under way."""
        return max(min(self._most - under_way, self._reach), 0)
