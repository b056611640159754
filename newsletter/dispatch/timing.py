"""When messages may leave: not before a moment, at everybody's own hour, and not while readers want quiet."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from newsletter.settings import DispatchSettings, is_time_zone

_RANGE: Final = re.compile(r"(\d\d):(\d\d)-(\d\d):(\d\d)")
_DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_LONGEST_QUIET: Final = 15
"""After so many steps from the end of one quiet time to the next there is none that messages could leave in."""


@dataclass(frozen=True, slots=True)
class Start:
    """When a dispatch begins.

    Args:
        at: The moment; aware, in the time zone that it was said in.
        attribute: What is known of a subscriber that names their time zone, so that it begins for each at that hour of
            their own day; None where all begin at once.
    """

    at: datetime
    attribute: str | None = None


@dataclass(frozen=True, slots=True)
class Quiet:
    """When nothing is sent, by the clock of one time zone.

    Args:
        begin: When it begins each day; None where only whole days are quiet.
        end: When it ends; on the next day if that is not later.
        days: Whole days, from 0 for Monday.
    """

    zone: str
    begin: time | None = None
    end: time | None = None
    days: frozenset[int] = frozenset()

    def until(self, moment: datetime) -> datetime | None:
        """Tell when messages may leave again; None where they may at that moment.

        Where days and hours leave no time at all it gives a moment a fortnight away, again and again.
        """
        zone = ZoneInfo(self.zone)
        found = moment
        for _ in range(_LONGEST_QUIET):
            end = self._end(found.astimezone(zone))
            if end is None:
                break
            # By way of UTC, which moves a time that a clock change leaves out to one that there is.
            found = max(end.replace(tzinfo=zone).astimezone(UTC), found + timedelta(minutes=1))
        return None if found == moment else found

    def _end(self, local: datetime) -> datetime | None:
        """Tell when the quiet ends that a moment lies in, by the clock of the place."""
        wall = local.replace(tzinfo=None)
        if wall.weekday() in self.days:
            return datetime.combine(wall.date() + timedelta(days=1), time())
        if self.begin is None or self.end is None or self.begin == self.end:
            return None
        now = wall.time()
        if self.begin < self.end:
            return datetime.combine(wall.date(), self.end) if self.begin <= now < self.end else None
        if now >= self.begin:
            return datetime.combine(wall.date() + timedelta(days=1), self.end)
        return datetime.combine(wall.date(), self.end) if now < self.end else None


def quiet_of(settings: DispatchSettings, zone: str) -> Quiet:
    """Read what the workspace says about quiet."""
    found = _RANGE.fullmatch(settings.quiet_hours)
    begin = time(int(found[1]), int(found[2])) if found else None
    end = time(int(found[3]), int(found[4])) if found else None
    return Quiet(zone, begin, end, frozenset(_DAYS.index(day) for day in settings.quiet_days))


def moments(start: Start, zones: Iterable[str | None]) -> Mapping[str | None, datetime]:
    """Tell when a dispatch begins for the readers of each time zone, in UTC.

    Args:
        zones: What is known of readers; whatever is no time zone is taken for that of the start itself.
    """
    wall = start.at.replace(tzinfo=None)
    return {
        zone: (
            wall.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
            if zone is not None and is_time_zone(zone)
            else start.at.astimezone(UTC)
        )
        for zone in zones
    }


def pack_start(start: Start) -> str:
    """Write a start as a dispatch keeps it."""
    zone = getattr(start.at.tzinfo, "key", "UTC")
    return json.dumps({"at": start.at.replace(tzinfo=None).isoformat(), "zone": zone, "attribute": start.attribute})


def unpack_start(kept: str) -> Start:
    """Read a start that a dispatch has kept."""
    found: Mapping[str, Any] = json.loads(kept)
    at = datetime.fromisoformat(found["at"]).replace(tzinfo=ZoneInfo(found["zone"]))
    return Start(at, found["attribute"])
