"""A dispatch that is refused or lost too often stops by itself, and never for a few."""

from collections.abc import Sequence
from itertools import groupby

from hypothesis import given
from hypothesis import strategies as st

from newsletter.dispatch.brake import Brake, first_part, went_well
from newsletter.dispatch.states import State
from newsletter.message import DeliveryKey
from newsletter.providers.base import Accepted, Deferred, Outcome, Rejected, Uncertain

KEY = DeliveryKey("k")
ACCEPTED, REJECTED, LOST = Accepted(KEY), Rejected(KEY, "550 no"), Uncertain(KEY, "no reply")


def trips(brake: Brake, outcomes: Sequence[Outcome]) -> str | None:
    """Give the first reason to stop."""
    return next((why for why in map(brake.note, outcomes) if why), None)


def test_it_trips_when_more_than_the_share_of_the_last_ones_was_refused() -> None:
    brake = Brake(0.2, 10)
    assert trips(brake, [ACCEPTED] * 8 + [REJECTED] * 2) is None
    assert brake.note(REJECTED) == "3 of the last 10 were refused for good"


def test_few_outcomes_say_nothing_yet() -> None:
    assert trips(Brake(0.2, 10), [REJECTED] * 9) is None


def test_who_waits_is_not_held_against_anybody() -> None:
    assert trips(Brake(0.0, 10), [Deferred(KEY, "450 later")] * 100) is None


def test_old_refusals_are_forgotten() -> None:
    assert trips(Brake(0.2, 10), [REJECTED] * 2 + [ACCEPTED] * 20 + [REJECTED] * 2) is None


@given(
    st.lists(st.sampled_from([ACCEPTED, REJECTED, LOST]), max_size=60),
    st.integers(1, 20),
    st.floats(0, 1),
    st.integers(1, 12),
)
def test_it_trips_exactly_where_some_window_or_series_is_too_bad(
    outcomes: list[Outcome], window: int, share: float, lost: int
) -> None:
    refused = [isinstance(one, Rejected) for one in outcomes if not isinstance(one, Uncertain)]
    windows = [refused[start : start + window] for start in range(len(refused) - window + 1)]
    runs = groupby(outcomes, lambda one: isinstance(one, Uncertain))
    series = max((len([*run]) for is_lost, run in runs if is_lost), default=0)
    bad = any(sum(one) > share * window for one in windows) or series >= lost
    assert bool(trips(Brake(share, window, lost), outcomes)) is bad


def test_series_without_a_reply_trips_and_an_answer_ends_it() -> None:
    assert trips(Brake(None, 10, 3), [LOST, LOST, ACCEPTED, LOST, LOST, REJECTED]) is None
    assert trips(Brake(None, 10, 3), [LOST] * 3) == "3 in a row were handed over without a reply"


def test_without_a_limit_it_never_trips() -> None:
    assert trips(Brake(None, 10), [REJECTED] * 100) is None


@given(st.integers(1, 10_000), st.floats(0.01, 99.9))
def test_first_part_is_somebody_and_never_more_than_all(planned: int, percent: float) -> None:
    size = first_part(planned, percent)
    assert 1 <= size <= planned
    assert size >= planned * percent / 100 or size == planned


def test_first_part_went_well_if_it_was_taken_and_all_of_it_is_known() -> None:
    assert went_well({State.ACCEPTED: 9, State.REJECTED: 1}, 0.1)
    assert not went_well({State.ACCEPTED: 8, State.REJECTED: 2}, 0.1)
    assert not went_well({State.ACCEPTED: 9, State.UNCERTAIN: 1}, 0.1)
    assert not went_well({State.DEFERRED: 10}, 0.1)
