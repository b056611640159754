"""What those who carry messages over one connection each share."""

from typing import Protocol

from newsletter.providers.base import Intend
from newsletter.providers.smtp.pool import Pool
from newsletter.providers.smtp.replies import Ending
from newsletter.providers.smtp.signing import Signing
from newsletter.providers.smtp.supply import Supply


class Office(Protocol):
    """Takes what became of each message, and knows when to stop.

    Attributes:
        is_wary: A message was withheld last, so that others may be too: their intents are asked for before anything
            of them is written, as the server has to be left once it waits for a content.
        is_calm: All goes well, so that intents may be asked for beforehand.
    """

    is_wary: bool

    @property
    def is_calm(self) -> bool: ...
    @property
    def pool(self) -> Pool: ...
    @property
    def supply(self) -> Supply: ...
    @property
    def signing(self) -> Signing: ...
    @property
    def intend(self) -> Intend: ...
    @property
    def has_failed(self) -> bool: ...

    def settle(self, ending: Ending) -> bool:
        """Take what became of a message; tell whether it shows that it is about us."""

    def fail(self, error: BaseException) -> None:
        """Let nothing more begin."""

    async def make_room(self) -> bool:
        """Let others close what they keep open for later; tell whether there may be room now, or soon."""
