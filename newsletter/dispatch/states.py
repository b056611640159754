"""Every state of a delivery and every step between them; nothing else decides."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from newsletter.errors import DispatchError


class State(StrEnum):
    """What became of one recipient's message so far."""

    PLANNED = "planned"
    CLAIMED = "claimed"
    SUBMITTING = "submitting"
    DEFERRED = "deferred"
    UNCERTAIN = "uncertain"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    EXCLUDED = "excluded"


class Step(StrEnum):
    """What moves a delivery on."""

    CLAIM = "claim"
    RELEASE = "release"
    EXCLUDE = "exclude"
    INTEND = "intend"
    ACCEPT = "accept"
    DEFER = "defer"
    REJECT = "reject"
    LOSE = "lose"


class Reason(StrEnum):
    """Why a delivery is excluded."""

    UNSUBSCRIBED = "unsubscribed"
    SUPPRESSED = "suppressed"
    PAUSED = "paused"
    FREQUENCY = "frequency"
    DUPLICATE = "duplicate"
    UNRENDERABLE = "unrenderable"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    ABANDONED = "abandoned"


TRANSITIONS: Final[Mapping[State, Mapping[Step, State]]] = {
    State.PLANNED: {Step.CLAIM: State.CLAIMED, Step.EXCLUDE: State.EXCLUDED},
    State.DEFERRED: {Step.CLAIM: State.CLAIMED, Step.EXCLUDE: State.EXCLUDED},
    State.CLAIMED: {
        Step.RELEASE: State.PLANNED,
        Step.EXCLUDE: State.EXCLUDED,
        Step.DEFER: State.DEFERRED,
        Step.REJECT: State.REJECTED,
        Step.INTEND: State.SUBMITTING,
    },
    State.SUBMITTING: {
        Step.ACCEPT: State.ACCEPTED,
        Step.DEFER: State.DEFERRED,
        Step.REJECT: State.REJECTED,
        Step.LOSE: State.UNCERTAIN,
    },
    State.UNCERTAIN: {
        Step.ACCEPT: State.ACCEPTED,
        Step.DEFER: State.DEFERRED,
        Step.EXCLUDE: State.EXCLUDED,
    },
    State.ACCEPTED: {},
    State.REJECTED: {},
    State.EXCLUDED: {},
}

FINAL: Final = frozenset(state for state, steps in TRANSITIONS.items() if not steps)
OPEN: Final = frozenset(State) - FINAL
RESTING: Final = FINAL | {State.UNCERTAIN}
"""What a dispatch that has come to rest consists of."""
TAKEN: Final = frozenset({State.SUBMITTING, State.UNCERTAIN, State.ACCEPTED})
"""What may have reached its reader."""
AHEAD: Final = OPEN - TAKEN
"""What has certainly not reached its reader yet, and still may."""


class IllegalStep(DispatchError):
    """The table has no such step: a bug, or a worker that lost its lease."""


def advance(state: State, step: Step) -> State:
    """Return the state that a delivery enters by a step.

    The ledger's guards, the diagram in docs/ledger.md and the state-machine test come from the same table.

    Raises:
        IllegalStep: The table has no such entry.

    Source: docs/ledger.md, table of transitions.
    """
    try:
        return TRANSITIONS[state][step]
    except KeyError:
        raise IllegalStep(f"a delivery that is {state} cannot {step}") from None


def sources(step: Step) -> tuple[State, ...]:
    """Name the states that a step may start from."""
    return tuple(state for state, steps in TRANSITIONS.items() if step in steps)


def target(step: Step) -> State:
    """Name the one state that a step leads to."""
    return next(steps[step] for steps in TRANSITIONS.values() if step in steps)
