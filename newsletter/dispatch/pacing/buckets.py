"""The arithmetic of rates: who may go now, who in a moment, and who has to wait. Pure, but for the gates' own state.

An even rate is kept by the generic cell rate algorithm: of each bucket one moment is remembered, the theoretical
arrival time of the next message (`tat`), so that over any t seconds at most rate · t + burst messages go. What goes in
an hour or a day is counted in slots of a thirtieth of that, and what is counted in a slot counts until the last of it
is out of the window: never more than the limit in any hour or day, wherever it begins.

Source: ITU-T I.371, Annex A.
"""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Final

from newsletter.dispatch.pacing.hints import LONGEST_PAUSE
from newsletter.dispatch.pacing.limits import Limit
from newsletter.dispatch.pacing.warm_up import WarmUp
from newsletter.settings import PERIODS

SECOND: Final = 1_000_000_000
"""Nanoseconds."""
HORIZON: Final = SECOND // 10
"""How far ahead a message may take its place: longer, and a change of limits or a stop would come too late."""
SLOTS: Final = 30
WARM_UP: Final = "warm-up"
RECOVERY: Final = 300 * SECOND
"""After how long a rate that was slowed down is doubled, again and again."""
FORGOTTEN: Final = 3600 * SECOND
"""After how long nothing is left of it."""


@dataclass(frozen=True, slots=True)
class Bucket:
    """What is known of one thing that has a limit: its row. Times are nanoseconds since 1970.

    Args:
        tat: When the next message would be right on time.
        used: How many went, by hour, day or day of the warm-up, and there by the beginning of their slot.
        paused_until: Nothing goes before.
        slow_rate: How many in a second after a server has complained.
        slowed_at: When it has.
        override: A limit in the place of the settings' one.
    """

    tat: int = 0
    used: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    paused_until: int = 0
    slow_rate: float | None = None
    slowed_at: int | None = None
    override: str | None = None


@dataclass(frozen=True, slots=True)
class Wish:
    """That some messages would go, each of which takes from all of these buckets."""

    keys: tuple[str, ...]
    count: int


@dataclass(frozen=True, slots=True)
class Grant:
    """What comes of a wish.

    Args:
        delays: Of each message that may go, in how many seconds, in rising order.
        again: In how many seconds it is worth asking for the rest; 0 where there is none.
        key: The bucket that the rest waits for.
        why: What of it, for people.
    """

    delays: tuple[float, ...]
    again: float = 0.0
    key: str = ""
    why: str = ""


def slow_rate(bucket: Bucket, now: int) -> float | None:
    """Tell what is left of a slow-down; None where it is over."""
    if bucket.slow_rate is None or bucket.slowed_at is None:
        return None
    age = now - bucket.slowed_at
    # A clock that went back by more than a moment must not keep a domain slow for a day.
    if age >= FORGOTTEN or age < -RECOVERY:
        return None
    return bucket.slow_rate * float(1 << max(age, 0) // RECOVERY)


def paused_until(bucket: Bucket, now: int) -> int:
    """Tell until when nothing may go; a clock that went back makes no pause longer than there are."""
    longest = int(LONGEST_PAUSE / timedelta(seconds=1)) * SECOND
    return bucket.paused_until if now < bucket.paused_until <= now + longest else now


class Gate:
    """One bucket at one moment, that messages pass one by one.

    Args:
        limit: What holds for it, its override not regarded.
        now: The database's own time.
    """

    def __init__(self, bucket: Bucket, limit: Limit, now: int, warm_up: WarmUp | None = None) -> None:
        self._bucket = bucket
        self._now = now
        self._limit = limit
        slowed = slow_rate(bucket, now)
        rate = min((one for one in (limit.rate, slowed) if one is not None), default=None)
        self._step = ceil(SECOND / rate) if rate else 0
        burst = 1 if slowed is not None and slowed == rate else limit.burst or max(1, int((rate or 0) * 0.1))
        self._slack = (burst - 1) * self._step
        # More than could have been taken ahead: the clock has gone back, or the limit was lower. Begin anew.
        implausible = bucket.tat > now + HORIZON + self._slack + self._step
        self._tat = now + self._slack if implausible else bucket.tat
        self._pause = paused_until(bucket, now)
        counts = [_Count(name, most, bucket, now) for name, most in limit.quotas.items()]
        self._counters: list[_Count | _Days] = [*counts, *([_Days(warm_up, bucket, now)] if warm_up else [])]

    def free_at(self) -> int:
        """Tell when the next message may pass."""
        free = max(self._now, self._pause)
        if self._step:
            free = max(free, self._tat - self._slack)
        for one in self._counters:
            free = max(free, one.free_at)
        return free

    def why(self) -> str:
        """Say what the next message waits for."""
        free = self.free_at()
        for one in self._counters:
            if one.free_at == free:
                return one.words
        if free == self._pause:
            return "the mail system wants us to wait"
        return f"no more than {SECOND / self._step:,.3g} a second" if self._step else ""

    def take(self) -> None:
        """Let a message pass."""
        self._tat = max(self._tat, self._now) + self._step
        for one in self._counters:
            one.take()

    def bucket(self) -> Bucket:
        """Give what is to be kept."""
        used = {one.name: one.used for one in self._counters if one.used}
        kept = self._bucket
        return Bucket(self._tat, used, kept.paused_until, kept.slow_rate, kept.slowed_at, kept.override)


class _Count:
    """What went in the last hour or day."""

    def __init__(self, name: str, most: int, bucket: Bucket, now: int) -> None:
        self.name = name
        self.words = f"no more than {most:,} {'an' if name == 'hour' else 'a'} {name}"
        self._now = now
        self._window = PERIODS[name] * SECOND
        self._width = self._window // SLOTS
        oldest = now - self._window - self._width
        self.used = {slot: count for slot, count in bucket.used.get(name, {}).items() if int(slot) > oldest}
        self._left = most - sum(self.used.values())
        self._slot = str(now - now % self._width)

    @property
    def free_at(self) -> int:
        if self._left > 0:
            return self._now
        missing = 1 - self._left
        for slot in sorted(map(int, self.used)):
            missing -= self.used[str(slot)]
            if missing <= 0:
                return slot + self._width + self._window
        return self._now + self._window

    def take(self) -> None:
        self.used[self._slot] = self.used.get(self._slot, 0) + 1
        self._left -= 1


class _Days:
    """What went today, of what a warm-up allows."""

    name = WARM_UP

    def __init__(self, plan: WarmUp, bucket: Bucket, now: int) -> None:
        moment = moment_of(now)
        day = plan.day(moment)
        self._now = now
        self._today = day.isoformat()
        self.used = {one: count for one, count in bucket.used.get(WARM_UP, {}).items() if one == self._today}
        self._allowance = plan.allowance(day)
        self._next = nanoseconds(plan.next_day(day))
        self.words = (
            f"the warm-up begins on {plan.start}"
            if day < plan.start
            else f"no more than {self._allowance or 0:,} today, while the sender warms up"
        )

    @property
    def free_at(self) -> int:
        full = self._allowance is not None and self.used.get(self._today, 0) >= self._allowance
        return self._next if full else self._now

    def take(self) -> None:
        self.used[self._today] = self.used.get(self._today, 0) + 1


def allocate(gates: Mapping[str, Gate], wishes: Sequence[Wish], now: int) -> list[Grant]:
    """Let messages through, one of each wish in turn, as far as the next tenth of a second goes.

    What one bucket has no room for takes nothing from any other.
    """
    delays: list[list[float]] = [[] for _ in wishes]
    grants: dict[int, Grant] = {}
    turns = deque(range(len(wishes)))
    while turns:
        number = turns.popleft()
        wish = wishes[number]
        key, free = max(((key, gates[key].free_at()) for key in wish.keys), key=lambda one: one[1], default=("", now))
        if free > now + HORIZON:
            # Not earlier than for half of what fits in, so that nobody asks for each single one.
            again = max(free - now - HORIZON // 2, 0) / SECOND
            grants[number] = Grant(tuple(delays[number]), again, key, gates[key].why())
            continue
        for one in wish.keys:
            gates[one].take()
        delays[number].append(max(free - now, 0) / SECOND)
        if len(delays[number]) < wish.count:
            turns.append(number)
    return [grants.get(number, Grant(tuple(delays[number]))) for number in range(len(wishes))]


def nanoseconds(moment: datetime) -> int:
    """Give a moment as nanoseconds since 1970."""
    return (moment - _EPOCH) // timedelta(microseconds=1) * 1000


def moment_of(time: int) -> datetime:
    """Give nanoseconds since 1970 as a moment."""
    return _EPOCH + timedelta(microseconds=time // 1000)


_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
