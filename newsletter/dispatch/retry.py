"""When a reader who was refused for now is tried again, and when that ends."""

from datetime import datetime, timedelta
from typing import Final

FIRST_GAP: Final = timedelta(minutes=30)
LONGEST_GAP: Final = timedelta(hours=8)
SHORTEST_GAP: Final = timedelta(minutes=1)
PATIENCE: Final = 3
"""So often a reader is tried again as soon as the provider asks for it; then the usual gaps hold."""
GIVE_UP_AFTER: Final = timedelta(days=4)
"""How long after the freeze a dispatch goes on where nobody says otherwise."""


def gap(deferrals: int) -> timedelta:
    """Tell how long to wait after so many refusals (from 1): twice as long each time, up to a limit.

    Source: RFC 5321 §4.5.4.1.
    """
    doublings = min(deferrals - 1, (LONGEST_GAP // FIRST_GAP).bit_length())
    return min(FIRST_GAP * (1 << doublings), LONGEST_GAP)


def next_try(now: datetime, deferrals: int, asked: timedelta | None, deadline: datetime) -> datetime:
    """Tell when to try again: not before the provider wants it, and at the deadline at the latest, which ends it.

    A provider that asks for less than the usual gap, as servers do that keep strangers waiting once, gets it a few
    times.

    Args:
        deferrals: How often it was refused for now, this time included.
        asked: How long the provider wants us to wait, if it says.

    Source: RFC 5321 §4.5.4.1: at least 30 minutes, unless the reason allows less.
    """
    usual = gap(deferrals)
    if asked is None:
        return min(now + usual, deadline)
    wait = max(asked, SHORTEST_GAP) if deferrals <= PATIENCE else max(asked, usual)
    return min(now + wait, deadline)
