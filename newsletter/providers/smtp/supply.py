"""Messages on their way from a source to those who carry them, a few of them held ready."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from newsletter.providers.base import Message
from newsletter.providers.smtp.ahead import Intent


@dataclass(slots=True, eq=False)
class Cargo:
    """A message to carry.

    Args:
        breaks: How many connections have broken under it.
        trouble: What the last of them said.
        intent: What was asked for it before its turn.
    """

    message: Message
    breaks: int = 0
    trouble: str = ""
    intent: Intent | None = None


class Supply:
    """Takes messages from a source as they are needed, each of them once.

    One held ready can join the write that ends the one before it; waiting for a source would keep that write waiting.

    Args:
        ready: How many to hold.
    """

    def __init__(self, messages: AsyncIterator[Message], ready: int) -> None:
        self._messages = messages
        self._wanted = ready
        self._ready: deque[Cargo] = deque()
        self._returned: deque[Cargo] = deque()
        self._is_over = False
        self._is_closed = False
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._room = asyncio.Event()

    async def fill(self) -> None:
        """Take from the source until it ends."""
        try:
            async for message in self._messages:
                self._ready.append(Cargo(message))
                self._wake(1)
                if len(self._ready) >= self._wanted:
                    self._room.clear()
                    await self._room.wait()
                if self._is_closed:
                    return
        finally:
            self._is_over = True
            self._wake(len(self._waiting))

    def take_ready(self) -> Cargo | None:
        """Give a message that is there already."""
        if self._is_closed:
            return None
        found = self._returned or self._ready
        if not found:
            return None
        if len(self._ready) <= self._wanted // 2:
            self._room.set()
        return found.popleft()

    async def take(self) -> Cargo | None:
        """Wait for a message; None when there are no more."""
        while (cargo := self.take_ready()) is None:
            if self._is_over or self._is_closed:
                return None
            self._room.set()
            waiting = asyncio.get_running_loop().create_future()
            self._waiting.append(waiting)
            await waiting
        return cargo

    def give_back(self, cargo: Cargo) -> None:
        """Leave a message to somebody else."""
        self._returned.append(cargo)
        self._wake(1)

    def left(self) -> Sequence[Cargo]:
        """Give what was given back and nobody has taken."""
        return tuple(self._returned)

    def close(self) -> None:
        """Give no more."""
        self._is_closed = True
        self._room.set()
        self._wake(len(self._waiting))

    def _wake(self, count: int) -> None:
        while count and self._waiting:
            waiting = self._waiting.popleft()
            if not waiting.done():
                waiting.set_result(None)
                count -= 1
