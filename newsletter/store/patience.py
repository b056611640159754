"""Patience with a database that another process is writing to: the same step is taken again until a deadline."""

from collections.abc import Callable
from datetime import timedelta
from time import monotonic, sleep
from typing import Final, TypeVar

from newsletter.store.engine import DatabaseBusy

PATIENCE: Final = timedelta(minutes=1)
FIRST_PAUSE: Final = 0.05
LONGEST_PAUSE: Final = 1.0
"""Seconds between two attempts."""

_T = TypeVar("_T")


def insist(work: Callable[[], _T], patience: timedelta = PATIENCE) -> _T:
    """Do something that is one transaction, again and again while the database is busy.

    Args:
        work: Leaves nothing behind when it fails.
        patience: How long to go on; it is tried at least once.

    Raises:
        DatabaseBusy: The database was busy all that time.
    """
    deadline = monotonic() + patience.total_seconds()
    pause = FIRST_PAUSE
    while True:
        try:
            return work()
        except DatabaseBusy:
            if monotonic() + pause > deadline:
                raise
        sleep(pause)
        pause = min(pause * 2, LONGEST_PAUSE)
