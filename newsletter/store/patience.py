"""Patience with a database that is busy or away for a moment: the same step is taken again until a deadline."""

from collections.abc import Callable
from datetime import timedelta
from time import monotonic, sleep
from typing import Final, TypeVar

from newsletter.store.engine import DatabaseAway, DatabaseBusy

PATIENCE: Final = timedelta(minutes=1)
FIRST_PAUSE: Final = 0.05
LONGEST_PAUSE: Final = 1.0
"""Seconds between two attempts."""

_T = TypeVar("_T")


def insist(work: Callable[[], _T], patience: timedelta = PATIENCE) -> _T:
    """Do something that is one transaction, again and again while the database is busy or away.

    Args:
        work: Leaves nothing behind when it fails; or, where a commit was cut off, finds out that it was done.
        patience: How long to go on; it is tried at least once.

    Raises:
        DatabaseBusy: The database was busy all that time.
        DatabaseAway: It was away all that time.
    """
    deadline = monotonic() + patience.total_seconds()
    pause = FIRST_PAUSE
    while True:
        try:
            return work()
        except (DatabaseBusy, DatabaseAway):
            if monotonic() + pause > deadline:
                raise
        sleep(pause)
        pause = min(pause * 2, LONGEST_PAUSE)
