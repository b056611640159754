"""Counting: so many in an hour, all at once if need be, and forgotten in time."""

import pytest

from newsletter.web.limits import HOUR, MOST_KEYS, Limit, Limits, neighbours


class Seconds:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


def test_all_of_an_hour_may_come_at_once_and_then_one_after_the_other(seconds: Seconds) -> None:
    limits, limit = Limits(seconds), [Limit("a", 4)]
    assert [limits.take(limit) for _ in range(4)] == [0.0] * 4
    wait = limits.take(limit)
    assert wait == pytest.approx(HOUR / 4)
    seconds.now += wait
    assert limits.take(limit) == 0.0
    assert limits.take(limit) > 0
    seconds.now += HOUR
    assert [limits.take(limit) for _ in range(5)][:4] == [0.0] * 4


def test_who_is_refused_by_one_limit_counts_against_none(seconds: Seconds) -> None:
    limits = Limits(seconds)
    assert limits.take([Limit("a", 1), Limit("b", 2)]) == 0.0
    for _ in range(10):
        assert limits.take([Limit("a", 1), Limit("b", 2)]) > 0
    assert limits.take([Limit("b", 2)]) == 0.0


def test_others_are_not_counted_together(seconds: Seconds) -> None:
    limits = Limits(seconds)
    assert [limits.take([Limit(name, 1)]) for name in "abc"] == [0.0] * 3


def test_memory_is_bounded(seconds: Seconds) -> None:
    limits = Limits(seconds)
    for number in range(MOST_KEYS + 100):
        limits.take([Limit(str(number), 1)])
    assert len(limits._full_again) == MOST_KEYS
    assert limits.take([Limit(str(MOST_KEYS), 1)]) > 0
    assert limits.take([Limit("0", 1)]) == 0.0


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.77", "192.0.2.0/24"),
        ("2001:db8:1:2345::7", "2001:db8:1:2300::/56"),
        ("::ffff:192.0.2.77", "192.0.2.0/24"),
        ("testclient", "testclient"),
    ],
)
def test_neighbours_share_a_network(address: str, network: str) -> None:
    assert neighbours(address) == network
