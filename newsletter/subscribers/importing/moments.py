"""Moments as other programs write them, such as when somebody signed up."""

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Final

_FIRST_YEAR: Final = 1990
"""Nobody joined a newsletter by the Internet before."""
_TIME: Final = r"(?:[T ]+(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,]\d+)?)?)?"
_ZONE: Final = r"\s*(?:Z|UTC|GMT|(?P<sign>[+-])(?P<hours>\d{2}):?(?P<minutes>\d{2}))?(?:\s+[A-Z]{2,5})?"
_YEAR_FIRST: Final = re.compile(
    rf"(?P<year>\d{{4}})[-/.](?P<month>\d{{1,2}})[-/.](?P<day>\d{{1,2}}){_TIME}{_ZONE}", re.ASCII
)
_DAY_FIRST: Final = re.compile(
    rf"(?P<day>\d{{1,2}})[-/.](?P<month>\d{{1,2}})[-/.](?P<year>\d{{4}}),?{_TIME}{_ZONE}", re.ASCII
)


def read_moment(text: str, now: datetime) -> datetime | None:
    """Read a moment; without a zone it is taken for UTC, as programs export it.

    Returns:
        None where it is none, or none that somebody can have signed up at.
    """
    stripped = text.strip()
    found = _YEAR_FIRST.fullmatch(stripped) or _DAY_FIRST.fullmatch(stripped)
    if found is None:
        return None
    year, month, day = (int(found[name]) for name in ("year", "month", "day"))
    hour, minute, second = (int(found[name] or 0) for name in ("hour", "minute", "second"))
    try:
        moment = datetime(year, month, day, hour, minute, second, tzinfo=_zone(found)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return moment if moment.year >= _FIRST_YEAR and moment <= now + timedelta(days=1) else None


def _zone(found: "re.Match[str]") -> timezone:
    if found["sign"] is None:
        return UTC
    offset = timedelta(hours=int(found["hours"]), minutes=int(found["minutes"]))
    return timezone(-offset if found["sign"] == "-" else offset)
