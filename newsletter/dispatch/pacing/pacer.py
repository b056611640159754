"""Lets the messages of a run go as fast as the limits allow, and no faster, without one domain holding up others.

Messages that have to wait stand aside, in the order in which they came, in a queue for each mail system. There is
room for so many; when it is full, nobody new is asked in before somebody has gone. What would have to wait for long is
put off instead, with when it may go and why.
"""

import asyncio
import heapq
from collections import Counter, OrderedDict, deque
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from time import monotonic
from typing import Any, Final, Generic, Protocol, TypeVar

from newsletter.dispatch.pacing.buckets import Grant, Wish
from newsletter.dispatch.pacing.hints import Hint, Scope, hint_of
from newsletter.dispatch.pacing.rows import Buckets, BucketStanding, Complaint
from newsletter.dispatch.pacing.rules import title
from newsletter.message import DeliveryKey, Mailbox, ascii_domain
from newsletter.providers.base import Outcome

KEPT_ASIDE: Final = 2_000
"""How many messages may wait in this process at a time."""
LOOK_AHEAD: Final = 500
"""How many of these are waited for before any goes, so that several are asked for at once."""
AT_ONCE: Final = 1_000
"""How many of one mail system are asked for at a time."""
REFRESH: Final = 1.0
"""After how many seconds a limit that has been changed holds; nobody sleeps for longer."""
PATIENCE: Final = 4_000.0
"""How many seconds a message waits for its turn, which is as long as the limit of an hour may take; one that would
have to wait for longer is put off."""
UNDER_WAY: Final = 5_000
"""How many messages are remembered for the sake of what is said about them."""
REMEMBERED: Final = 5_000
"""How many domains are remembered, so that each is looked up once."""
ONE_AND_ALL: Final = 3
"""How many mail systems complain before it is the provider who does."""
TOGETHER: Final = 60.0
"""Within how many seconds they do."""


class Paced(Protocol):
    """What is known of a message."""

    @property
    def key(self) -> DeliveryKey:
        """The delivery's key."""

    @property
    def recipient(self) -> Mailbox:
        """Whom it goes to."""


M = TypeVar("M", bound=Paced)
_T = TypeVar("_T")


class InDatabase(Protocol):
    """Does something in the thread that speaks to the database."""

    def __call__(self, work: Callable[[], _T], /) -> Awaitable[_T]:
        """Do it."""


@dataclass(frozen=True, slots=True)
class Around(Generic[M]):
    """What the pacer needs of the run that it works for.

    Args:
        postpone: Puts messages off until a moment, and says why.
        halted: Whether nothing more may go.
    """

    in_database: InDatabase
    postpone: Callable[[Sequence[M], datetime, str], Awaitable[None]]
    halted: Callable[[], bool]


@dataclass
class Pacer:
    """Keeps the limits in one run.

    Args:
        wall: Gives the time, aware; for when what was put off may go.
        clock: Gives seconds that never go back.
        sleep: Waits for so many of them.
    """

    buckets: Buckets
    wall: Callable[[], datetime]
    clock: Callable[[], float] = monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    _standing: Mapping[str, BucketStanding] = field(default_factory=dict)
    _refreshed: float = float("-inf")
    _under_way: OrderedDict[DeliveryKey, str] = field(default_factory=OrderedDict)
    _went: Counter[str] = field(default_factory=Counter)
    _speeds: dict[str, float] = field(default_factory=dict)
    _complaints: dict[str, Hint] = field(default_factory=dict)
    _complained: dict[str, float] = field(default_factory=dict)
    _domains: dict[str, str] = field(default_factory=dict)
    _limited: dict[str, tuple[str, ...]] = field(default_factory=dict)

    async def pace(self, source: AsyncIterator[M], around: Around[M]) -> AsyncIterator[M]:
        """Give messages as they come, each when it may go.

        Raises:
            StoreError: The database cannot be read or written.
            DispatchError: The lease was lost while something was put off.
        """
        await around.in_database(self.buckets.sweep)
        waiting: _Waiting[M] = _Waiting()
        async with aclosing(source):  # type: ignore[type-var] # any iterator that comes here is a generator
            while not around.halted():
                now = self.clock()
                if now >= self._refreshed + REFRESH:
                    await self._refresh(waiting, around, now)
                elif (message := waiting.due(now)) is not None:
                    self._let_go(message)
                    yield message
                elif waiting.has_room(now):
                    message = await anext(source, None)
                    if message is None:
                        waiting.is_complete = True
                    elif not self._keys_of(domain := self._domain(message)):
                        self._let_go(message)
                        yield message
                    else:
                        waiting.add(domain, message)
                elif wishes := waiting.wishes(now, self._keys_of):
                    await self._reserve(waiting, wishes, around)
                elif waiting.is_empty:
                    return
                else:
                    await self.sleep(max(min(waiting.next_event(), self._refreshed + REFRESH) - now, 0.0))

    def hear(self, outcome: Outcome) -> None:
        """Learn from what a provider says of a message."""
        domain = self._under_way.pop(outcome.key, None)
        hint = hint_of(outcome)
        if hint is None or domain is None:
            return
        now = self.clock()
        self._complained[domain] = now
        several = sum(now - moment < TOGETHER for moment in self._complained.values()) >= ONE_AND_ALL
        key = self.buckets.rules.provider if hint.scope is Scope.PROVIDER or several else domain
        self._complaints[key] = hint

    async def finish(self, around: Around[M]) -> None:
        """Write down what was last learnt, for those who send after us."""
        await self._complain(around)

    async def _refresh(self, waiting: "_Waiting[M]", around: Around[M], now: float) -> None:
        """See what has been changed, and write what was learnt."""
        self._speeds = {key: went / (now - self._refreshed) for key, went in self._went.items()}
        self._refreshed = now
        self._went.clear()
        self._complained = {key: moment for key, moment in self._complained.items() if now - moment < TOGETHER}
        await self._complain(around)
        standing = await around.in_database(self.buckets.standing)
        if standing != self._standing:
            self._standing = standing
            self._limited.clear()
            waiting.ask_all()

    async def _complain(self, around: Around[Any]) -> None:
        hints, self._complaints = self._complaints, {}
        if hints:
            complaints = [Complaint(key, hint, self._speeds.get(key, 0.0)) for key, hint in hints.items()]
            await around.in_database(lambda: self.buckets.slow_down(complaints))

    async def _reserve(self, waiting: "_Waiting[M]", wishes: Mapping[str, Wish], around: Around[M]) -> None:
        """Ask for places, and put off what gets none for long."""
        asked = list(wishes.values())
        grants = dict(zip(wishes, await around.in_database(lambda: self.buckets.reserve(asked)), strict=True))
        now, moment = self.clock(), self.wall()
        put_off: dict[tuple[datetime, str], list[M]] = {}
        for domain, grant in grants.items():
            waiting.grant(domain, grant, now)
            if grant.again > PATIENCE:
                # In whole seconds, and none too early: what comes back must not find the same limit.
                until = moment.replace(microsecond=0) + timedelta(seconds=int(grant.again) + 2)
                put_off.setdefault((until, f"{title(grant.key)}: {grant.why}"), []).extend(waiting.remove(domain))
        for (until, why), messages in put_off.items():
            await around.postpone(messages, until, why)

    def _let_go(self, message: M) -> None:
        domain = self._domain(message)
        self._went[domain] += 1
        self._went[self.buckets.rules.provider] += 1
        self._under_way[message.key] = domain
        if len(self._under_way) > UNDER_WAY:
            self._under_way.popitem(last=False)

    def _domain(self, message: M) -> str:
        name = message.recipient.address.rpartition("@")[2]
        domain = self._domains.get(name)
        if domain is None:
            domain = self.buckets.rules.domain(ascii_domain(name).lower())
            _remember(self._domains, name, domain)
        return domain

    def _keys_of(self, domain: str) -> tuple[str, ...]:
        keys = self._limited.get(domain)
        if keys is None:
            keys = self.buckets.rules.keys(domain, self._standing.keys())
            _remember(self._limited, domain, keys)
        return keys


def _remember(known: dict[str, _T], name: str, value: _T) -> None:
    """Keep what has been worked out, and forget everything before it becomes too much."""
    if len(known) >= REMEMBERED:
        known.clear()
    known[name] = value


class _Waiting(Generic[M]):
    """Messages that stand aside: those that wait for a place, by mail system, and those that have one.

    Attributes:
        is_complete: No more will come.
    """

    def __init__(self) -> None:
        self.is_complete = False
        self._queues: OrderedDict[str, deque[M]] = OrderedDict()
        self._closed: dict[str, float] = {}
        self._held = 0
        self._placed: list[tuple[float, int, M]] = []
        self._numbers = count()

    @property
    def is_empty(self) -> bool:
        return self.is_complete and not self._held and not self._placed

    def add(self, domain: str, message: M) -> None:
        self._queues.setdefault(domain, deque()).append(message)
        self._held += 1

    def due(self, now: float) -> M | None:
        """Take out a message whose moment has come."""
        return heapq.heappop(self._placed)[2] if self._placed and self._placed[0][0] <= now else None

    def has_room(self, now: float) -> bool:
        """Tell whether to look for more: for company at first, and later for somebody who may go at once."""
        standing = self._held + len(self._placed)
        if self.is_complete or standing >= KEPT_ASIDE:
            return False
        return standing < LOOK_AHEAD or not any(self._is_open(domain, now) for domain in self._queues)

    def wishes(self, now: float, keys: Callable[[str], tuple[str, ...]]) -> dict[str, Wish]:
        """Say what would go of each mail system that it is worth asking for, those first that waited longest."""
        return {
            domain: Wish(keys(domain), min(len(queue), AT_ONCE))
            for domain, queue in self._queues.items()
            if self._is_open(domain, now)
        }

    def grant(self, domain: str, grant: Grant, now: float) -> None:
        """Give the first ones of a mail system their places."""
        queue = self._queues[domain]
        for delay in grant.delays:
            heapq.heappush(self._placed, (now + delay, next(self._numbers), queue.popleft()))
        self._held -= len(grant.delays)
        if grant.delays:
            self._queues.move_to_end(domain)
        if not queue:
            del self._queues[domain]
        if grant.again:
            self._closed[domain] = now + grant.again
        else:
            self._closed.pop(domain, None)

    def remove(self, domain: str) -> Sequence[M]:
        """Take out all that wait for a place in one mail system."""
        removed = self._queues.pop(domain, deque())
        self._held -= len(removed)
        self._closed.pop(domain, None)
        return tuple(removed)

    def ask_all(self) -> None:
        """Forget when it was worth asking: the limits are others now."""
        self._closed.clear()

    def next_event(self) -> float:
        """Tell when something may have changed; never, where nobody waits."""
        moments = [self._closed[domain] for domain in self._queues if domain in self._closed]
        return min([*moments, *(moment for moment, _, _ in self._placed[:1])], default=float("inf"))

    def _is_open(self, domain: str, now: float) -> bool:
        return self._closed.get(domain, 0.0) <= now
