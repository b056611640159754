"""The law of rates: whatever comes, whenever, no window holds more than it may, and nobody waits for ever."""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from random import Random
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.dispatch.pacing.buckets import (
    FORGOTTEN,
    HORIZON,
    RECOVERY,
    SECOND,
    SLOTS,
    Bucket,
    Gate,
    Wish,
    allocate,
    moment_of,
    nanoseconds,
    slow_rate,
)
from newsletter.dispatch.pacing.limits import Limit
from newsletter.dispatch.pacing.warm_up import WarmUp

START = nanoseconds(datetime(2024, 2, 20, 8, 30, tzinfo=UTC))
rates = st.floats(0.05, 30_000)
bursts = st.none() | st.integers(1, 50)
asks = st.lists(st.tuples(st.integers(0, 3 * SECOND), st.integers(1, 40)), min_size=1, max_size=40)


class Shop:
    """Buckets in a dictionary, as one process after another finds them."""

    def __init__(self, limits: Mapping[str, Limit]) -> None:
        self.limits = limits
        self.buckets = dict.fromkeys(limits, Bucket())

    def ask(self, now: int, *wishes: Wish) -> list[list[int]]:
        """Give when each message of each wish goes."""
        gates = {key: Gate(self.buckets[key], limit, now) for key, limit in self.limits.items()}
        grants = allocate(gates, wishes, now)
        self.buckets = {key: gate.bucket() for key, gate in gates.items()}
        return [[now + round(delay * SECOND) for delay in grant.delays] for grant in grants]


def went(limit: Limit, pattern: Sequence[tuple[int, int]]) -> list[int]:
    """Give when messages go that are asked for at these distances."""
    shop, now, moments = Shop({"a": limit}), START, []
    for pause, count in pattern:
        now += pause
        moments += shop.ask(now, Wish(("a",), count))[0]
    return sorted(moments)


def most_in(moments: Sequence[int], window: int) -> int:
    """Tell how many there are at most within a window, wherever it begins."""
    return max((bisect_left(moments, moment + window) - place for place, moment in enumerate(moments)), default=0)


@given(rates, bursts, asks, st.integers(1, 20 * SECOND))
def test_no_window_has_more_than_rate_times_its_length_and_the_burst(
    rate: float, burst: int | None, pattern: Sequence[tuple[int, int]], window: int
) -> None:
    moments = went(Limit({"second": rate}, burst), pattern)
    allowed = burst or max(1, int(rate * 0.1))
    # One more for the nanosecond that a delay is rounded by.
    assert most_in(moments, window) <= rate * (window + 1) / SECOND + allowed + 1e-6


@given(rates, bursts, asks)
def test_who_asks_when_told_is_let_through(rate: float, burst: int | None, pattern: Sequence[tuple[int, int]]) -> None:
    limit = Limit({"second": rate}, burst)
    bucket, now = Bucket(), START
    for pause, count in pattern:
        now += pause
        gate = Gate(bucket, limit, now)
        (grant,) = allocate({"a": gate}, [Wish(("a",), count)], now)
        bucket = gate.bucket()
        if grant.again:
            later = now + round(grant.again * SECOND)
            (second,) = allocate({"a": Gate(bucket, limit, later)}, [Wish(("a",), 1)], later)
            assert second.delays


@given(st.floats(2, 500), st.integers(2, 8), st.integers())
def test_processes_that_take_turns_in_any_order_use_the_whole_rate(rate: float, processes: int, seed: int) -> None:
    random = Random(seed)
    shop, now, moments = Shop({"a": Limit({"second": rate})}), START, []
    ready = [START] * processes
    while now < START + 10 * SECOND:
        number = min(range(processes), key=lambda one: ready[one])
        now = max(now, ready[number])
        moments += shop.ask(now, Wish(("a",), 1_000))[0]
        # Each is late by up to 30 ms, as a busy machine makes it.
        ready[number] = now + random.randrange(SECOND // 100, 3 * SECOND // 100)
    within = sum(moment < START + 10 * SECOND for moment in moments)
    assert within >= rate * 10 * 0.99 - 2
    assert within <= rate * 10 + max(1, rate * 0.1) + 1


@given(st.integers(1, 200), st.sampled_from(["hour", "day"]), asks)
def test_no_hour_and_no_day_has_more_than_its_quota(quota: int, name: str, pattern: Sequence[tuple[int, int]]) -> None:
    window = {"hour": 3600, "day": 86_400}[name] * SECOND
    stretched = [(pause * window // (6 * SECOND), count) for pause, count in pattern]
    assert most_in(went(Limit({name: quota}), stretched), window) <= quota


def test_quota_comes_back_when_its_window_has_passed() -> None:
    shop = Shop({"a": Limit({"hour": 10})})
    assert len(shop.ask(START, Wish(("a",), 25))[0]) == 10
    hour = 3600 * SECOND
    gate = Gate(shop.buckets["a"], shop.limits["a"], START)
    assert hour < gate.free_at() - START <= hour + hour // SLOTS
    assert gate.why() == "no more than 10 an hour"
    assert len(shop.ask(gate.free_at(), Wish(("a",), 25))[0]) == 10


def test_nothing_is_taken_more_than_a_tenth_of_a_second_ahead() -> None:
    shop = Shop({"a": Limit({"second": 50}, 1)})
    (moments,) = shop.ask(START, Wish(("a",), 500))
    assert len(moments) == 6
    assert moments[-1] - START == HORIZON
    assert shop.ask(START, Wish(("a",), 500)) == [[]]


def test_what_one_bucket_has_no_room_for_takes_nothing_from_another() -> None:
    shop = Shop({"all": Limit({"second": 1000, "hour": 1000}), "slow": Limit({"second": 0.1})})
    shop.ask(START, Wish(("all", "slow"), 100))
    assert sum(shop.buckets["all"].used["hour"].values()) == 1
    assert len(shop.ask(START, Wish(("all",), 10_000))[0]) > 90


def test_slow_one_does_not_hold_up_the_others() -> None:
    shop = Shop({"all": Limit({"second": 100}), "slow": Limit({"second": 1}), "quick": Limit({"second": 80})})
    slow, quick = shop.ask(START, Wish(("all", "slow"), 50), Wish(("all", "quick"), 50))
    assert len(slow) == 1
    assert len(quick) >= 8


def test_several_share_what_there_is_in_turn() -> None:
    shop = Shop({"all": Limit({"second": 100}, 1)})
    counts = [len(moments) for moments in shop.ask(START, *[Wish(("all",), 50)] * 3)]
    assert max(counts) - min(counts) <= 1


@pytest.mark.parametrize("back", [1, 3600, 86_400])
def test_clock_that_goes_back_keeps_nobody_waiting(back: int) -> None:
    shop = Shop({"a": Limit({"second": 50})})
    shop.ask(START, Wish(("a",), 500))
    earlier = START - back * SECOND
    moments = [moment for tenth in range(51) for moment in shop.ask(earlier + tenth * HORIZON, Wish(("a",), 500))[0]]
    assert 5 * 50 <= len(moments) <= 5 * 50 + 12


def test_limit_that_is_raised_holds_at_once() -> None:
    bucket = Gate(Bucket(), Limit({"minute": 1}), START)
    bucket.take()
    after = bucket.bucket()
    assert Gate(after, Limit({"minute": 1}), START).free_at() == START + 60 * SECOND
    assert Gate(after, Limit({"second": 50}), START).free_at() == START


@given(st.floats(0.1, 100), st.integers(0, 2 * FORGOTTEN))
def test_slowed_rate_recovers_step_by_step_and_ends(rate: float, age: int) -> None:
    left = slow_rate(Bucket(slow_rate=rate, slowed_at=START), START + age)
    assert left == (None if age >= FORGOTTEN else rate * 2 ** (age // RECOVERY))


def test_slowed_rate_holds_where_it_is_below_the_limit_and_where_there_is_none() -> None:
    slowed = Bucket(slow_rate=2.0, slowed_at=START)
    for limit in (Limit({}), Limit({"second": 50})):
        gate = Gate(slowed, limit, START)
        gate.take()
        assert gate.free_at() == START + SECOND // 2
    gate = Gate(slowed, Limit({"second": 1}), START)
    gate.take()
    assert gate.free_at() == START + SECOND


def test_pause_ends_when_it_was_said_to() -> None:
    paused = Bucket(paused_until=START + 90 * SECOND)
    assert Gate(paused, Limit({}), START).free_at() == START + 90 * SECOND
    assert Gate(paused, Limit({}), START + 91 * SECOND).free_at() == START + 91 * SECOND
    # A clock that went back by a day must not make a day of it.
    assert Gate(paused, Limit({}), START - 86_400 * SECOND).free_at() == START - 86_400 * SECOND


@given(st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1)))  # noqa: DTZ001
def test_moments_survive_their_counting(moment: datetime) -> None:
    aware = moment.replace(tzinfo=UTC)
    assert moment_of(nanoseconds(aware)) == aware


AMSTERDAM = ZoneInfo("Europe/Amsterdam")


@pytest.mark.parametrize(
    ("moment", "next_day"),
    [
        (datetime(2026, 5, 1, 23, 59, tzinfo=AMSTERDAM), datetime(2026, 5, 2, tzinfo=AMSTERDAM)),
        # In UTC it is still the day before.
        (datetime(2026, 5, 1, 0, 30, tzinfo=AMSTERDAM), datetime(2026, 5, 2, tzinfo=AMSTERDAM)),
        # Days of 23 and of 25 hours.
        (datetime(2026, 3, 29, 12, 0, tzinfo=AMSTERDAM), datetime(2026, 3, 30, tzinfo=AMSTERDAM)),
        (datetime(2026, 10, 25, 0, 1, tzinfo=AMSTERDAM), datetime(2026, 10, 26, tzinfo=AMSTERDAM)),
    ],
)
def test_day_of_a_warm_up_ends_at_midnight_where_the_newsletter_lives(moment: datetime, next_day: datetime) -> None:
    plan = WarmUp(moment.date(), [3, 5], AMSTERDAM)
    now = nanoseconds(moment)
    gate = Gate(Bucket(), Limit({}), now, plan)
    (grant,) = allocate({"w": gate}, [Wish(("w",), 10)], now)
    assert len(grant.delays) == 3
    assert grant.why == "no more than 3 today, while the sender warms up"
    assert moment_of(gate.free_at()) == next_day
    tomorrow = gate.free_at()
    (grant,) = allocate({"w": Gate(gate.bucket(), Limit({}), tomorrow, plan)}, [Wish(("w",), 10)], tomorrow)
    assert len(grant.delays) == 5


def test_warm_up_begins_and_ends_on_its_days() -> None:
    plan = WarmUp(date(2026, 5, 2), [50], AMSTERDAM)
    before = nanoseconds(datetime(2026, 5, 1, 12, 0, tzinfo=AMSTERDAM))
    gate = Gate(Bucket(), Limit({}), before, plan)
    assert moment_of(gate.free_at()) == datetime(2026, 5, 2, tzinfo=AMSTERDAM)
    assert gate.why() == "the warm-up begins on 2026-05-02"
    assert plan.allowance(date(2026, 5, 3)) is None


def test_usual_plan_doubles_after_its_first_days() -> None:
    plan = WarmUp(date(2026, 5, 1), None, AMSTERDAM)
    allowances = [plan.allowance(date(2026, 5, day)) for day in range(1, 11)]
    assert allowances == [50, 100, 500, 1_000, 5_000, 10_000, 20_000, 40_000, 80_000, 160_000]
    assert plan.allowance(date(2036, 5, 1)) is None
