"""Opens the way to Amazon SES, and asks how our account stands with it."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

from newsletter.providers.base import Inspection, Message, Provider, Rejected
from newsletter.providers.base.connection import Connection, connecting, describe, inquire
from newsletter.providers.base.grouping import Room
from newsletter.providers.base.replies import Reply, Verdict
from newsletter.providers.base.submission import ApiProvider
from newsletter.providers.ses.replies import judge, read_code, read_words, refusal
from newsletter.providers.ses.requests import MAXIMUM_BYTES, SesLetter, prepare
from newsletter.providers.ses.settings import Settings
from newsletter.providers.ses.signing import TABLE, Signer, load_signer

_SEND: Final = "/v2/email/outbound-emails"
_ACCOUNT: Final = "/v2/email/account"


class _Ses:
    """The API of Amazon SES; it has no key under which a request is carried out only once."""

    name = "Amazon SES"
    table = TABLE
    message_bytes = MAXIMUM_BYTES * 3 // 4
    room = Room(1)
    repeats = False

    def __init__(self, settings: Settings, connection: Connection, signer: Signer) -> None:
        self.concurrency = settings.concurrency
        self._configuration_set = settings.configuration_set
        self._connection = connection
        self._signer = signer

    def prepare(self, message: Message) -> SesLetter | Rejected:
        return prepare(message, self._configuration_set)

    async def post(self, letters: Sequence[SesLetter]) -> Verdict:
        (letter,) = letters
        headers = await asyncio.to_thread(self._signer.sign, "POST", _SEND, letter.entry)
        return judge(await self._connection.post(_SEND, content=letter.entry, headers=headers))


@asynccontextmanager
async def open(settings: Settings) -> AsyncIterator[Provider]:  # noqa: A001
    """Open the provider; nothing is asked of Amazon SES before the first message.

    Raises:
        PluginError: AWS's library is not installed.
        ProviderError: There are no credentials.
    """
    signer = await asyncio.to_thread(load_signer, settings)
    async with connecting(settings, secrets=[signer.secret]) as connection:
        yield ApiProvider(_Ses(settings, connection, signer))


async def inspect(settings: Settings) -> Inspection:
    """Ask how our account stands.

    Raises:
        PluginError: AWS's library is not installed.
        ProviderError: There are no credentials, or Amazon SES cannot be reached, or refuses them.

    Source: Amazon's service model of SES v2: `GetAccount`.
    """
    signer = await asyncio.to_thread(load_signer, settings)
    async with connecting(settings.quick(), secrets=[signer.secret]) as connection:
        headers = await asyncio.to_thread(signer.sign, "GET", _ACCOUNT)
        reply = await inquire(connection, _ACCOUNT, "Amazon SES", TABLE, headers)
    return describe(settings, reply, MAXIMUM_BYTES * 3 // 4, _faults(_document(reply)))


def _faults(account: Mapping[str, Any]) -> Mapping[str, str]:
    faults = {}
    if account.get("SendingEnabled") is False:
        faults["sending is switched off for this account"] = "Switch it on in Amazon SES."
    if account.get("EnforcementStatus") == "SHUTDOWN":
        faults["Amazon has stopped this account from sending"] = "Mend what Amazon names, and ask to be let in again."
    if account.get("ProductionAccessEnabled") is False:
        faults["the account is in the sandbox: it reaches verified addresses only"] = (
            "Ask Amazon for production access."
        )
    return faults


def _document(reply: Reply) -> Mapping[str, Any]:
    if reply.status != 200 or not isinstance(reply.document, dict):
        raise refusal(reply.status, read_code(reply), read_words(reply))
    return reply.document
