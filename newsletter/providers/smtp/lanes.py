"""Parts messages by the domain that they go to: a mail system that is slow keeps only its own connections busy."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass

from newsletter.message import ascii_domain
from newsletter.providers.base import Message
from newsletter.providers.smtp.pool import Pool


@dataclass(frozen=True, slots=True)
class Lane:
    """Connections for the messages to some domain, or to all that have none of their own.

    Args:
        connections: How many carry at once.
    """

    pool: Pool
    connections: int


class Parting:
    """Messages from one source on their way to several lanes.

    Args:
        room: How many messages may wait for each lane; the first is for all domains without one of their own.
        numbers: The lane of a domain, in ASCII and lower case.
    """

    def __init__(self, messages: AsyncIterator[Message], room: Sequence[int], numbers: Mapping[str, int]) -> None:
        self._messages = messages
        self._numbers = numbers
        self._queues: Sequence[asyncio.Queue[Message | None]] = [asyncio.Queue(most) for most in room]

    async def fill(self) -> None:
        """Take from the source until it ends."""
        async for message in self._messages:
            await self._queues[self._number(message)].put(message)
        for queue in self._queues:
            await queue.put(None)

    async def of(self, number: int) -> AsyncIterator[Message]:
        """Give the messages of one lane, as they come."""
        while (message := await self._queues[number].get()) is not None:
            yield message

    def _number(self, message: Message) -> int:
        domain = message.recipient.address.rpartition("@")[2]
        try:
            return self._numbers.get(ascii_domain(domain).lower(), 0)
        except ValueError:  # whoever writes the envelope refuses it
            return 0
