"""Opens the way to Mailgun, and asks how our domain stands with it."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Final, TypeAlias
from urllib.parse import quote

from newsletter.providers.base import Inspection, Message, Provider, Rejected
from newsletter.providers.base.connection import Connection, connecting, describe, inquire
from newsletter.providers.base.grouping import Room
from newsletter.providers.base.letters import Letter, whole_letter
from newsletter.providers.base.replies import Reply, Verdict
from newsletter.providers.base.submission import ApiProvider
from newsletter.providers.mailgun.replies import TABLE, judge, read_words, refusal
from newsletter.providers.mailgun.settings import Settings

MAXIMUM_BYTES: Final = 25_000_000
"""How large a message may be. Source: Mailgun's page "Sending Messages"."""

MailgunLetter: TypeAlias = Letter[None, bytes]


class _Mailgun:
    """Mailgun's API; it has no key under which a request is carried out only once.

    A request carries one message to one reader: so nobody sees another's address, and Mailgun fills in nothing.
    """

    name = "Mailgun"
    table = TABLE
    message_bytes = MAXIMUM_BYTES
    room = Room(1, MAXIMUM_BYTES)
    repeats = False

    def __init__(self, settings: Settings, connection: Connection) -> None:
        self.concurrency = settings.concurrency
        self._sandbox = settings.sandbox
        self._path = f"/v3/{quote(settings.domain or '', safe='')}/messages.mime"
        self._connection = connection

    def prepare(self, message: Message) -> MailgunLetter | Rejected:
        return whole_letter(message, self.name, MAXIMUM_BYTES)

    async def post(self, letters: Sequence[MailgunLetter]) -> Verdict:
        (letter,) = letters
        fields = {
            "to": letter.address,
            "v:delivery": letter.key,
            "o:tracking": "no",
            "o:tracking-clicks": "no",
            "o:tracking-opens": "no",
        }
        if self._sandbox:
            fields["o:testmode"] = "yes"
        files = {"message": ("message.eml", letter.entry, "message/rfc822")}
        return judge(await self._connection.post(self._path, data=fields, files=files), sandbox=self._sandbox)


@asynccontextmanager
async def open(settings: Settings) -> AsyncIterator[Provider]:  # noqa: A001
    """Open the provider; nothing is asked of Mailgun before the first message."""
    async with _connecting(settings) as connection:
        yield ApiProvider(_Mailgun(settings, connection))


async def inspect(settings: Settings) -> Inspection:
    """Ask how our domain stands; a sending key of the domain may not, and is refused.

    Raises:
        ProviderError: Mailgun cannot be reached, or refuses the key.

    Source: Mailgun's reference of GET /v4/domains/{name}.
    """
    name = settings.domain or ""
    async with _connecting(settings.quick()) as connection:
        reply = await inquire(connection, f"/v4/domains/{quote(name, safe='')}", "Mailgun", TABLE)
    if reply.status == 404:
        faults = {f"Mailgun does not know the domain {name}": f"Add it to Mailgun, or correct region in [{TABLE}]."}
    else:
        faults = _faults(name, _domain(reply))
    return describe(settings, reply, MAXIMUM_BYTES, faults)


def _domain(reply: Reply) -> Mapping[str, Any]:
    domain = reply.document.get("domain") if isinstance(reply.document, dict) else None
    if reply.status != 200 or not isinstance(domain, dict):
        raise refusal(reply.status, read_words(reply))
    return domain


def _faults(name: str, domain: Mapping[str, Any]) -> dict[str, str]:
    faults = {}
    if domain.get("state") == "unverified":
        faults[f"the domain {name} is not verified with Mailgun"] = (
            "Put its records into the DNS, and have it verified."
        )
    if domain.get("is_disabled") or domain.get("state") == "disabled":
        faults[f"Mailgun has disabled the domain {name}"] = "Ask Mailgun why; nothing can be sent until it is enabled."
    if domain.get("type") == "sandbox":
        faults[f"the domain {name} is one for trials"] = "Add your own domain to Mailgun: this one reaches few readers."
    return faults


def _connecting(settings: Settings) -> AbstractAsyncContextManager[Connection]:
    key = settings.api_key.get_secret_value()
    return connecting(settings, login=("api", key), secrets=[key])
