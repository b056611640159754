"""Trying again: after gaps that grow, and never beyond the deadline (I14)."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.dispatch import State
from newsletter.dispatch.retry import FIRST_GAP, GIVE_UP_AFTER, LONGEST_GAP, PATIENCE, SHORTEST_GAP, gap, next_try
from newsletter.providers.base import Deferred, Message, Outcome
from support.dispatching import Bench, Scripted

NOW = datetime(2024, 2, 20, 8, 30, tzinfo=UTC)


def test_gaps_double_up_to_the_longest() -> None:
    hours = [gap(number) / timedelta(hours=1) for number in range(1, 8)]
    assert hours == [0.5, 1, 2, 4, 8, 8, 8]


@given(
    deferrals=st.integers(1, 10_000),
    asked=st.none() | st.timedeltas(timedelta(0), timedelta(days=30)),
    left=st.timedeltas(timedelta(0), timedelta(days=5)),
)
def test_next_try_keeps_the_gap_and_what_the_provider_asks_but_for_the_deadline(
    deferrals: int, asked: timedelta | None, left: timedelta
) -> None:
    due = next_try(NOW, deferrals, asked, NOW + left)
    assert due <= NOW + left
    if due < NOW + left:
        assert due - NOW >= (asked or timedelta(0))
        hurried = asked is not None and deferrals <= PATIENCE
        assert due - NOW == max(asked or timedelta(0), SHORTEST_GAP if hurried else gap(deferrals))
    assert gap(deferrals) <= gap(deferrals + 1) <= LONGEST_GAP


@pytest.mark.parametrize("asked", [None, timedelta(minutes=1), timedelta(hours=12)])
def test_who_is_refused_for_now_again_and_again_is_given_up_at_the_deadline(
    bench: Bench, asked: timedelta | None
) -> None:
    bench.subscribe(["zoe"])
    dispatch = bench.freeze()
    tried: list[datetime] = []

    def refuse(message: Message) -> Outcome:
        tried.append(bench.clock())
        return Deferred(message.key, "450 later", asked)

    receipt = bench.drive(dispatch, Scripted(refuse))
    while not receipt.complete:
        assert receipt.next_due is not None
        bench.clock.moment = receipt.next_due - timedelta(seconds=1)
        assert bench.drive(dispatch, Scripted(refuse)).next_due == receipt.next_due
        bench.clock.moment = receipt.next_due
        receipt = bench.drive(dispatch, Scripted(refuse))
    gaps = [later - earlier for earlier, later in pairwise(tried)]
    assert gaps == sorted(gaps)
    assert min(gaps) == (asked or FIRST_GAP)
    assert min(gaps[PATIENCE:]) >= FIRST_GAP
    assert max(tried) < dispatch.deadline == dispatch.created_at + GIVE_UP_AFTER
    assert receipt.balance.reasons == {"expired": 1}
    assert receipt.dispatch.state == "finished"
    assert receipt.document()["deadline"] == "2024-02-24T08:30:00+00:00"


def test_refusal_before_the_message_was_handed_over_makes_the_gap_grow_too(bench: Bench) -> None:
    bench.subscribe(["zoe"])
    dispatch = bench.freeze()
    provider = Scripted(lambda message: Deferred(message.key, "450 greylisted"), asks=False)
    for expected in (0.5, 1, 2):
        receipt = bench.drive(dispatch, provider)
        assert receipt.next_due == bench.clock() + timedelta(hours=expected)
        bench.clock.moment = receipt.next_due


def test_nothing_goes_when_the_deadline_passes_during_a_run(bench: Bench) -> None:
    bench.subscribe(["zoe", "mo", "kim"])
    dispatch = bench.freeze()

    def dawdle(message: Message) -> None:
        if message.recipient.address.startswith("mo"):
            bench.clock.moment = dispatch.deadline

    provider = Scripted(before_intent=dawdle)
    receipt = bench.drive(dispatch, provider)
    assert provider.handed_over == ["zoe@example.org"]
    assert receipt.balance.of(State.ACCEPTED) == 1
    assert receipt.balance.reasons == {"expired": 2}
    assert receipt.complete
