"""Dispatches that follow another are for exactly those whom they are meant for, and nobody gets an issue twice."""

import pytest

from newsletter.dispatch import (
    Dispatch,
    Reason,
    State,
    accept_follow_up,
    dispatches,
    propose_correction,
    propose_retry,
    propose_top_up,
    standing,
    write_receipt,
)
from newsletter.dispatch.control import Controls
from newsletter.errors import DispatchError
from newsletter.providers.base import Accepted, Message, Outcome, Rejected, Uncertain
from newsletter.subscribers import parse_address, unsubscribe
from support.dispatching import PACE, SLUG, Bench, Scripted

NAMES = ("anna", "ben", "cas", "dirk")
CORRECTION = "2024-03-05-overzicht-maart"


def decide(message: Message) -> Outcome:
    """Ben is refused, Cas uncertain, the others have it."""
    kind = {"b": Rejected, "c": Uncertain}.get(message.recipient.address[0], Accepted)
    return kind(message.key, reply="reply")


@pytest.fixture
def over(bench: Bench) -> Dispatch:
    bench.subscribe(NAMES)
    frozen = bench.freeze()
    bench.drive(frozen, Scripted(decide))
    with bench.database.reading() as connection:
        return dispatches.read_dispatch(connection, frozen.id)


def sent_by(bench: Bench, dispatch: Dispatch) -> list[str]:
    provider = Scripted()
    bench.drive(dispatch, provider)
    return sorted(address.partition("@")[0] for address in provider.handed_over)


def test_rejected_get_the_frozen_issue_from_a_dispatch_of_its_own(bench: Bench, over: Dispatch) -> None:
    proposed = propose_retry(bench.surroundings, over, [State.REJECTED])
    assert proposed.audience.planned == 1
    following = accept_follow_up(bench.surroundings, proposed)
    assert (following.kind, following.follows) == ("retry", over.id)
    assert following.content_hash == over.content_hash
    assert sent_by(bench, following) == ["ben"]
    assert bench.states(over)["ben"] == "rejected"


def test_top_up_is_for_those_who_joined_since_and_each_only_once(bench: Bench, over: Dispatch) -> None:
    bench.clock.pass_by(days=1)
    bench.subscribe(["eva", "fleur"])
    first = accept_follow_up(bench.surroundings, propose_top_up(bench.surroundings, over))
    assert sent_by(bench, first) == ["eva", "fleur"]
    with pytest.raises(DispatchError, match="nobody"):
        propose_top_up(bench.surroundings, over)
    bench.subscribe(["gijs"])
    second = accept_follow_up(bench.surroundings, propose_top_up(bench.surroundings, over))
    assert sent_by(bench, second) == ["gijs"]


def test_edits_since_do_not_reach_a_top_up(bench: Bench, over: Dispatch) -> None:
    """I11."""
    issue = bench.workspace.issues / SLUG / "issue.yaml"
    issue.write_text(issue.read_text(encoding="utf-8").replace("subject:", "subject: Anders, "), encoding="utf-8")
    bench.subscribe(["eva"])
    following = accept_follow_up(bench.surroundings, propose_top_up(bench.surroundings, over))
    assert following.content_hash == over.content_hash


def test_correction_goes_to_exactly_those_who_accepted(bench: Bench, over: Dispatch) -> None:
    bench.subscribe(["eva"])
    following = accept_follow_up(bench.surroundings, propose_correction(bench.surroundings, over, CORRECTION))
    assert (following.issue, following.kind) == (CORRECTION, "correction")
    assert sent_by(bench, following) == ["anna", "dirk"]


def test_who_has_left_since_gets_no_correction_and_is_accounted_for(bench: Bench, over: Dispatch) -> None:
    """I8."""
    with bench.database.writing() as connection:
        unsubscribe(connection, parse_address("anna@example.org"), "leden", bench.clock())
    following = accept_follow_up(bench.surroundings, propose_correction(bench.surroundings, over, CORRECTION))
    assert sent_by(bench, following) == ["dirk"]
    assert write_receipt(bench.database, following).balance.reasons == {"unsubscribed": 1}


def test_issue_cannot_correct_itself(bench: Bench, over: Dispatch) -> None:
    with pytest.raises(DispatchError, match="issue of its own"):
        propose_correction(bench.surroundings, over, SLUG)


def test_cancelled_readers_can_be_mailed_after_all(bench: Bench) -> None:
    bench.subscribe(NAMES)
    frozen = bench.freeze()
    Controls(bench.database, frozen.id, "tester", bench.clock).cancel()
    following = accept_follow_up(bench.surroundings, propose_retry(bench.surroundings, frozen, [Reason.CANCELLED]))
    assert sent_by(bench, following) == list(NAMES)


def test_nothing_follows_a_dispatch_that_is_not_over(bench: Bench) -> None:
    bench.subscribe(NAMES)
    frozen = bench.freeze()
    with pytest.raises(DispatchError, match="not over"):
        propose_top_up(bench.surroundings, frozen)


def test_two_of_a_kind_at_once_are_refused(bench: Bench, over: Dispatch) -> None:
    bench.subscribe(["eva"])
    first, second = (propose_top_up(bench.surroundings, over) for _ in range(2))
    one = accept_follow_up(bench.surroundings, first)
    with pytest.raises(DispatchError, match=f"dispatch {one.id} is a top-up"):
        accept_follow_up(bench.surroundings, second)


def test_both_dispatches_name_each_other(bench: Bench, over: Dispatch) -> None:
    following = accept_follow_up(bench.surroundings, propose_retry(bench.surroundings, over, [State.REJECTED]))
    with bench.database.reading() as connection:
        found = standing(connection, over, bench.clock(), PACE)
    assert [one.id for one in found.followers] == [following.id]
    assert (found.events[-1].action.value, found.events[-1].detail) == ("followed", f"retry {following.id}")
