"""What a run learns about a mail server: what of its offers holds, and how much one connection may carry.

Source: RFC 2920 §3.2 and the old firewalls that make it needful; RFC 5321 §4.5.4.1 on trying again with less.
"""

from collections import Counter
from collections.abc import Iterable
from typing import Final

from newsletter.providers.smtp.access import Access
from newsletter.providers.smtp.connection import Connection
from newsletter.providers.smtp.dialogue import Level

FAR: Final = 0.002
"""Seconds to a server and back, from which on several messages behind each other save time.

To a near one the final dot and the next envelope in one write are as quick, and leave fewer in doubt.
"""
TWICE: Final = 2


class Server:
    """A mail server, as this run knows it.

    Args:
        messages_per_connection: After how many messages to begin a new connection.
        depth: How many messages may be under way on one connection, where the server allows it.
        in_doubt: How many of one connection may be intended while all goes well.

    Attributes:
        message_bytes: The largest message that it takes, as far as it has said so.
        in_use: How many connections carry something now.
        is_away: It could not be reached.
    """

    def __init__(self, access: Access, *, messages_per_connection: int, depth: int = 1, in_doubt: int = 1) -> None:
        self.access = access
        self.in_doubt = in_doubt
        self.message_bytes: int | None = None
        self.in_use = 0
        self.is_away = False
        self._depth = depth
        self._limit = messages_per_connection
        self._level = Level.CHUNKED
        self._proven = Level.ONE_BY_ONE
        self._most = 0
        self._closings = Counter[int]()

    def level(self, connection: Connection) -> Level:
        """Tell how messages go over a connection."""
        offers = connection.extensions
        if "PIPELINING" not in offers:
            return Level.ONE_BY_ONE
        if "CHUNKING" in offers and self._depth > 1 and connection.round_trip >= FAR:
            return self._level
        return min(self._level, Level.CHAINED)

    @property
    def depth(self) -> int:
        """How many messages may be under way on one connection: one, until the server has shown that it can."""
        return self._depth if self._proven is Level.CHUNKED else 1

    def has_room(self, connection: Connection) -> bool:
        """Tell whether a connection may carry another message."""
        return connection.begun < self._limit

    def room(self, connection: Connection) -> int:
        """Tell how many more messages a connection may carry."""
        return self._limit - connection.begun

    def note_ended(self, connection: Connection, level: Level) -> None:
        """Note that a message came to its end."""
        connection.completed += 1
        self._most = max(self._most, connection.completed)
        self._proven = max(self._proven, level)

    def note_misunderstood(self, level: Level) -> None:
        """Note that the server cannot do what it offers: what asks a little less of it is next."""
        self._level = min(self._level, Level(max(level - 1, Level.ONE_BY_ONE)))

    def note_broken(self, connection: Connection, levels: Iterable[Level], *, between: bool) -> None:
        """Note that a connection broke under some messages.

        Args:
            levels: How they went. What the server has never done well is not tried again.
            between: It broke before any octet of a content, as a server does that has a limit to its messages.
        """
        highest = max(levels, default=Level.ONE_BY_ONE)
        if highest > self._proven and not connection.dialogue.dismissed:
            self.note_misunderstood(highest)
        if between and connection.completed:
            self._closings[connection.completed] += 1
            if self._closings[connection.completed] >= TWICE and self._most == connection.completed:
                self._limit = min(self._limit, connection.completed)
