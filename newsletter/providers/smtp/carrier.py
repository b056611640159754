"""Carries messages from the supply, over one connection after the other."""

import asyncio
from collections import deque
from typing import Final

from newsletter.providers.base import Deferred
from newsletter.providers.smtp.access import UnavailableError
from newsletter.providers.smtp.connection import Connection
from newsletter.providers.smtp.journey import ATTEMPTS, Journey
from newsletter.providers.smtp.office import Office
from newsletter.providers.smtp.replies import Ending
from newsletter.providers.smtp.supply import Cargo

ASK_AGAIN: Final = 0.5
"""How long to wait until a server that takes no more connections is asked again, in seconds."""


class Carrier:
    """Carries messages from the supply, over one connection at a time."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._again: deque[Cargo] = deque()

    async def run(self) -> None:
        """Carry messages until there are no more, or until the server takes no more connections.

        Raises:
            ProviderError: The server refuses us, or cannot be reached.
        """
        try:
            while (cargo := await self._next()) is not None:
                self._again.appendleft(cargo)
                connection = await self._connect(fresh=cargo.breaks > 0)
                if connection is None:
                    return
                self._again.popleft()
                try:
                    await Journey(self._office, connection, self._again).go(cargo)
                finally:
                    self._office.pool.give_back(connection)
        finally:
            for one in self._again:
                self._office.supply.give_back(one)

    async def _next(self) -> Cargo | None:
        """Give a message that is worth a connection."""
        while not self._office.has_failed:
            cargo = self._again.popleft() if self._again else await self._office.supply.take()
            if cargo is None or cargo.intent is None or cargo.breaks < ATTEMPTS:
                return cargo
            if await cargo.intent.is_given():
                self._office.settle(Ending(Deferred(cargo.message.key, cargo.trouble), in_doubt=True))
        return None

    async def _connect(self, *, fresh: bool) -> Connection | None:
        """Give a connection; None when the server takes no more while another carrier goes on with one.

        Where only others than those who share the supply have connections, these are waited for.
        """
        office = self._office
        while not office.has_failed:
            try:
                return await office.pool.take(fresh=fresh)
            except UnavailableError:
                if kept := await office.pool.take_kept():
                    return kept
                if office.pool.in_use:
                    return None
                if not await office.make_room():
                    raise
            await asyncio.sleep(ASK_AGAIN)
        return None
