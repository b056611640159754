"""Stops a dispatch by itself: when too many are refused or lost, and when its first part was not taken well enough."""

import math
from collections import deque
from dataclasses import dataclass, field
from typing import Final

from newsletter.dispatch.states import State
from newsletter.providers.base import Accepted, Outcome, Rejected, Uncertain

LOST_IN_A_ROW: Final = 10
"""So many messages without a reply, one after the other and none answered between, are no accident any more."""


@dataclass(slots=True)
class Brake:
    """Watches how many are refused for good, and how many are handed over without a reply.

    Args:
        share: More than this, from 0 to 1, of those that a provider decided about is too much; None takes any.
        window: How many outcomes it looks back on for that, and how many there must be at least.
        lost: So many in a row without a reply are too much.
    """

    share: float | None
    window: int
    lost: int = LOST_IN_A_ROW
    _seen: deque[bool] = field(default_factory=deque)
    _rejected: int = 0
    _lost: int = 0

    def note(self, outcome: Outcome) -> str | None:
        """Take note of an outcome, and tell why sending should stop, if it should."""
        if isinstance(outcome, Uncertain):
            self._lost += 1
            return f"{self._lost} in a row were handed over without a reply" if self._lost >= self.lost else None
        self._lost = 0
        if not isinstance(outcome, Accepted | Rejected):
            return None
        is_rejected = isinstance(outcome, Rejected)
        self._seen.append(is_rejected)
        self._rejected += is_rejected
        if len(self._seen) > self.window:
            self._rejected -= self._seen.popleft()
        if self.share is None or len(self._seen) < self.window or self._rejected <= self.share * self.window:
            return None
        return f"{self._rejected} of the last {self.window} were refused for good"


def first_part(planned: int, percent: float) -> int:
    """Tell how many belong to the first part of a dispatch: at least one, and so many in a hundred."""
    return min(planned, max(1, math.ceil(planned * percent / 100)))


def went_well(counts: dict[State, int], share: float) -> bool:
    """Tell whether a first part was taken well enough for the rest to follow.

    Args:
        counts: What became of it.
        share: The most that may be refused for good, from 0 to 1.
    """
    decided = counts.get(State.ACCEPTED, 0) + counts.get(State.REJECTED, 0)
    return bool(decided) and counts.get(State.REJECTED, 0) <= share * decided and not counts.get(State.UNCERTAIN, 0)
