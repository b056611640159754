"""Opens the way to Brevo, and asks how our account stands with it."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

from newsletter.providers.base import Inspection, Message, Provider, Rejected
from newsletter.providers.base.connection import Connection, connecting, describe, inquire
from newsletter.providers.base.grouping import Room
from newsletter.providers.base.replies import Reply, Verdict
from newsletter.providers.base.submission import ApiProvider
from newsletter.providers.brevo.replies import TABLE, judge, read_words, refusal
from newsletter.providers.brevo.requests import BrevoLetter, prepare
from newsletter.providers.brevo.settings import Settings


class _Brevo:
    """Brevo's API; it refuses a request under a key that it knows from the last quarter of an hour.

    So a repetition that is taken is the first one that was; one that is refused leaves the message in doubt.
    """

    name = "Brevo"
    table = TABLE
    message_bytes = None
    room = Room(1)
    repeats = True

    def __init__(self, settings: Settings, connection: Connection) -> None:
        self.concurrency = settings.concurrency
        self._sandbox = settings.sandbox
        self._connection = connection

    def prepare(self, message: Message) -> BrevoLetter | Rejected:
        return prepare(message, sandbox=self._sandbox)

    async def post(self, letters: Sequence[BrevoLetter]) -> Verdict:
        (letter,) = letters
        reply = await self._connection.post(
            "/v3/smtp/email", content=letter.entry, headers={"content-type": "application/json"}
        )
        return judge(reply, sandbox=self._sandbox)


@asynccontextmanager
async def open(settings: Settings) -> AsyncIterator[Provider]:  # noqa: A001
    """Open the provider; nothing is asked of Brevo before the first message."""
    async with _connecting(settings) as connection:
        yield ApiProvider(_Brevo(settings, connection))


async def inspect(settings: Settings) -> Inspection:
    """Ask how our account stands.

    Raises:
        ProviderError: Brevo cannot be reached, or refuses the key.

    Source: Brevo's reference of GET /v3/account.
    """
    async with _connecting(settings.quick()) as connection:
        reply = await inquire(connection, "/v3/account", "Brevo", TABLE)
    relay = _document(reply).get("relay")
    faults = {}
    if isinstance(relay, dict) and relay.get("enabled") is False:
        faults["Brevo lets this account send nothing by its API"] = "Have Brevo activate it."
    return describe(settings, reply, None, faults)


def _document(reply: Reply) -> Mapping[str, Any]:
    if reply.status != 200 or not isinstance(reply.document, dict):
        raise refusal(reply.status, reply.text("code"), read_words(reply))
    return reply.document


def _connecting(settings: Settings) -> AbstractAsyncContextManager[Connection]:
    key = settings.api_key.get_secret_value()
    return connecting(settings, headers={"api-key": key}, secrets=[key])
