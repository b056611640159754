"""The table of transitions: every state can be reached, and what is final stays."""

import pytest

from newsletter.dispatch import State, Step, advance
from newsletter.dispatch.states import FINAL, OPEN, TRANSITIONS, IllegalStep, sources, target


def test_every_state_but_the_first_is_reached_by_some_step() -> None:
    assert {after for steps in TRANSITIONS.values() for after in steps.values()} == set(State)


def test_what_is_final_stays_so() -> None:
    assert {State.ACCEPTED, State.REJECTED, State.EXCLUDED} == FINAL
    assert set(State) == FINAL | OPEN
    for state in FINAL:
        for step in Step:
            with pytest.raises(IllegalStep):
                advance(state, step)


@pytest.mark.parametrize("step", Step)
def test_a_step_leads_to_one_state_wherever_it_starts(step: Step) -> None:
    assert sources(step)
    assert {advance(state, step) for state in sources(step)} == {target(step)}


def test_nothing_is_handed_over_again_once_it_may_have_been_taken() -> None:
    assert sources(Step.INTEND) == (State.CLAIMED,)
    assert set(sources(Step.CLAIM)) == {State.PLANNED, State.DEFERRED}
    assert State.PLANNED not in TRANSITIONS[State.SUBMITTING].values()
