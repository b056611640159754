"""Messages made by hand, for tests of providers."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any

from newsletter.message import Content, DeliveryKey, Mailbox
from newsletter.message.content import split
from newsletter.providers.base import Outcome, PersonalParts, SharedParts

SHARED = SharedParts(Mailbox("from@example.org", "From"), None, "Subject", "<p>Html</p>", "Text", {})


@dataclass(frozen=True)
class Written:
    """A message with bytes of its own."""

    key: DeliveryKey
    recipient: Mailbox
    content: bytes
    envelope_sender: str = "from@example.org"

    def raw(self) -> bytes:
        return self.content

    def merged(self) -> Content:
        return split(self.content)

    def parts(self) -> tuple[SharedParts, PersonalParts]:
        return SHARED, PersonalParts({}, {})


def written(number: int, to: str = "", html: str = "<html><head></head><body>Dag</body></html>") -> Written:
    """Make a message."""
    address = to or f"reader{number}@example.org"
    mark = "--mark"
    lines = [
        "From: from@example.org",
        f"To: Lezer {number} <{address}>",
        f"Subject: Bericht {number}",
        "MIME-Version: 1.0",
        'Content-Type: multipart/alternative; boundary="mark"',
        "",
        mark,
        "Content-Type: text/plain; charset=utf-8",
        "",
        f"Dag {number}",
        mark,
        "Content-Type: text/html; charset=utf-8",
        "",
        html,
        f"{mark}--",
        "",
    ]
    return Written(DeliveryKey(f"key{number:023d}"), Mailbox(address), "\r\n".join(lines).encode())


def submit(
    opened: Callable[[], AbstractAsyncContextManager[Any]],
    messages: Iterable[Written],
    withheld: frozenset[DeliveryKey] = frozenset(),
) -> list[Outcome]:
    """Hand messages to a provider and collect its outcomes."""

    async def give() -> AsyncIterator[Written]:
        for message in messages:
            yield message

    async def intend(keys: Sequence[DeliveryKey], *, ahead: bool = False) -> frozenset[DeliveryKey]:
        return frozenset(keys) - withheld

    async def run() -> list[Outcome]:
        async with opened() as provider:
            return [outcome async for outcome in provider.submit(give(), intend)]

    return asyncio.run(run())
