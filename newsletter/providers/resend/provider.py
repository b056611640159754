"""Opens the way to Resend, and asks how our domain stands with it."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Final

from newsletter.providers.base import Inspection, Message, Provider, Rejected
from newsletter.providers.base.connection import Connection, connecting, describe, inquire
from newsletter.providers.base.replies import Reply, Verdict
from newsletter.providers.base.submission import ApiProvider
from newsletter.providers.resend.replies import RESTRICTED, TABLE, judge, read_words, refusal
from newsletter.providers.resend.requests import MAXIMUM_BYTES, ResendLetter, make_room, prepare, write_body
from newsletter.providers.resend.settings import Settings

DKIM_SELECTORS: Final = ("resend",)
"""Under this name the key stands that Resend signs with, once it has verified a domain."""


class _Resend:
    """Resend's API; a request under a key that it knows from the last 24 hours gets the same answer, and no more."""

    name = "Resend"
    table = TABLE
    message_bytes = MAXIMUM_BYTES
    repeats = True

    def __init__(self, settings: Settings, connection: Connection) -> None:
        self.room = make_room(settings.batch)
        self.concurrency = settings.concurrency
        self._connection = connection

    def prepare(self, message: Message) -> ResendLetter | Rejected:
        return prepare(message)

    async def post(self, letters: Sequence[ResendLetter]) -> Verdict:
        body, key = await asyncio.to_thread(write_body, letters)
        headers = {
            "content-type": "application/json",
            "idempotency-key": key,
            "x-batch-validation": "permissive",
        }
        return judge(await self._connection.post("/emails/batch", content=body, headers=headers), len(letters))


@asynccontextmanager
async def open(settings: Settings) -> AsyncIterator[Provider]:  # noqa: A001
    """Open the provider; nothing is asked of Resend before the first message."""
    async with _connecting(settings) as connection:
        yield ApiProvider(_Resend(settings, connection))


async def inspect(settings: Settings) -> Inspection:
    """Ask how our domain stands; a key that may only send is told nothing of it, and that is as it should be.

    Raises:
        ProviderError: Resend cannot be reached, or refuses the key.

    Source: Resend's OpenAPI description of GET /domains and GET /domains/{domain_id}.
    """
    async with _connecting(settings.quick()) as connection:
        reply = await inquire(connection, "/domains?limit=100", "Resend", TABLE)
        faults = {} if reply.text("name") == RESTRICTED else await _faults(connection, reply, settings.domain or "")
    return describe(settings, reply, MAXIMUM_BYTES, faults)


async def _faults(connection: Connection, reply: Reply, name: str) -> Mapping[str, str]:
    known = _document(reply).get("data")
    ours = (
        [one for one in known if isinstance(one, dict) and one.get("name") == name] if isinstance(known, list) else []
    )
    if not ours:
        more = _document(reply).get("has_more") or not name
        return {} if more else {f"Resend does not know the domain {name}": "Add it to Resend, and verify it."}
    domain = _document(await inquire(connection, f"/domains/{ours[0].get('id')}", "Resend", TABLE))
    faults = {}
    if domain.get("status") != "verified":
        faults[f"the domain {name} is not verified with Resend"] = "Put its records into the DNS, and have it verified."
    if domain.get("open_tracking") or domain.get("click_tracking"):
        faults[f"Resend tracks readers of {name}"] = (
            "Switch off the tracking of openings and clicks for this domain: a message cannot ask for that."
        )
    return faults


def _document(reply: Reply) -> Mapping[str, Any]:
    if reply.status != 200 or not isinstance(reply.document, dict):
        raise refusal(reply.status, reply.text("name"), read_words(reply))
    return reply.document


def _connecting(settings: Settings) -> AbstractAsyncContextManager[Connection]:
    key = settings.api_key.get_secret_value()
    return connecting(settings, headers={"authorization": f"Bearer {key}"}, secrets=[key])
