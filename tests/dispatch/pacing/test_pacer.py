"""Messages of one run: each goes when it may, nobody holds up others, and a change holds while they go."""

import asyncio
from collections import Counter
from datetime import datetime, timedelta

import pytest

from newsletter.dispatch.pacing import Limit, read_buckets, set_override
from newsletter.dispatch.pacing.pacer import KEPT_ASIDE, ONE_AND_ALL, REFRESH
from newsletter.providers.base import Deferred
from newsletter.store import Database
from support.pacing import PROVIDER, Letter, Scene, letters, make_rules, plan

GMAIL = "domain:gmail.com"


def scene(database: Database, now: datetime, **limits: Limit) -> Scene:
    return Scene(
        database, make_rules({key.replace("_", ":").replace("-", "."): one for key, one in limits.items()}), now
    )


def test_without_limits_everything_goes_at_once_and_in_order(database: Database, now: datetime) -> None:
    run, given = Scene(database, make_rules(), now), letters("a.nl", 3) + letters("b.nl", 3)
    asyncio.run(run.send(given))
    assert [to for _, to in run.went] == ["a.nl"] * 3 + ["b.nl"] * 3
    assert not run.slept


def test_messages_are_spread_evenly_to_a_tenth_of_a_second(database: Database, now: datetime) -> None:
    run = Scene(database, make_rules({PROVIDER: Limit({"second": 50})}), now)
    asyncio.run(run.send(letters("a.nl", 500)))
    moments = run.times()
    assert 9.8 <= moments[-1] - moments[0] <= 10.2
    in_tenths = Counter(int(moment * 10) for moment in moments)
    # Five each, and the burst of a tenth of a second at the beginning.
    assert max(in_tenths.values()) <= 10
    assert max(list(in_tenths.values())[2:]) <= 6


def test_slow_domain_does_not_hold_up_the_others(database: Database, now: datetime) -> None:
    run = Scene(database, make_rules({GMAIL: Limit({"second": 1})}), now)
    asyncio.run(run.send([*letters("gmail.com", 30), *letters("a.nl", 300)]))
    assert run.times("a.nl")[-1] <= 0.2
    assert 28 <= run.times("gmail.com")[-1] <= 30


def test_no_more_than_so_many_stand_aside(database: Database, now: datetime) -> None:
    run = Scene(database, make_rules({GMAIL: Limit({"second": 1000})}), now)
    asyncio.run(run.send([*letters("gmail.com", KEPT_ASIDE + 500), *letters("a.nl", 10)]))
    assert run.longest_queue <= KEPT_ASIDE
    assert len(run.went) == KEPT_ASIDE + 510


def test_each_mail_system_gets_its_turn_when_the_provider_is_the_narrow_place(
    database: Database, now: datetime
) -> None:
    run = Scene(database, make_rules({PROVIDER: Limit({"second": 100})}), now)
    asyncio.run(run.send([*letters("a.nl", 100), *letters("b.nl", 100), *letters("c.nl", 100)]))
    early = Counter(to for _, to in run.went[:90])
    assert max(early.values()) - min(early.values()) <= 12


def test_limit_that_is_set_holds_while_messages_go(database: Database, now: datetime) -> None:
    run = Scene(database, make_rules({PROVIDER: Limit({"second": 10})}), now)

    def change(limit: Limit | None) -> None:
        with database.writing() as connection:
            set_override(connection, PROVIDER, limit, run.moment)

    run.events = {5.0: lambda: change(Limit({"second": 100})), 8.0: lambda: change(None)}
    asyncio.run(run.send(letters("a.nl", 400)))
    counted = Counter(int(moment) for moment in run.times())
    assert counted[4] == pytest.approx(10, abs=1)
    assert counted[7] == pytest.approx(100, abs=5)
    assert counted[8 + int(2 * REFRESH)] == pytest.approx(10, abs=1)


@pytest.mark.parametrize("key", [PROVIDER, GMAIL])
def test_limit_is_set_where_there_was_none_and_is_seen_after_a_second(
    database: Database, now: datetime, key: str
) -> None:
    run = Scene(database, make_rules(), now)
    asyncio.run(run.send(letters("gmail.com", 5)))
    assert run.times()[-1] == 0
    with database.writing() as connection:
        set_override(connection, key, Limit({"second": 1}), run.moment)
    run.moment += timedelta(seconds=REFRESH)
    asyncio.run(run.send(letters("gmail.com", 5)))
    assert run.times()[-1] - run.times()[-5] == pytest.approx(4, abs=0.1)


def test_nobody_sleeps_through_a_change(database: Database, now: datetime) -> None:
    run = Scene(database, make_rules({GMAIL: Limit({"minute": 1})}), now)
    asyncio.run(run.send(letters("gmail.com", 3)))
    assert max(run.slept) <= REFRESH
    assert run.times()[-1] == pytest.approx(120, abs=0.2)


def test_what_a_warm_up_has_no_room_for_waits_for_tomorrow(database: Database, now: datetime) -> None:
    run = Scene(database, make_rules(warm_up=plan(50, 100, start=now)), now)
    asyncio.run(run.send([*letters("a.nl", 40), *letters("b.nl", 40)]))
    assert len(run.went) == 50
    assert len(run.put_off) == 30
    ((until, why),) = {(until, why) for _, until, why in run.put_off}
    midnight = datetime(2024, 2, 20, 23, 0, tzinfo=now.tzinfo)
    assert midnight < until <= midnight + timedelta(seconds=5)
    assert why == "example.org: no more than 50 today, while the sender warms up"
    assert not run.slept
    run.moment = until
    asyncio.run(run.send(letters("a.nl", 200)))
    assert len(run.went) == 150


def test_what_a_day_has_no_room_for_is_put_off(database: Database, now: datetime) -> None:
    run = Scene(database, make_rules({PROVIDER: Limit({"day": 100})}), now)
    asyncio.run(run.send([*letters("gmail.com", 30), *letters("a.nl", 100)]))
    assert len(run.went) == 100
    assert {why for _, _, why in run.put_off} == {"smtp: no more than 100 a day"}
    assert all(until - run.start > timedelta(hours=24) for _, until, _ in run.put_off)


def test_limit_of_an_hour_is_waited_for(database: Database, now: datetime) -> None:
    run = Scene(database, make_rules({GMAIL: Limit({"hour": 20})}), now)
    asyncio.run(run.send(letters("gmail.com", 30)))
    assert not run.put_off
    assert run.times()[19] < 1
    assert 3600 <= run.times()[20] <= 3600 * 31 / 30 + 1


def refuse(run: Scene, words: str, *domains: str) -> object:
    def hear(letter: Letter) -> None:
        if letter.recipient.address.partition("@")[2] in domains:
            run.pacer.hear(Deferred(letter.key, words))

    return hear


def test_mail_system_that_complains_is_slowed_down_and_recovers(database: Database, now: datetime) -> None:
    run = Scene(database, make_rules({PROVIDER: Limit({"second": 20})}), now)
    complaining = letters("gmail.com", 1)

    def hear(letter: Letter) -> None:
        if letter is complaining[0]:
            run.pacer.hear(Deferred(letter.key, "421 4.7.0 too many connections from your address"))

    asyncio.run(run.send([*complaining, *letters("a.nl", 100)], hear))
    run.moment += timedelta(seconds=2)
    begin = run.seconds()
    asyncio.run(run.send([*letters("gmail.com", 1500), *letters("a.nl", 100)]))
    rates = Counter(int((moment - begin) // 60) for moment in run.times("gmail.com")[1:])
    assert rates[1] < rates[6] < rates[11]
    assert run.times("a.nl")[-1] - begin < 15


def test_pause_that_is_asked_for_is_kept(database: Database, now: datetime) -> None:
    run = Scene(database, make_rules({PROVIDER: Limit({"second": 100})}), now)
    given = letters("gmail.com", 1)

    def hear(letter: Letter) -> None:
        if letter is given[0]:
            run.pacer.hear(Deferred(letter.key, "451 rate limited, try again in 90 seconds"))

    asyncio.run(run.send(given, hear))
    asyncio.run(run.pacer.finish(run.around))
    run.moment += timedelta(seconds=2)
    asyncio.run(run.send(letters("gmail.com", 2)))
    assert run.times()[1] >= 90


def test_provider_is_slowed_down_when_several_mail_systems_complain_alike(database: Database, now: datetime) -> None:
    run = Scene(database, make_rules({PROVIDER: Limit({"second": 20})}), now)
    domains = [f"d{number}.nl" for number in range(ONE_AND_ALL)]
    asyncio.run(
        run.send(
            [one for domain in domains for one in letters(domain, 1)], refuse(run, "421 too many connections", *domains)
        )  # type: ignore[arg-type]
    )
    asyncio.run(run.pacer.finish(run.around))
    with database.reading() as connection:
        buckets = read_buckets(connection)
    assert buckets[PROVIDER].slow_rate is not None
    assert run.buckets.standing().keys() == {PROVIDER, *(f"domain:{domain}" for domain in domains[:-1])}


def test_refusal_that_says_nothing_of_speed_slows_nobody_down(database: Database, now: datetime) -> None:
    run = Scene(database, make_rules({PROVIDER: Limit({"second": 20})}), now)
    asyncio.run(run.send(letters("a.nl", 5), refuse(run, "450 greylisted, try again in 300 seconds", "a.nl")))  # type: ignore[arg-type]
    asyncio.run(run.pacer.finish(run.around))
    assert not run.buckets.standing()


def test_stop_ends_it_though_many_still_wait(database: Database, now: datetime) -> None:
    run = Scene(database, make_rules({PROVIDER: Limit({"minute": 1})}), now)
    run.halted = lambda: run.seconds() >= 90  # type: ignore[method-assign]
    asyncio.run(run.send(letters("a.nl", 100)))
    assert len(run.went) == 2
    assert run.seconds() < 90 + 2 * REFRESH
