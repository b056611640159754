"""Messages for the tests of providers with an API, and a run of one that keeps what came."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from newsletter.message import Content, DeliveryKey, Mailbox, exact_header, mailbox_header, text_header
from newsletter.message.content import split
from newsletter.providers.base import Message, Outcome, PersonalParts, SharedParts
from support.api_server import ApiServer

NAME, LINK = "zqn0ncevm1z", "zqn0ncevl2z"
SHARED = SharedParts(
    sender=Mailbox("nieuws@example.org", "Veiligheidsregio Noord-Łódź"),
    reply_to=Mailbox("redactie@bücher.example"),
    subject=f"Nieuws voor {NAME}",
    html=f'<p>Dag {NAME} &amp; co</p><a href="{LINK}">af</a><a href="{LINK}">af</a>',
    text=f"Dag {NAME}\n{LINK}\n",
    headers={"List-Id": "<leden.example.org>", "Feedback-ID": "a:b:c:d"},
)
ONE_CLICK = "List-Unsubscribe=One-Click"


@dataclass
class Sample:
    """A message of a test."""

    number: int
    shared: SharedParts = SHARED
    values: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    address: str = ""
    name: str = ""

    @property
    def key(self) -> DeliveryKey:
        return DeliveryKey(f"key{self.number}")

    @property
    def envelope_sender(self) -> str:
        return f"bounces+key{self.number}@example.org"

    @property
    def recipient(self) -> Mailbox:
        return Mailbox(self.address or f"lid{self.number}@example.com", self.name)

    @property
    def link(self) -> str:
        return f"https://example.org/u/{self.number}"

    def raw(self) -> bytes:
        html = self.shared.html
        lines = [html[start : start + 76] for start in range(0, len(html), 76)]
        return b"".join(
            (
                mailbox_header("From", self.shared.sender),
                mailbox_header("To", self.recipient),
                text_header("Subject", f"Nieuws voor Lid {self.number}"),
                exact_header("Message-ID", f"<{self.key}@example.org>"),
                exact_header("List-Unsubscribe", f"<{self.link}/{'x' * 100}>"),
                exact_header("List-Unsubscribe-Post", ONE_CLICK),
                b"MIME-Version: 1.0\r\nContent-Type: text/html; charset=utf-8\r\n\r\n",
                f"<p>Dag Lid {self.number}, 100 %recipient_email%</p>\r\n".encode(),
                *(f"{line}\r\n".encode() for line in lines),
            )
        )

    def merged(self) -> Content:
        return split(self.raw())

    def parts(self) -> tuple[SharedParts, PersonalParts]:
        values = {NAME: f"Lid {self.number}", LINK: self.link, **self.values}
        headers = {"List-Unsubscribe": f"<{self.link}>", "List-Unsubscribe-Post": ONE_CLICK, **self.headers}
        return self.shared, PersonalParts(values, headers)


@dataclass
class Run:
    """What came of a run."""

    outcomes: dict[str, Outcome]
    intended: list[str]
    error: BaseException | None

    def kinds(self) -> dict[str, type[Outcome]]:
        return {key: type(outcome) for key, outcome in self.outcomes.items()}

    @property
    def said(self) -> str:
        return f"{self.error} {getattr(self.error, 'where', '')} {list(self.outcomes.values())}"


def run_with(
    module: Any,
    settings: Any,
    messages: Iterable[Message],
    *,
    withheld: Sequence[str] = (),
    intend_error: Exception | None = None,
    server: ApiServer | None = None,
) -> Run:
    """Hand messages to a provider.

    Args:
        server: Must not have seen a message before it was intended.
    """
    result = Run({}, [], None)

    async def source() -> AsyncIterator[Message]:
        for message in messages:
            yield message

    async def intend(keys: Sequence[DeliveryKey], *, ahead: bool = False) -> frozenset[DeliveryKey]:
        if intend_error:
            raise intend_error
        assert not set(keys) & set(result.intended), "intended twice"
        if server is not None:
            # Time enough for anything that did not wait for the intent to arrive.
            await asyncio.sleep(0.02)
            seen = {key for request in server.requests for key in request.keys}
            assert not set(keys) & seen, "sent before it was intended"
        result.intended += keys
        return frozenset(key for key in keys if key not in withheld)

    async def main() -> None:
        async with module.open(settings) as provider:
            async for outcome in provider.submit(source(), intend):
                assert outcome.key not in result.outcomes, "two outcomes"
                result.outcomes[outcome.key] = outcome

    try:
        asyncio.run(main())
    except Exception as error:
        result.error = error
    return result


def samples(count: int) -> list[Sample]:
    return [Sample(number) for number in range(count)]
