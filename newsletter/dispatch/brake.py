"""Stops a dispatch by itself: when too many are refused, and when its first part was not taken well enough."""

import math
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from newsletter.dispatch.states import State
from newsletter.providers.base import Accepted, Outcome, Rejected


@dataclass(slots=True)
class Brake:
    """Watches the share of those who are refused for good among the last that a provider decided about.

    Args:
        share: More than this, from 0 to 1, trips it; None never does.
        window: How many outcomes it looks back on, and how many there must be at least.
    """

    share: float | None
    window: int
    _seen: deque[bool] = field(default_factory=deque)

    def trips(self, outcomes: Iterable[Outcome]) -> bool:
        """Take note of outcomes, and tell whether sending should stop."""
        tripped = False
        for outcome in outcomes:
            if not isinstance(outcome, Accepted | Rejected):
                continue
            self._seen.append(isinstance(outcome, Rejected))
            if len(self._seen) > self.window:
                self._seen.popleft()
            tripped = tripped or (
                self.share is not None and len(self._seen) == self.window and sum(self._seen) > self.share * self.window
            )
        return tripped

    @property
    def rejected(self) -> int:
        """How many of the last ones were refused for good."""
        return sum(self._seen)


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
