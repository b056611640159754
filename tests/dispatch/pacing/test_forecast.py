"""How long a dispatch takes is known beforehand, and is what it then takes."""

import asyncio
from datetime import datetime, timedelta

import pytest

from newsletter.dispatch.pacing import Limit, forecast, parse_limit
from newsletter.dispatch.pacing.forecast import lasting, spoken
from newsletter.store import Database
from support.pacing import PROVIDER, Scene, letters, make_rules, plan


@pytest.mark.parametrize(
    ("count", "limit", "takes"),
    [
        (0, "50/s", timedelta()),
        (1, "50/s", timedelta()),
        (501, "50/s", timedelta(seconds=10)),
        (10_000, "10000/hour", timedelta()),
        (10_001, "10000/hour", timedelta(hours=1)),
        (25_001, "10000/hour 5/s", timedelta(hours=2, seconds=1000)),
        (3, "1/minute 1000/day", timedelta(minutes=2)),
        (2_501, "1000/day 500/hour", timedelta(days=2, hours=1)),
        # The rate alone is slower than the quota.
        (101, "100/hour 0.01/s", timedelta(seconds=10_000)),
    ],
)
def test_time_under_one_limit(count: int, limit: str, takes: timedelta) -> None:
    assert abs(lasting(count, parse_limit(limit)) - takes) < timedelta(seconds=1)


def test_slowest_mail_system_is_named(now: datetime) -> None:
    rules = make_rules({PROVIDER: Limit({"second": 50}), "domain:gmail.com": Limit({"second": 1})})
    found = forecast({"gmail.com": 7801, "a.nl": 10_000}, rules, now)
    assert found.line() == "takes 2 h 10 min at least, under the limit of gmail.com"
    assert forecast({"a.nl": 10}, rules, now).line() == ""
    assert forecast({"a.nl": 10_000}, make_rules(), now).line() == ""


def test_warm_up_takes_its_days(now: datetime) -> None:
    rules = make_rules(warm_up=plan(50, 100, 500, start=now))
    midnight = datetime(2024, 2, 20, 23, tzinfo=now.tzinfo)
    assert forecast({"a.nl": 50}, rules, now).duration == timedelta()
    assert forecast({"a.nl": 50}, rules, now, used=1).duration == midnight - now
    assert forecast({"a.nl": 150}, rules, now).duration == midnight - now
    found = forecast({"a.nl": 5_000}, rules, now)
    assert found.duration == midnight - now + timedelta(days=2)
    assert found.because == "the warm-up"


def test_forecast_is_what_it_takes(database: Database, now: datetime) -> None:
    limits = {
        PROVIDER: parse_limit("20/s"),
        "domain:a.nl": parse_limit("2/s"),
        "domain:b.nl": parse_limit("30/hour 3/s"),
    }
    rules = make_rules(limits)
    run = Scene(database, rules, now)
    asyncio.run(run.send([*letters("a.nl", 60), *letters("b.nl", 20), *letters("c.nl", 200)]))
    expected = forecast({"a.nl": 60, "b.nl": 20, "c.nl": 200}, rules, now).duration.total_seconds()
    assert run.times()[-1] == pytest.approx(expected, rel=0.05)


@pytest.mark.parametrize(
    ("duration", "words"),
    [
        (timedelta(seconds=70), "1 min"),
        (timedelta(hours=2, minutes=10), "2 h 10 min"),
        (timedelta(hours=3), "3 h"),
        (timedelta(days=1, minutes=4), "1 day"),
        (timedelta(days=3, hours=4), "3 days 4 h"),
    ],
)
def test_duration_is_said_as_people_say_it(duration: timedelta, words: str) -> None:
    assert spoken(duration) == words
