"""Dispatches for tests: people on a list, an issue frozen for them, and a provider that does as it is told."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from newsletter.audience import Selection
from newsletter.dispatch import Dispatch, Receipt, Stop, Surroundings, accept, propose, write_receipt
from newsletter.dispatch.send import drive_with
from newsletter.message import DeliveryKey
from newsletter.providers.base import Accepted, Intend, Limits, Message, Outcome
from newsletter.settings import load
from newsletter.store import Database
from newsletter.subscribers import Definitions, add, parse_address
from newsletter.tokens import Signer
from newsletter.workspace import Workspace

SLUG = "2024-02-20-nieuwsbrief-12"
Decide = Callable[[Message], Outcome | Exception | None]


@dataclass
class Clock:
    """A clock that moves only when it is told to."""

    moment: datetime

    def __call__(self) -> datetime:
        return self.moment

    def pass_by(self, **time: float) -> None:
        """Let some time pass."""
        self.moment += timedelta(**time)


@dataclass
class Scripted:
    """A provider that decides about each message by a function; None leaves it without an outcome."""

    decide: Decide = lambda message: Accepted(message.key)
    before_intent: Callable[[Message], None] = lambda _message: None
    after_intent: Callable[[Message], None] = lambda _message: None
    handed_over: list[str] = field(default_factory=list)
    limits = Limits()

    async def submit(self, messages: AsyncIterator[Message], intend: Intend) -> AsyncIterator[Outcome]:
        async for message in messages:
            self.before_intent(message)
            keys: frozenset[DeliveryKey] = await intend([message.key])
            if message.key not in keys:
                continue
            self.after_intent(message)
            self.handed_over.append(message.recipient.address)
            outcome = self.decide(message)
            if isinstance(outcome, Exception):
                raise outcome
            if outcome is not None:
                yield outcome


@dataclass
class Bench:
    """Everything that a dispatch needs."""

    workspace: Workspace
    definitions: Definitions
    signer: Signer
    database: Database
    clock: Clock

    @property
    def surroundings(self) -> Surroundings:
        return Surroundings(
            self.workspace, load(self.workspace, {}), self.definitions, self.signer, self.database, self.clock
        )

    def subscribe(self, names: Sequence[str], **values: object) -> None:
        """Put people on the list."""
        with self.database.writing() as connection:
            for name in names:
                add(
                    connection,
                    parse_address(f"{name}@example.org"),
                    "leden",
                    values,  # type: ignore[arg-type]
                    self.definitions,
                    source="test",
                    now=self.clock(),
                    hashes=self.signer.address_hashes,
                )

    def freeze(self, segment: str | None = None) -> Dispatch:
        """Freeze the example issue for the list."""
        return accept(self.surroundings, propose(self.surroundings, SLUG, Selection("leden", segment), None))

    def drive(self, dispatch: Dispatch, provider: Scripted, stop: Stop | None = None) -> Receipt:
        """Drive a dispatch to rest, or as far as it goes."""
        try:
            asyncio.run(drive_with(self.surroundings, dispatch, provider, lambda _: None, stop or Stop()))
        finally:
            self.receipt = write_receipt(self.database, dispatch)
        return self.receipt
