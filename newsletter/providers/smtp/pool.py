"""Open connections to mail servers, kept for the next message."""

import asyncio
import logging
from collections.abc import Sequence
from typing import Final

from newsletter.providers.smtp.access import UnavailableError
from newsletter.providers.smtp.connection import Connection
from newsletter.providers.smtp.login import connect
from newsletter.providers.smtp.server import Server

_LOG: Final = logging.getLogger(__name__)


class Pool:
    """Gives connections and takes them back; new ones go to the server that carries least.

    A server that cannot be reached is left out for as long as another one answers.
    """

    def __init__(self, servers: Sequence[Server]) -> None:
        self._servers = servers
        self._of = {server.access: server for server in servers}
        self._kept: list[Connection] = []

    @property
    def message_bytes(self) -> int | None:
        """The largest message that every server takes, as far as they have said so."""
        return min((server.message_bytes for server in self._servers if server.message_bytes is not None), default=None)

    @property
    def in_use(self) -> int:
        """How many connections carry something now."""
        return sum(server.in_use for server in self._servers)

    @property
    def has_kept(self) -> bool:
        """Whether connections are open that carry nothing now."""
        return bool(self._kept)

    def server(self, connection: Connection) -> Server:
        """Give what is known of a connection's server."""
        return self._of[connection.access]

    async def take(self, *, fresh: bool) -> Connection:
        """Give an open connection, kept or new.

        Args:
            fresh: A new one, in the place of one that was kept.

        Raises:
            ProviderError: As `login.connect` does.
        """
        kept = await self._find_kept()
        if kept and fresh:
            kept.close()
            kept = None
        connection = kept or await self._connect()
        self.server(connection).in_use += 1
        return connection

    async def take_kept(self) -> Connection | None:
        """Give a connection that is open already, if there is one; those used up are closed on the way."""
        kept = await self._find_kept()
        if kept:
            self.server(kept).in_use += 1
        return kept

    def give_back(self, connection: Connection) -> None:
        """Keep a connection for the next message, or close it if one broke off on it."""
        self.server(connection).in_use -= 1
        if connection.is_ready:
            self._kept.append(connection)
        else:
            connection.close()

    async def close(self) -> None:
        """Say goodbye on every connection."""
        kept, self._kept = self._kept, []
        await asyncio.gather(*(connection.quit() for connection in kept))

    async def _find_kept(self) -> Connection | None:
        while self._kept:
            connection = self._kept.pop()
            if connection.is_ready and self.server(connection).has_room(connection):
                return connection
            await connection.quit()
        return None

    async def _connect(self) -> Connection:
        failure: UnavailableError | None = None
        for server in sorted(self._servers, key=lambda server: (server.is_away, server.in_use)):
            try:
                connection = await connect(server.access)
            except UnavailableError as error:
                if not server.in_use and not server.is_away and len(self._servers) > 1:
                    server.is_away = True
                    _LOG.warning("%s; it is left out while another server answers", error.message)
                failure = failure or error
            else:
                server.is_away = False
                server.message_bytes = connection.extensions.message_bytes
                return connection
        if failure is None:
            raise RuntimeError("there is no server")
        raise failure
