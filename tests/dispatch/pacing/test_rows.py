"""The buckets in the database: one truth for all processes, whichever comes first."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from newsletter.clock import now as real_now
from newsletter.dispatch.pacing import Buckets, Limit, key_of, parse_limit, read_buckets, set_override, survey_limits
from newsletter.dispatch.pacing.buckets import SECOND, Wish, nanoseconds
from newsletter.dispatch.pacing.hints import Hint, Scope
from newsletter.dispatch.pacing.rows import Complaint
from newsletter.errors import DispatchError
from newsletter.store import Database, insist, open_database, tables
from support.pacing import PROVIDER, make_rules, plan

GMAIL = "domain:gmail.com"


def open_buckets(database: Database, now: datetime, **limits: str) -> Buckets:
    given = {
        f"{'provider' if name == 'smtp' else 'domain'}:{name.replace('_', '.')}": text for name, text in limits.items()
    }
    rules = make_rules({key: parse_limit(text) for key, text in given.items()})
    return Buckets(database, rules, lambda: now, server_time=False)


def test_processes_at_the_same_moment_share_what_there_is(database: Database, database_url: str, now: datetime) -> None:
    """Eight connections in eight threads ask all at once: together they get what one would have got."""
    opened = [open_database(database_url, Path()) for _ in range(8)]
    everybody = [open_buckets(one, now, smtp="500/hour 1000000/s", gmail_com="300/day") for one in opened]

    def ask(buckets: Buckets) -> int:
        wishes = [Wish((PROVIDER, GMAIL), 20), Wish((PROVIDER,), 20)]
        return sum(len(grant.delays) for _ in range(5) for grant in insist(lambda: buckets.reserve(wishes)))

    with ThreadPoolExecutor(8) as threads:
        granted = sum(threads.map(ask, everybody))
    for one in opened:
        one.close()
    assert granted == 500
    with database.reading() as connection:
        found = read_buckets(connection)
    assert sum(found[PROVIDER].used["hour"].values()) == 500
    assert sum(found[GMAIL].used["day"].values()) == 250


def test_refusal_writes_nothing(database: Database, now: datetime) -> None:
    buckets = open_buckets(database, now, smtp="1/minute")
    assert buckets.reserve([Wish((PROVIDER,), 5)])[0].delays == (0.0,)
    with database.reading() as connection:
        before = read_buckets(connection)
    (grant,) = buckets.reserve([Wish((PROVIDER,), 5)])
    assert grant.delays == ()
    assert grant.again == pytest.approx(60, abs=0.1)
    with database.reading() as connection:
        assert read_buckets(connection) == before


def test_server_tells_the_time_where_there_is_one(database: Database) -> None:
    wrong = Buckets(database, make_rules({PROVIDER: Limit({"second": 5})}), lambda: real_now() - timedelta(days=400))
    wrong.reserve([Wish((PROVIDER,), 1)])
    with database.reading() as connection:
        age = nanoseconds(real_now()) - read_buckets(connection)[PROVIDER].tat
    assert (age > 300 * 86_400 * SECOND) == database.is_sqlite


def test_what_is_set_by_hand_goes_before_the_settings_and_ends_a_slow_down(database: Database, now: datetime) -> None:
    buckets = open_buckets(database, now, gmail_com="5/s")
    buckets.slow_down([Complaint(GMAIL, Hint(Scope.DOMAIN, timedelta(seconds=50)), 5.0)])
    assert buckets.standing()[GMAIL].slowed == 2.5
    with database.writing() as connection:
        set_override(connection, GMAIL, parse_limit("7/s"), now)
    (holding,) = survey_limits(buckets)
    assert (str(holding.limit), holding.is_override, holding.slowed, holding.paused_until) == (
        "7/second",
        True,
        None,
        None,
    )
    with database.writing() as connection:
        set_override(connection, GMAIL, None, now)
    assert not buckets.standing()
    assert str(survey_limits(buckets)[0].limit) == "5/second"


def test_limit_that_is_taken_away_by_hand_is_none(database: Database, now: datetime) -> None:
    buckets = open_buckets(database, now, gmail_com="1/minute")
    with database.writing() as connection:
        set_override(connection, GMAIL, parse_limit("none"), now)
    assert len(buckets.reserve([Wish((GMAIL,), 500)])[0].delays) == 500


def test_rows_of_domains_that_nobody_writes_to_any_more_go(database: Database, now: datetime) -> None:
    buckets = open_buckets(database, now, gmail_com="5/s", smtp="5/s", old_nl="100/day")
    buckets.reserve([Wish((GMAIL, PROVIDER, "domain:old.nl"), 1)])
    with database.writing() as connection:
        set_override(connection, PROVIDER, parse_limit("7/s"), now)
    open_buckets(database, now + timedelta(days=2)).sweep()
    with database.reading() as connection:
        assert read_buckets(connection).keys() == {GMAIL, PROVIDER, "domain:old.nl"}
    open_buckets(database, now + timedelta(days=4)).sweep()
    with database.reading() as connection:
        assert read_buckets(connection).keys() == {PROVIDER}


def test_overview_counts_what_was_used(database: Database, now: datetime) -> None:
    rules = make_rules({PROVIDER: parse_limit("100/hour")}, other=parse_limit("9/s"), warm_up=plan(50, start=now))
    buckets = Buckets(database, rules, lambda: now, server_time=False)
    buckets.reserve([Wish((PROVIDER, rules.sender), 30)])
    provider, sender, others = survey_limits(buckets)
    assert provider.used == {"hour": 30}
    assert (sender.allowance, sender.used) == (50, {"warm-up": 30})
    assert others.key == "domain:default"
    with database.reading() as connection:
        assert buckets.used_today(connection) == 30


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("smtp", PROVIDER),
        ("GMail.com", GMAIL),
        ("example.org", "domain:example.org"),
        ("x@müller.example", "domain:xn--mller-kva.example"),
    ],
)
def test_bucket_is_named_as_people_do(name: str, key: str) -> None:
    assert key_of(name, make_rules()) == key


def test_name_of_nothing_is_refused() -> None:
    with pytest.raises(DispatchError, match="neither a provider nor a domain") as caught:
        key_of("smpt", make_rules())
    assert "smtp" in caught.value.remedy


def test_database_refuses_half_a_slow_down(database: Database) -> None:
    row = {"key": "domain:x", "slow_rate": 1.0}
    with pytest.raises(Exception, match=r"(?i)check"), database.writing() as connection:
        connection.execute(sa.insert(tables.rate_limits).values(row))
