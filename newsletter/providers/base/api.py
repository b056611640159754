"""What differs between providers that take messages in requests."""

from collections.abc import Sequence
from typing import Protocol

from newsletter.errors import Place, ProviderError
from newsletter.providers.base import Message, Rejected
from newsletter.providers.base.grouping import AnyLetter, Room
from newsletter.providers.base.replies import Verdict


class Api(Protocol):
    """One provider's API, as far as handing over goes."""

    @property
    def name(self) -> str:
        """The provider's name, as people write it."""

    @property
    def table(self) -> str:
        """Its settings, as in `newsletter.toml`: "providers.sendgrid"."""

    @property
    def room(self) -> Room:
        """What one request can hold."""

    @property
    def concurrency(self) -> int:
        """How many requests may be under way at once."""

    @property
    def message_bytes(self) -> int | None:
        """The largest message, or None where the provider does not say."""

    @property
    def repeats(self) -> bool:
        """Whether a request carries a key, under which it is carried out only once however often it is sent."""

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
