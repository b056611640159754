"""Time zones as calendar files define them: from which moment on which distance to UTC holds.

Calendars that know a zone by its name use their own rules; the others have only what stands here.

Source: RFC 5545 §3.6.5.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

_DAY: Final = timedelta(days=1)
_SECOND: Final = timedelta(seconds=1)
_WEEKDAYS: Final = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_FIRST_YEAR, _LAST_YEAR = 2, 9998


@dataclass(frozen=True, slots=True)
class _Change:
    """A change of the clock.

    Args:
        onset: By the clock as it goes until then.
        before: The distance to UTC until then.
        after: The distance from then on.
    """

    onset: datetime
    before: timedelta
    after: timedelta
    name: str

    @property
    def rule(self) -> str:
        """Say on which day of every year it happens: the last Sunday of March, the second one, and so on."""
        last = (self.onset + 7 * _DAY).month != self.onset.month
        number = -1 if last else (self.onset.day - 1) // 7 + 1
        return f"FREQ=YEARLY;BYMONTH={self.onset.month};BYDAY={number}{_WEEKDAYS[self.onset.weekday()]}"


def timezone_lines(zone: ZoneInfo, moments: Iterable[datetime]) -> tuple[str, ...]:
    """Write the definition of a time zone that is right at some moments.

    Args:
        moments: Those that are told in this zone.

    Returns:
        Content lines from BEGIN:VTIMEZONE on, not folded.
    """
    near = {moment.year + step for moment in moments for step in (-1, 0, 1)}
    return _definition(zone, tuple(sorted(min(max(year, _FIRST_YEAR), _LAST_YEAR) for year in near)))


@lru_cache(maxsize=32)
def _definition(zone: ZoneInfo, years: tuple[int, ...]) -> tuple[str, ...]:
    runs = list(_runs(years))
    observances = _yearly(zone, runs) or [line for run in runs for line in _one_by_one(zone, run)]
    return ("BEGIN:VTIMEZONE", f"TZID:{zone.key}", *observances, "END:VTIMEZONE")


def _runs(years: Sequence[int]) -> Iterator[range]:
    """Join years that follow upon one another."""
    start = years[0]
    for year, following in zip(years, [*years[1:], None], strict=True):
        if following is None or following > year + 1:
            yield range(start, year + 1)
            start = following or start


def _yearly(zone: ZoneInfo, runs: Sequence[range]) -> list[str]:
    """Write the two changes of a year as rules, which more calendars read than lists; nothing if they follow none."""
    by_year = [_changes(zone, range(year, year + 1)) for run in runs for year in run]
    first = by_year[0]
    if len(first) != 2 or first[0].after != first[1].before or first[0].before != first[1].after:
        return []
    if any([_kind(change) for change in changes] != [_kind(change) for change in first] for changes in by_year):
        return []
    return [line for change in first for line in _observance(change, change.rule)]


def _kind(change: _Change) -> tuple[object, ...]:
    return change.rule, change.onset.time(), change.before, change.after, change.name


def _one_by_one(zone: ZoneInfo, years: range) -> Iterator[str]:
    start = datetime(years[0], 1, 1, tzinfo=zone)
    offset = _offset(start)
    yield from _observance(_Change(start.replace(tzinfo=None), offset, offset, start.tzname() or zone.key))
    for change in _changes(zone, years):
        yield from _observance(change)


def _observance(change: _Change, rule: str = "") -> Iterator[str]:
    kind = "DAYLIGHT" if change.after > change.before else "STANDARD"
    yield f"BEGIN:{kind}"
    yield f"DTSTART:{change.onset.year:04}{change.onset:%m%dT%H%M%S}"
    if rule:
        yield f"RRULE:{rule}"
    yield f"TZOFFSETFROM:{_distance(change.before)}"
    yield f"TZOFFSETTO:{_distance(change.after)}"
    yield f"TZNAME:{change.name}"
    yield f"END:{kind}"


def _distance(offset: timedelta) -> str:
    seconds = round(abs(offset).total_seconds())
    written = f"{'-' if offset < timedelta() else '+'}{seconds // 3600:02}{seconds // 60 % 60:02}"
    return f"{written}{seconds % 60:02}" if seconds % 60 else written


def _changes(zone: ZoneInfo, years: range) -> tuple[_Change, ...]:
    """Find the changes of the clock in some years, to the second."""
    start = datetime.combine(date(years[0], 1, 1), datetime.min.time(), UTC)
    days = (date(years[-1] + 1, 1, 1) - date(years[0], 1, 1)).days
    found: list[_Change] = []
    for day in range(days):
        before, after = start + day * _DAY, start + (day + 1) * _DAY
        if _offset(before.astimezone(zone)) != _offset(after.astimezone(zone)):
            found.append(_change_between(zone, before, after))
    return tuple(found)


def _change_between(zone: ZoneInfo, before: datetime, after: datetime) -> _Change:
    old = _offset(before.astimezone(zone))
    while after - before > _SECOND:
        middle = before + (after - before) // (2 * _SECOND) * _SECOND
        if _offset(middle.astimezone(zone)) == old:
            before = middle
        else:
            after = middle
    local = after.astimezone(zone)
    return _Change((after + old).replace(tzinfo=None), old, _offset(local), local.tzname() or zone.key)


def _offset(moment: datetime) -> timedelta:
    return moment.utcoffset() or timedelta()
