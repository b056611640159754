"""Open connections to one mail server, kept for the next message."""

import asyncio

from newsletter.providers.smtp.access import Access
from newsletter.providers.smtp.connection import Connection, connect


class Pool:
    """Gives connections and takes them back.

    Args:
        messages_per_connection: After how many messages to begin a new one.

    Attributes:
        message_bytes: The largest message that the server takes, as far as it has said so.
    """

    def __init__(self, access: Access, messages_per_connection: int) -> None:
        self.message_bytes: int | None = None
        self._access = access
        self._messages_per_connection = messages_per_connection
        self._kept: list[Connection] = []

    async def take(self, *, fresh: bool) -> Connection:
        """Give an open connection, kept or new.

        Args:
            fresh: A new one, in the place of one that was kept.

        Raises:
            ProviderError: As `connection.connect` does.
        """
        kept = await self.take_kept()
        if kept and not fresh:
            return kept
        if kept:
            kept.close()
        connection = await connect(self._access)
        self.message_bytes = connection.extensions.message_bytes
        return connection

    async def take_kept(self) -> Connection | None:
        """Give a connection that is open already, if there is one; those used up are closed on the way."""
        while self._kept:
            connection = self._kept.pop()
            if connection.is_ready and connection.sent < self._messages_per_connection:
                return connection
            await connection.quit()
        return None

    def give_back(self, connection: Connection) -> None:
        """Keep a connection for the next message, or close it if one broke off on it."""
        if connection.is_ready:
            self._kept.append(connection)
        else:
            connection.close()

    async def close(self) -> None:
        """Say goodbye on every connection."""
        kept, self._kept = self._kept, []
        await asyncio.gather(*(connection.quit() for connection in kept))
