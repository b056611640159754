"""Carries messages from the supply, over one connection after the other."""

import asyncio
from collections import deque
from datetime import timedelta
from typing import Final

from newsletter.providers.base import Deferred
from newsletter.providers.smtp.access import UnavailableError
from newsletter.providers.smtp.ahead import FRESH, Intent
from newsletter.providers.smtp.connection import Connection
from newsletter.providers.smtp.journey import ATTEMPTS, Journey
from newsletter.providers.smtp.office import Office
from newsletter.providers.smtp.replies import Ending
from newsletter.providers.smtp.supply import Cargo

ASK_AGAIN: Final = 0.5
"""How long to wait until a server that takes no more connections is asked again, in seconds."""
LATE: Final = "its turn came too late"
"""What is said of a message that waited too long for a connection."""


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
                connection = await self._connect(fresh=cargo.breaks > 0)
                if connection is None:
                    self._again.appendleft(cargo)
                    return
                try:
                    await Journey(self._office, connection, self._again).go(cargo)
                finally:
                    self._office.pool.give_back(connection)
        finally:
            for one in self._again:
                self._office.supply.give_back(one)

    async def _next(self) -> Cargo | None:
        while not self._office.has_failed:
            cargo = self._again.popleft() if self._again else await self._office.supply.take()
            if cargo is None or cargo.intent is None or await self._may_still_go(cargo, cargo.intent):
                return cargo
        return None

    async def _may_still_go(self, cargo: Cargo, intent: Intent) -> bool:
        """Judge a message again whose intent was asked for, and that has not gone."""
        is_old = intent.is_down and asyncio.get_running_loop().time() >= intent.asked_at + FRESH
        if not await intent.is_given():
            return False
        key = cargo.message.key
        if cargo.breaks >= ATTEMPTS:
            self._office.settle(Ending(Deferred(key, cargo.trouble), in_doubt=True))
        elif is_old:
            self._office.settle(Ending(Deferred(key, cargo.trouble or LATE, retry_after=timedelta()), in_doubt=True))
        else:
            return True
        return False

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
