"""Opens the way to SendGrid, and asks what the key may do."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final

from newsletter.providers.base import Inspection, Message, Provider, Rejected, SharedParts
from newsletter.providers.base.grouping import Room
from newsletter.providers.base.replies import Verdict
from newsletter.providers.base.submission import ApiProvider
from newsletter.providers.sendgrid.connection import Connection
from newsletter.providers.sendgrid.inspection import ask
from newsletter.providers.sendgrid.replies import judge
from newsletter.providers.sendgrid.requests import MAXIMUM_BYTES, SendGridLetter, bare_size, make_body, prepare
from newsletter.providers.sendgrid.settings import Settings

DKIM_SELECTORS: Final = ("s1", "s2")
"""Under these names the keys stand that SendGrid signs with, once it has authenticated a domain."""


class _SendGrid:
    """SendGrid's API; it has no key under which a request is carried out only once."""

    name = "SendGrid"
    table = "providers.sendgrid"
    message_bytes = MAXIMUM_BYTES
    repeats = False

    def __init__(self, settings: Settings, connection: Connection) -> None:
        self.room = Room(settings.batch, MAXIMUM_BYTES, bare_size, distinct=True)
        self.concurrency = settings.concurrency
        self._sandbox = settings.sandbox
        self._connection = connection

    def prepare(self, message: Message) -> SendGridLetter | Rejected:
        return prepare(message)

    async def post(self, letters: Sequence[SendGridLetter]) -> Verdict:
        shared: SharedParts = letters[0].kind
        reply = await self._connection.post(lambda: make_body(shared, letters, sandbox=self._sandbox))
        return judge(reply, len(letters), sandbox=self._sandbox)


@asynccontextmanager
async def open(settings: Settings) -> AsyncIterator[Provider]:  # noqa: A001
    """Open the provider; nothing is asked of SendGrid before the first message."""
    yield ApiProvider(_SendGrid(settings, _connection(settings)))


async def inspect(settings: Settings) -> Inspection:
    """Ask what the key may do.

    Raises:
        ProviderError: SendGrid cannot be reached, or refuses the key.
    """
    return await ask(_connection(settings.quick()), settings.host, is_private=settings.is_private)


def _connection(settings: Settings) -> Connection:
    key = settings.api_key.get_secret_value()
    return Connection(settings.host, key, settings.timeout, local=settings.is_local)
