"""Opens the way to Postmark, and asks how its server and stream are set up."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Final

from newsletter.providers.base import Inspection, Message, Provider, Rejected
from newsletter.providers.base.connection import Connection, connecting, describe, inquire
from newsletter.providers.base.replies import Reply, Verdict
from newsletter.providers.base.submission import ApiProvider
from newsletter.providers.postmark.replies import TABLE, judge, read_words, refusal
from newsletter.providers.postmark.requests import (
    MAXIMUM_MESSAGE_BYTES,
    PostmarkLetter,
    make_room,
    prepare,
    write_body,
)
from newsletter.providers.postmark.settings import Settings

TEST_TOKEN: Final = "POSTMARK_API_TEST"  # noqa: S105
"""With this token Postmark checks what it gets, and sends nothing."""


class _Postmark:
    """Postmark's API; it has no key under which a request is carried out only once."""

    name = "Postmark"
    table = TABLE
    message_bytes = MAXIMUM_MESSAGE_BYTES
    repeats = False

    def __init__(self, settings: Settings, connection: Connection) -> None:
        self.room = make_room(settings.batch)
        self.concurrency = settings.concurrency
        self._settings = settings
        self._connection = connection

    def prepare(self, message: Message) -> PostmarkLetter | Rejected:
        return prepare(message, self._settings.stream)

    async def post(self, letters: Sequence[PostmarkLetter]) -> Verdict:
        body = await asyncio.to_thread(write_body, letters)
        reply = await self._connection.post("/email/batch", content=body, headers={"content-type": "application/json"})
        return judge(reply, sandbox=self._settings.sandbox)


@asynccontextmanager
async def open(settings: Settings) -> AsyncIterator[Provider]:  # noqa: A001
    """Open the provider; nothing is asked of Postmark before the first message."""
    async with _connecting(settings, sandbox=settings.sandbox) as connection:
        yield ApiProvider(_Postmark(settings, connection))


async def inspect(settings: Settings) -> Inspection:
    """Ask how the server and its stream are set up.

    Raises:
        ProviderError: Postmark cannot be reached, or refuses the token.

    Source: Postmark's references of GET /server and GET /message-streams/{stream}.
    """
    async with _connecting(settings.quick(), sandbox=False) as connection:
        reply = await inquire(connection, "/server", "Postmark", TABLE)
        server = _document(reply)
        stream = await inquire(connection, f"/message-streams/{settings.stream}", "Postmark", TABLE)
    faults = {**_faults_of_server(server), **_faults_of_stream(settings.stream, stream)}
    return describe(settings, reply, MAXIMUM_MESSAGE_BYTES, faults)


def _faults_of_server(server: Mapping[str, Any]) -> Mapping[str, str]:
    if server.get("DeliveryType") == "Sandbox":
        return {"the server is one for trials, and sends nothing": "Take the token of one whose type is Live."}
    return {}


def _faults_of_stream(name: str, reply: Reply) -> Mapping[str, str]:
    """Find what keeps a stream from carrying a newsletter that has its own way to leave."""
    if reply.status in (404, 422):
        return {f"the server has no stream {name!r}": f"Name one of the type Broadcasts as stream in [{TABLE}]."}
    stream = _document(reply)
    faults = {}
    if stream.get("MessageStreamType") != "Broadcasts":
        faults[f"the stream {name!r} is not for newsletters"] = "Take one of the type Broadcasts, as Postmark demands."
    management = stream.get("SubscriptionManagementConfiguration")
    if isinstance(management, dict) and str(management.get("UnsubscribeHandlingType")).lower() == "postmark":
        faults[f"the stream {name!r} adds a link of Postmark's own for leaving"] = (
            "Have Postmark set the stream's unsubscribe handling to Custom: readers leave by your links."
        )
    return faults


def _document(reply: Reply) -> Mapping[str, Any]:
    if reply.status != 200 or not isinstance(reply.document, dict):
        code = reply.document.get("ErrorCode") if isinstance(reply.document, dict) else None
        raise refusal(reply.status, code, read_words(reply))
    return reply.document


def _connecting(settings: Settings, *, sandbox: bool) -> AbstractAsyncContextManager[Connection]:
    token = settings.server_token.get_secret_value()
    return connecting(settings, headers={"x-postmark-server-token": TEST_TOKEN if sandbox else token}, secrets=[token])
