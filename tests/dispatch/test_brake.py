"""A dispatch that is refused too often stops by itself, and never for a few."""

from hypothesis import given
from hypothesis import strategies as st

from newsletter.dispatch.brake import Brake, first_part, went_well
from newsletter.dispatch.states import State
from newsletter.message import DeliveryKey
from newsletter.providers.base import Accepted, Deferred, Rejected, Uncertain

KEY = DeliveryKey("k")
ACCEPTED, REJECTED = Accepted(KEY), Rejected(KEY, "550 no")


def test_it_trips_when_more_than_the_share_of_the_last_ones_was_refused() -> None:
    brake = Brake(0.2, 10)
    assert not brake.trips([ACCEPTED] * 8 + [REJECTED] * 2)
    assert brake.trips([REJECTED])
    assert brake.rejected == 3


def test_few_outcomes_say_nothing_yet() -> None:
    assert not Brake(0.2, 10).trips([REJECTED] * 9)


def test_what_is_open_is_not_held_against_anybody() -> None:
    waiting = [Deferred(KEY, "450 later"), Uncertain(KEY, "no reply")] * 50
    assert not Brake(0.0, 10).trips(waiting)


def test_old_refusals_are_forgotten() -> None:
    brake = Brake(0.2, 10)
    brake.trips([REJECTED] * 2 + [ACCEPTED] * 20)
    assert not brake.trips([REJECTED] * 2)


@given(st.lists(st.sampled_from([ACCEPTED, REJECTED]), max_size=60), st.integers(1, 20), st.floats(0, 1))
def test_it_trips_exactly_where_some_window_has_too_many(outcomes: list[Accepted | Rejected], window: int, share: float) -> None:  # fmt: skip # noqa: E501
    refused = [isinstance(one, Rejected) for one in outcomes]
    windows = [refused[start : start + window] for start in range(len(refused) - window + 1)]
    assert Brake(share, window).trips(outcomes) is any(sum(one) > share * window for one in windows)


def test_without_a_limit_it_never_trips() -> None:
    assert not Brake(None, 10).trips([REJECTED] * 100)


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
