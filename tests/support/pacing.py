"""Pacing without waiting: a clock that sleeping moves on, messages that are nothing but addresses."""

from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import TypeVar
from zoneinfo import ZoneInfo

from newsletter.dispatch.pacing import Around, Buckets, Limit, Pacer, Rules
from newsletter.dispatch.pacing.warm_up import WarmUp
from newsletter.message import DeliveryKey, Mailbox
from newsletter.store import Database

PROVIDER = "provider:smtp"
_T = TypeVar("_T")
_numbers = count()


@dataclass(frozen=True)
class Letter:
    """A message to an address."""

    key: DeliveryKey
    recipient: Mailbox


def letters(domain: str, number: int) -> list[Letter]:
    """Make messages to a domain."""
    return [Letter(DeliveryKey(f"k{next(_numbers)}"), Mailbox(f"r{one}@{domain}")) for one in range(number)]


def make_rules(
    limits: Mapping[str, Limit] | None = None, other: Limit | None = None, warm_up: WarmUp | None = None
) -> Rules:
    """Make rules by the names of buckets."""
    return Rules(PROVIDER, limits or {}, other, {}, "warm-up:example.org", warm_up)


@dataclass
class Scene:
    """One process that sends, and what became of its messages.

    Attributes:
        moment: What time it is; sleeping and nothing else moves it on.
        went: Which domain was written to, and after how many seconds.
        events: Things to do at some moments, in seconds.
    """

    database: Database
    rules: Rules
    moment: datetime
    went: list[tuple[float, str]] = field(default_factory=list)
    put_off: list[tuple[str, datetime, str]] = field(default_factory=list)
    events: dict[float, Callable[[], object]] = field(default_factory=dict)
    slept: list[float] = field(default_factory=list)
    longest_queue: int = 0
    _asked_for: int = 0

    def __post_init__(self) -> None:
        self.start = self.moment
        self.buckets = Buckets(self.database, self.rules, lambda: self.moment, server_time=False)
        self.pacer = Pacer(self.buckets, lambda: self.moment, self.seconds, self.sleep)

    def seconds(self) -> float:
        """Tell how many seconds have passed."""
        return (self.moment - self.start).total_seconds()

    async def sleep(self, seconds: float) -> None:
        """Let time pass, a microsecond at least, since nothing else does."""
        self.slept.append(seconds)
        self.moment += max(timedelta(seconds=seconds), timedelta(microseconds=1))
        for moment in [one for one in self.events if one <= self.seconds()]:
            self.events.pop(moment)()

    @property
    def around(self) -> Around[Letter]:
        """What the pacer gets of this process."""

        async def in_database(work: Callable[[], _T]) -> _T:
            return work()

        async def postpone(messages: Sequence[Letter], until: datetime, why: str) -> None:
            self.put_off += [(one.recipient.address.partition("@")[2], until, why) for one in messages]

        return Around(in_database, postpone, self.halted)

    def halted(self) -> bool:
        """Whether the run is to end."""
        return False

    async def send(self, given: Iterable[Letter], hear: Callable[[Letter], None] = lambda _letter: None) -> None:
        """Let messages go."""

        async def source() -> AsyncIterator[Letter]:
            for one in given:
                self._asked_for += 1
                yield one

        async with aclosing(self.pacer.pace(source(), self.around)) as paced:  # type: ignore[type-var]
            async for one in paced:
                self.went.append((self.seconds(), one.recipient.address.partition("@")[2]))
                self.longest_queue = max(self.longest_queue, self._asked_for - len(self.went) - len(self.put_off))
                hear(one)

    def times(self, domain: str | None = None) -> list[float]:
        """Tell when messages went."""
        return [moment for moment, to in self.went if domain in (None, to)]


def plan(*allowances: int, start: datetime, zone: str = "Europe/Amsterdam") -> WarmUp:
    """Make a warm-up that begins at some moment."""
    where = ZoneInfo(zone)
    return WarmUp(start.astimezone(where).date(), allowances, where)
