"""The one place that asks the machine for the time; everything else is given a clock."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

_ASLEEP_TOO: Final[int | None] = getattr(time, "CLOCK_BOOTTIME", None)
HARDLY: Final = timedelta(minutes=5)
"""By how much a clock may be put right without anybody taking note."""


def now() -> datetime:
    """Give the present moment, in UTC."""
    return datetime.now(UTC)


def steady() -> float:
    """Give seconds that nobody sets; those that the machine sleeps are counted where the system can do so."""
    return time.monotonic() if _ASLEEP_TOO is None else time.clock_gettime(_ASLEEP_TOO)


class ClockWatch:
    """Notices that a clock was set, by seconds that nobody sets.

    Args:
        clock: Gives the moment, aware.
        seconds: Gives steady seconds.
    """

    def __init__(self, clock: Callable[[], datetime], seconds: Callable[[], float] = steady) -> None:
        self._clock = clock
        self._seconds = seconds
        self._first = self._offset = self._measure()

    @property
    def ahead(self) -> timedelta:
        """By how much the clock is ahead of what it would say if nobody had set it since this began to watch."""
        return timedelta(seconds=max(self._offset - self._first, 0))

    def jump(self) -> timedelta:
        """Tell by how much the clock was set ahead since this was asked last; less than nothing for back."""
        offset = self._measure()
        by, self._offset = timedelta(seconds=offset - self._offset), offset
        return by if abs(by) > HARDLY else timedelta()

    def _measure(self) -> float:
        seconds = self._seconds()
        return self._clock().timestamp() - seconds
