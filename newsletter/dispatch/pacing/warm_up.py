"""How many messages a sender that nobody knows yet may send on each day, in the newsletter's own time zone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from newsletter.settings import WarmUpSettings

USUAL: Final = (50, 100, 500, 1_000, 5_000, 10_000, 20_000, 40_000)
"""The first days; each one after them has twice as many as the day before."""
_ENOUGH: Final = 40
"""After so many doublings nobody counts any more."""


@dataclass(frozen=True, slots=True)
class WarmUp:
    """A plan.

    Args:
        start: The first day; nothing goes before it.
        plan: How many on each day; None for the usual plan.
        zone: Where the days begin and end.
    """

    start: date
    plan: Sequence[int] | None
    zone: ZoneInfo

    def day(self, moment: datetime) -> date:
        """Tell which day it is."""
        return moment.astimezone(self.zone).date()

    def begin(self, day: date) -> datetime:
        """Tell when a day begins."""
        return datetime.combine(day, time(), self.zone)

    def next_day(self, day: date) -> datetime:
        """Tell when the first day after this one begins on which something may go."""
        return self.begin(max(day + timedelta(days=1), self.start))

    def allowance(self, day: date) -> int | None:
        """Tell how many may go on a day; None for as many as there are."""
        number = (day - self.start).days
        if number < 0:
            return 0
        if self.plan is not None:
            return self.plan[number] if number < len(self.plan) else None
        if number < len(USUAL):
            return USUAL[number]
        doublings = number - len(USUAL) + 1
        return USUAL[-1] << doublings if doublings <= _ENOUGH else None

    @classmethod
    def of(cls, settings: WarmUpSettings, time_zone: str) -> "WarmUp":
        """Take what the settings say."""
        return cls(settings.start, settings.plan, ZoneInfo(time_zone))
