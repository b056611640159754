"""One reader's whole story: every list, every dispatch, and why there was no message where there was none."""

from datetime import timedelta

import sqlalchemy as sa

from newsletter.dispatch import Controls, Settlement, Story, lease, ledger, tell_story
from newsletter.dispatch.history import Absence
from newsletter.message import DeliveryKey
from newsletter.providers.base import Deferred, Rejected, Uncertain
from newsletter.store import tables
from newsletter.subscribers import parse_address, remove, unsubscribe
from support.dispatching import ELSEWHERE, Bench, Scripted


def story(bench: Bench, name: str) -> Story:
    with bench.database.reading() as connection:
        return tell_story(connection, parse_address(f"{name}@example.org"), bench.signer.address_hashes)


def test_story_tells_what_the_provider_said_and_how_often_it_was_tried(bench: Bench) -> None:
    bench.subscribe(["anna"])
    frozen = bench.freeze()
    bench.drive(frozen, Scripted(lambda message: Deferred(message.key, "450 4.7.1 greylisted")))
    (outcome,) = story(bench, "anna").outcomes
    assert (outcome.state, outcome.attempts, outcome.deferrals) == ("deferred", 1, 1)
    assert outcome.reply == "450 4.7.1 greylisted"
    assert outcome.due == bench.clock() + timedelta(minutes=30)
    bench.clock.pass_by(hours=1)
    bench.drive(frozen, Scripted(lambda message: Rejected(message.key, "550 5.1.1 no such user")))
    (outcome,) = story(bench, "anna").outcomes
    assert (outcome.state, outcome.attempts, outcome.reply) == ("rejected", 2, "550 5.1.1 no such user")
    assert [(past.state, past.reply) for past in outcome.past] == [
        ("deferred", "450 4.7.1 greylisted"),
        ("rejected", "550 5.1.1 no such user"),
    ]


def test_who_joined_after_the_freeze_is_told_so(bench: Bench) -> None:
    bench.subscribe(["anna"])
    bench.freeze()
    bench.clock.pass_by(minutes=1)
    bench.subscribe(["ben"])
    (outcome,) = story(bench, "ben").outcomes
    assert (outcome.state, outcome.absence) == (None, Absence.LATER)


def test_who_is_not_in_the_segment_is_told_so(bench: Bench) -> None:
    bench.subscribe(["anna"], region="Noord")
    bench.subscribe(["ben"], region="Zuid")
    bench.freeze("noord")
    (outcome,) = story(bench, "ben").outcomes
    assert outcome.absence is Absence.SEGMENT
    assert story(bench, "anna").outcomes[0].state == "planned"


def test_who_left_before_the_freeze_is_told_why_there_was_no_message(bench: Bench) -> None:
    bench.subscribe(["anna", "ben"])
    with bench.database.writing() as connection:
        unsubscribe(connection, parse_address("ben@example.org"), None, bench.clock())
    bench.freeze()
    told = story(bench, "ben")
    assert (told.outcomes[0].state, told.outcomes[0].reason) == ("excluded", "unsubscribed")
    assert told.memberships[0].unsubscribed_at == bench.clock()


def test_nobody_and_somebody_who_was_erased_have_no_story(bench: Bench) -> None:
    bench.subscribe(["anna"])
    assert story(bench, "nobody").subscriber is None
    with bench.database.writing() as connection:
        remove(connection, parse_address("anna@example.org"), bench.clock(), bench.signer.address_hashes, suppress=True)
    told = story(bench, "anna")
    assert (told.subscriber, told.outcomes) == (None, ())
    assert told.suppressed is not None
    assert told.suppressed[1] == bench.clock()
    with bench.database.reading() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(tables.subscribers)) == 0


def test_story_keeps_what_was_lost_and_what_a_person_decided(bench: Bench) -> None:
    """I6: the history is only added to."""
    bench.subscribe(["anna", "ben"])
    frozen = bench.freeze()
    with bench.database.writing() as connection:
        leased = lease.take(connection, frozen, ELSEWHERE, bench.clock())
        (first, _) = ledger.claim(connection, leased, bench.clock(), 2)
        ledger.intend(connection, leased, bench.clock(), {first: DeliveryKey("k")})
        ledger.recover(connection, leased, leased.lease, bench.clock())
        lease.give_back(connection, leased)
    acting = Controls(bench.database, frozen.id, "tester", bench.clock)
    acting.settle(Settlement.RESEND)
    bench.drive(frozen, Scripted(lambda message: Uncertain(message.key, "no reply")))
    acting.settle(Settlement.DROP)
    assert [past.state for past in story(bench, "anna").outcomes[0].past] == [
        "uncertain", "deferred", "uncertain", "excluded",
    ]  # fmt: skip
    assert [past.state for past in story(bench, "ben").outcomes[0].past] == ["uncertain", "excluded"]


def test_who_was_accepted_at_once_has_no_past(bench: Bench) -> None:
    bench.subscribe(["anna"])
    bench.drive(bench.freeze(), Scripted())
    assert story(bench, "anna").outcomes[0].past == ()
