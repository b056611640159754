"""When a reader who was refused for now is tried again, and when that ends."""

from datetime import datetime, timedelta
from typing import Final

FIRST_GAP: Final = timedelta(minutes=30)
LONGEST_GAP: Final = timedelta(hours=8)
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

    Args:
        deferrals: How often it was refused for now, this time included.
        asked: How long the provider wants us to wait, if it says.
    """
    return min(now + max(gap(deferrals), asked or FIRST_GAP), deadline)
