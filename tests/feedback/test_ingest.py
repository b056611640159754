"""Reports are stored once and applied in whatever order they come."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import permutations

import pytest
import sqlalchemy as sa

from newsletter.audience import Query, Selection, Standing, matching
from newsletter.dispatch import State, accept, propose
from newsletter.dispatch.dispatches import Dispatch
from newsletter.errors import SubscriberError
from newsletter.feedback.explaining import explain, lift, read_reports
from newsletter.feedback.ingest import Policy, Taken, take
from newsletter.feedback.policy import Rules, Verdict
from newsletter.feedback.submissions import take_submissions
from newsletter.message import DeliveryKey
from newsletter.providers.base import Accepted, Message, Outcome, Rejected, Uncertain
from newsletter.providers.base.feedback import EventKind, Fault, FeedbackEvent
from newsletter.store import tables
from newsletter.subscribers import dossier
from support.dispatching import SLUG, Bench, Scripted

POLICY = Policy(Rules(limit=3, half_life=timedelta(days=90)), complaints=1)
HOUR = timedelta(hours=1)
NAMES = ("jan", "piet", "kees")


@pytest.fixture
def sent(bench: Bench) -> Dispatch:
    """A dispatch that everybody accepted."""
    bench.subscribe(NAMES)
    dispatch = bench.freeze()
    bench.drive(dispatch, Scripted())
    return dispatch


def key_of(bench: Bench, dispatch: Dispatch, name: str) -> DeliveryKey:
    people, deliveries = tables.subscribers, tables.deliveries
    chosen = (
        sa.select(deliveries.c.key)
        .join_from(deliveries, people, people.c.id == deliveries.c.subscriber_id)
        .where(deliveries.c.dispatch_id == dispatch.id, people.c.address_key == f"{name}@example.org")
    )
    with bench.database.reading() as connection:
        return DeliveryKey(connection.scalars(chosen).one())


def lost(message: Message) -> Outcome:
    return Uncertain(message.key, "no reply was read")


def accepted(message: Message) -> Outcome:
    return Accepted(message.key)


def event(bench: Bench, dispatch: Dispatch, name: str, kind: EventKind, **more: object) -> FeedbackEvent:
    known = {"at": bench.clock() + HOUR, "key": key_of(bench, dispatch, name), **more}
    return FeedbackEvent(kind, "sendgrid", **known)  # type: ignore[arg-type]


def take_all(bench: Bench, events: Sequence[FeedbackEvent], policy: Policy = POLICY) -> Taken:
    return take(bench.database, events, policy, bench.clock() + 2 * HOUR)


def receiving(bench: Bench) -> set[str]:
    people = tables.subscribers
    chosen = matching(Query("leden", Standing.RECEIVING), bench.definitions, bench.clock() + 3 * HOUR)
    with bench.database.reading() as connection:
        numbers = connection.scalars(chosen).all()
        found = connection.scalars(sa.select(people.c.address).where(people.c.id.in_(numbers)))
        return {address.partition("@")[0] for address in found}


def suppressions(bench: Bench) -> dict[str, str]:
    people, suppressed = tables.subscribers, tables.suppressions
    chosen = sa.select(people.c.address, suppressed.c.reason).join_from(
        people, suppressed, people.c.address_hash == suppressed.c.address_hash
    )
    with bench.database.reading() as connection:
        return {address.partition("@")[0]: reason for address, reason in connection.execute(chosen)}


def test_a_hard_bounce_suppresses_and_a_complaint_takes_off_the_list_too(bench: Bench, sent: Dispatch) -> None:
    taken = take_all(
        bench,
        [
            event(bench, sent, "jan", EventKind.BOUNCED, fault=Fault.ADDRESS, status="5.1.1", reply="550 no such user"),
            event(bench, sent, "piet", EventKind.COMPLAINED),
            event(bench, sent, "kees", EventKind.DELIVERED),
        ],
    )
    assert (taken.new, taken.applied.suppressed, taken.applied.complained) == (3, 1, 1)
    assert suppressions(bench) == {"jan": "bounced", "piet": "complained"}
    assert receiving(bench) == {"kees"}
    with bench.database.reading() as connection:
        kept = dossier(connection, 2, bench.definitions)
    assert kept is not None
    assert [one.act.value for one in kept.consents] == ["added", "complained", "suppressed"]
    assert kept.memberships[0].status == "unsubscribed"


def test_the_same_report_twice_changes_nothing_and_is_counted(bench: Bench, sent: Dispatch) -> None:
    events = [event(bench, sent, "jan", EventKind.COMPLAINED)]
    assert take_all(bench, events * 3).known == 2
    before = suppressions(bench)
    again = take_all(bench, events)
    assert (again.new, again.known, again.applied.complained) == (0, 1, 0)
    assert suppressions(bench) == before
    with bench.database.reading() as connection:
        kept = dossier(connection, 1, bench.definitions)
    assert kept is not None
    assert len(kept.consents) == 3


def test_a_report_without_a_key_of_ours_is_kept_and_changes_nothing(bench: Bench, sent: Dispatch) -> None:
    forged = FeedbackEvent(
        EventKind.COMPLAINED, "mail", bench.clock(), DeliveryKey("a" * 26), recipient="jan@example.org"
    )
    taken = take_all(bench, [forged, replace(forged, key=None)])
    assert (taken.new, taken.unattributed) == (2, 2)
    assert receiving(bench) == set(NAMES)
    with bench.database.reading() as connection:
        assert len(read_reports(connection, unattributed=True)) == 2
        everything = str(connection.execute(sa.select(tables.feedback_events)).all())
    assert "jan" not in everything


def test_an_uncertain_delivery_is_settled_by_what_proves_that_it_was_taken(bench: Bench) -> None:
    bench.subscribe(NAMES)
    dispatch = bench.freeze()
    bench.drive(dispatch, Scripted(lost))
    assert set(bench.states(dispatch).values()) == {State.UNCERTAIN}
    taken = take_all(
        bench,
        [
            event(bench, dispatch, "jan", EventKind.DELIVERED),
            event(bench, dispatch, "piet", EventKind.BOUNCED, fault=Fault.MAILBOX),
            event(bench, dispatch, "kees", EventKind.OTHER),
        ],
    )
    assert taken.settled == 2
    assert bench.states(dispatch) == {"jan": State.ACCEPTED, "piet": State.ACCEPTED, "kees": State.UNCERTAIN}
    assert bench.drive(dispatch, Scripted()).balance.at_rest


@pytest.mark.parametrize("policy", ["hold", "resend"])
def test_a_report_that_comes_before_the_reply_is_lost_settles_it_all_the_same(bench: Bench, policy: str) -> None:
    bench.subscribe(NAMES)
    proposal = propose(bench.surroundings, SLUG, Selection("leden"), None, on_uncertain=policy)
    dispatch = accept(bench.surroundings, proposal)

    def report(message: Message) -> None:
        delivered = FeedbackEvent(EventKind.DELIVERED, "sendgrid", bench.clock(), message.key)
        assert take_all(bench, [delivered]).unattributed == 0

    provider = Scripted(lost, after_intent=report)
    assert bench.drive(dispatch, provider).balance.is_settled
    assert set(bench.states(dispatch).values()) == {State.ACCEPTED}
    assert sorted(provider.handed_over) == sorted(f"{name}@example.org" for name in NAMES)


def test_any_order_of_reports_ends_in_the_same(bench: Bench, sent: Dispatch) -> None:
    events = [
        event(bench, sent, "jan", EventKind.DELIVERED),
        event(bench, sent, "jan", EventKind.BOUNCED, fault=Fault.ADDRESS, at=bench.clock() + HOUR / 2),
        event(bench, sent, "jan", EventKind.COMPLAINED, at=bench.clock() + HOUR / 3),
        event(bench, sent, "jan", EventKind.UNSUBSCRIBED, at=bench.clock() + HOUR / 4),
    ]
    ends = set()
    for order in permutations(events):
        with bench.database.writing() as connection:
            connection.execute(sa.delete(tables.feedback_events))
            connection.execute(sa.delete(tables.suppressions))
            back = sa.update(tables.subscriptions).values(status="subscribed", unsubscribed_at=None)
            connection.execute(back)
        for one in order:
            take_all(bench, [one])
        ends.add((tuple(suppressions(bench).items()), tuple(sorted(receiving(bench)))))
    assert ends == {((("jan", "complained"),), ("kees", "piet"))}


def test_openings_are_kept_of_those_only_who_have_allowed_it(bench: Bench, sent: Dispatch) -> None:
    with bench.database.writing() as connection:
        people = tables.subscribers
        allowed = sa.update(people).where(people.c.address_key == "jan@example.org")
        connection.execute(allowed.values(tracking_since=bench.clock()))
    taken = take_all(bench, [event(bench, sent, name, EventKind.OPENED) for name in NAMES])
    assert (taken.new, taken.ignored) == (1, 2)


def test_failures_that_pass_are_forgiven_once_a_message_is_delivered_and_staff_may_lift_them(
    bench: Bench, sent: Dispatch
) -> None:
    strict = Policy(Rules(limit=1, half_life=timedelta(days=90)), complaints=1)
    late = event(bench, sent, "jan", EventKind.BOUNCED, fault=Fault.MAILBOX, status="5.2.2")
    taken = take_all(bench, [late, event(bench, sent, "piet", EventKind.BOUNCED, fault=Fault.SENDER)], strict)
    assert taken.applied.suppressed == 1
    assert suppressions(bench) == {"jan": Verdict.SOFT_BOUNCED}
    with bench.database.writing() as connection:
        explained = explain(connection, 1, strict.rules)
        assert (explained.judgement.score, explained.judgement.status) == (1, "5.2.2")
        lift(connection, 1, bench.clock() + 3 * HOUR, "j.devries")
        with pytest.raises(SubscriberError, match="may be mailed already"):
            lift(connection, 1, bench.clock(), "j.devries")
    # The same report again, and one of before, do not bring it back.
    take_all(bench, [late, replace(late, at=late.at - timedelta(minutes=1))], strict)
    assert suppressions(bench) == {}


def test_too_many_complaints_pause_what_is_under_way(bench: Bench) -> None:
    names = [f"lezer{number}" for number in range(10)]
    bench.subscribe(names)
    dispatch = bench.freeze()
    bench.drive(
        dispatch,
        Scripted(lambda message: lost(message) if "lezer9" in message.recipient.address else accepted(message)),
    )
    with bench.database.writing() as connection:
        reopened = sa.update(tables.dispatches).values(state="open", finished_at=None)
        connection.execute(reopened)
    careful = replace(POLICY, complaints=0.3)
    first = [event(bench, dispatch, name, EventKind.COMPLAINED) for name in names[:2]]
    assert take_all(bench, first, careful).paused == {}
    third = take_all(bench, [event(bench, dispatch, names[2], EventKind.COMPLAINED)], careful)
    assert third.paused == {dispatch.id: "3 of 9 readers called it spam"}


def test_what_was_refused_at_submission_is_a_bounce(bench: Bench) -> None:
    bench.subscribe(NAMES)
    dispatch = bench.freeze()
    replies = {"jan": "550 5.1.1 no such user here", "piet": "554 5.7.1 blocked by policy"}

    def decide(message: Message) -> Outcome:
        name = message.recipient.address.partition("@")[0]
        return Rejected(message.key, replies[name]) if name in replies else Accepted(message.key)

    bench.drive(dispatch, Scripted(decide))
    taken = take_submissions(bench.database, POLICY, bench.clock() + HOUR)
    assert (taken.new, taken.applied.suppressed) == (2, 1)
    assert suppressions(bench) == {"jan": "bounced"}
    assert take_submissions(bench.database, POLICY, bench.clock() + HOUR).new == 0
