"""Dispatches for tests: people on a list, an issue frozen for them, and a provider that does as it is told."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import sqlalchemy as sa

from newsletter.audience import Selection
from newsletter.dispatch import Dispatch, Pace, Receipt, Stop, Surroundings, accept, lease, propose, write_receipt
from newsletter.dispatch.driving import drive_with
from newsletter.dispatch.timing import Quiet
from newsletter.message import DeliveryKey
from newsletter.providers.base import Accepted, Intend, Limits, Message, Outcome, Provider
from newsletter.settings import load
from newsletter.store import Database, tables
from newsletter.subscribers import Definitions, add, parse_address
from newsletter.tokens import Signer
from newsletter.workspace import Workspace

SLUG = "2024-02-20-nieuwsbrief-12"
PACE = Pace(Quiet("UTC"))
ELSEWHERE = "another-machine:1:1:token"
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
    """A provider that decides about each message by a function; None leaves it without an outcome.

    Args:
        asks: Whether it decides after the intent, or refuses before there is one.
    """

    decide: Decide = lambda message: Accepted(message.key)
    before_intent: Callable[[Message], None] = lambda _message: None
    after_intent: Callable[[Message], None] = lambda _message: None
    handed_over: list[str] = field(default_factory=list)
    asks: bool = True
    limits = Limits()

    async def submit(self, messages: AsyncIterator[Message], intend: Intend) -> AsyncIterator[Outcome]:
        async for message in messages:
            self.before_intent(message)
            keys: frozenset[DeliveryKey] = await intend([message.key]) if self.asks else frozenset({message.key})
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

    def subscribe(self, names: Sequence[str], to: str = "leden", **values: object) -> None:
        """Put people on a list."""
        with self.database.writing() as connection:
            for name in names:
                add(
                    connection,
                    parse_address(f"{name}@example.org"),
                    to,
                    values,  # type: ignore[arg-type]
                    self.definitions,
                    source="test",
                    now=self.clock(),
                    hashes=self.signer.address_hashes,
                )

    def freeze(self, segment: str | None = None, to: str = "leden") -> Dispatch:
        """Freeze the example issue for a list."""
        return accept(self.surroundings, propose(self.surroundings, SLUG, Selection(to, segment), None))

    def states(self, dispatch: Dispatch) -> dict[str, str]:
        """Tell the state of every delivery, by the name in front of the reader's @."""
        people, deliveries = tables.subscribers, tables.deliveries
        chosen = (
            sa.select(people.c.address, deliveries.c.state)
            .join_from(people, deliveries, people.c.id == deliveries.c.subscriber_id)
            .where(deliveries.c.dispatch_id == dispatch.id)
        )
        with self.database.reading() as connection:
            return {address.partition("@")[0]: state for address, state in connection.execute(chosen)}

    def take_over(self, dispatch: Dispatch) -> None:
        """Let a dispatch's lease run out, and take it as a process on another machine may."""
        self.clock.moment += lease.LASTING + timedelta(seconds=1)
        with self.database.writing() as connection:
            connection.execute(
                sa.update(tables.leases).where(tables.leases.c.dispatch_id == dispatch.id).values(owner=ELSEWHERE)
            )
        self.take(dispatch, ELSEWHERE)

    def take(self, dispatch: Dispatch, owner: str, *, shared: bool = False) -> Dispatch:
        """Take a lease of a dispatch."""
        with self.database.writing() as connection:
            return lease.take(connection, dispatch, owner, self.clock(), shared=shared)

    def drive(
        self, dispatch: Dispatch, provider: Provider, stop: Stop | None = None, renewal: timedelta | None = None
    ) -> Receipt:
        """Drive a dispatch to rest, or as far as it goes."""
        try:
            asyncio.run(drive_with(self.surroundings, dispatch, provider, lambda _: None, stop or Stop(), renewal))
        finally:
            self.receipt = write_receipt(self.database, dispatch)
        return self.receipt
