"""What differs between providers that take messages in requests."""

from collections.abc import Sequence
from typing import Protocol

from newsletter.errors import Place, ProviderError
from newsletter.providers.base import Message, Rejected
from newsletter.providers.base.grouping import AnyLetter, Room
from newsletter.providers.base.replies import Verdict


class Api(Protocol):
    """One provider's API, as far as handing over goes.

    Attributes:
        name: As people write it.
        table: Its settings, as in `newsletter.toml`: "providers.sendgrid".
        room: What one request can hold.
        concurrency: How many requests may be under way at once.
        message_bytes: The largest message.
        repeats: A request carries a key, under which it is carried out only once however often it is sent.
    """

    name: str
    table: str
    room: Room
    concurrency: int
    message_bytes: int
    repeats: bool

    def prepare(self, message: Message, /) -> AnyLetter | Rejected:
        """Make a letter of a message, or say why it cannot be carried.

        Raises:
            ProviderError: The sender's address cannot be written.
        """

    async def post(self, letters: Sequence[AnyLetter], /) -> Verdict:
        """Send one request; equal letters make equal requests.

        Raises:
            UnreachableError: Nothing was sent.
            LostReplyError: The connection failed later.
        """


def unreachable(name: str, table: str, error: Exception) -> ProviderError:
    """Say that no connection was made."""
    return ProviderError(
        f"{name} cannot be reached ({error})",
        where=Place(field=table),
        remedy=f"Look at the network, and at base_url in [{table}]; then send again.",
    )
