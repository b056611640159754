"""Messages for the tests of the SendGrid provider, and a run of it that keeps what came."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from newsletter.message import DeliveryKey, Mailbox
from newsletter.providers import sendgrid
from newsletter.providers.base import Message, Outcome, PersonalParts, SharedParts
from support.sendgrid_server import API_KEY

NAME, LINK = "zqn0ncevm1z", "zqn0ncevl2z"
SHARED = SharedParts(
    sender=Mailbox("nieuws@example.org", "Veiligheidsregio Noord-Łódź"),
    reply_to=Mailbox("redactie@bücher.example"),
    subject=f"Nieuws voor {NAME}",
    html=f'<p>Dag {NAME} &amp; co</p><a href="{LINK}">af</a><a href="{LINK}">af</a>',
    text=f"Dag {NAME}\n{LINK}\n",
    headers={"List-Id": "<leden.example.org>", "Feedback-ID": "a:b:c:d"},
)


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
        return "bounces@example.org"

    @property
    def recipient(self) -> Mailbox:
        return Mailbox(self.address or f"lid{self.number}@example.com", self.name)

    def raw(self) -> bytes:
        raise AssertionError("SendGrid takes parts")

    def parts(self) -> tuple[SharedParts, PersonalParts]:
        values = {NAME: f"Lid {self.number}", LINK: f"https://example.org/u/{self.number}", **self.values}
        headers = {"List-Unsubscribe": f"<https://example.org/u/{self.number}>", **self.headers}
        return self.shared, PersonalParts(values, headers)


@dataclass
class Run:
    """What came of a run."""

    outcomes: dict[str, Outcome]
    intended: list[str]
    error: BaseException | None

    def kinds(self) -> dict[str, type[Outcome]]:
        return {key: type(outcome) for key, outcome in self.outcomes.items()}


def run(
    url: str,
    messages: Iterable[Message],
    *,
    withheld: Sequence[str] = (),
    intend_error: Exception | None = None,
    **options: Any,
) -> Run:
    settings = sendgrid.Settings(**{"api_key": API_KEY, "base_url": url, "timeout": 5.0, **options})
    result = Run({}, [], None)

    async def source() -> AsyncIterator[Message]:
        for message in messages:
            yield message

    async def intend(keys: Sequence[DeliveryKey]) -> frozenset[DeliveryKey]:
        if intend_error:
            raise intend_error
        assert not set(keys) & set(result.intended), "intended twice"
        result.intended += keys
        return frozenset(key for key in keys if key not in withheld)

    async def main() -> None:
        async with sendgrid.open(settings) as provider:
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
