"""Dates and times as people read them: "donderdag 7 maart 2024, 9.30–16.30 uur"."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_skeleton, format_time, get_timezone_location
from jinja2 import pass_context
from jinja2.runtime import Context

from newsletter.items import Event
from newsletter.render.translations import Translations

_PATTERNS: Final = {"day": "d", "month": "MMMM", "weekday": "EEEE", "year": "y"}
_HOURS: Final = {"nl": "H.mm"}
"""Dutch writes the hour with a full stop; Babel's data has a colon."""
_NIGHT: Final = timedelta(hours=14)
"""What ends the next day but lasts no longer is an evening, and not two days."""


def filters(translations: Translations) -> dict[str, Callable[..., str]]:
    """Give the template filters on dates, for one language."""

    def on_date(value: date | datetime, form: str = "long") -> str:
        return format_day(value, form, translations)

    @pass_context
    def on_event(context: Context, event: Event) -> str:
        return event_time(event, translations, context["newsletter"].time_zone)

    @pass_context
    def on_event_date(context: Context, event: Event) -> str:
        return event_date(event, translations, context["newsletter"].time_zone)

    @pass_context
    def on_deadline(context: Context, value: date | datetime) -> str:
        return format_deadline(value, translations, context["newsletter"].time_zone)

    return {"date": on_date, "event_time": on_event, "event_date": on_event_date, "deadline": on_deadline}


def format_day(value: date | datetime, form: str, translations: Translations) -> str:
    """Write a day.

    Args:
        form: full (with weekday), long, medium, short; day, month, weekday, year; "day month"; or a pattern of the
            Unicode locale data such as "EEE d MMM".
    """
    if form == "day month":
        return format_skeleton("MMMMd", _moment(value), locale=translations.locale)
    return format_date(value, _PATTERNS.get(form, form), locale=translations.locale)


def event_date(event: Event, translations: Translations, time_zone: str) -> str:
    """Write when an event is, whole: "woensdag 1 juli 2026, 10.00–12.00 uur".

    Args:
        time_zone: The readers' own; another one is named.
    """
    span = _Span.of(event)
    if span.days == 1:
        day = format_day(span.first, "full", translations)
        return _joined(day, _hours(span, translations), span, translations, time_zone)
    first = format_day(span.first, _opening(span, translations), translations)
    last = format_day(span.last, "full", translations)
    return _over_days(first, last, span, translations, time_zone)


def event_time(event: Event, translations: Translations, time_zone: str) -> str:
    """Write when an event is, for beside its date: weekday and hours, and its last day if it has several.

    Args:
        time_zone: The readers' own; another one is named.
    """
    span = _Span.of(event)
    weekday = format_day(span.first, "weekday", translations)
    if span.days == 1:
        return _joined(weekday, _hours(span, translations), span, translations, time_zone)
    last = format_day(span.last, _without_year(translations), translations)
    return _over_days(weekday, last, span, translations, time_zone)


def format_deadline(value: date | datetime, translations: Translations, time_zone: str) -> str:
    """Write until when something is possible: a day, and the hour if it has one."""
    day = format_day(value, "day month", translations)
    if not isinstance(value, datetime):
        return day
    hour = _in_hours([value], translations)
    place = _place_of(value, translations, time_zone)
    return f"{day}, {_with_place(hour, place, translations)}"


@dataclass(frozen=True, slots=True)
class _Span:
    """The first and last day of an event, and its hours if it has any."""

    first: date
    last: date
    start: datetime | None
    end: datetime | None

    @classmethod
    def of(cls, event: Event) -> "_Span":
        first = _day(event.start)
        last = _day(event.end) if event.end is not None else first
        if not isinstance(event.start, datetime):
            return cls(first, last, None, None)
        end = event.end if isinstance(event.end, datetime) else None
        if end is not None and (end - event.start <= _NIGHT or (end.time() == time() and last - first <= timedelta(1))):
            last = first
        return cls(first, last, event.start, end)

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1


def _hours(span: _Span, translations: Translations) -> str:
    if span.start is None:
        return translations.gettext("all day")
    return _in_hours([moment for moment in (span.start, span.end) if moment], translations)


def _in_hours(moments: list[datetime], translations: Translations) -> str:
    written = "–".join(_hour(moment, translations) for moment in moments)
    return translations.gettext("%(hours)s") % {"hours": written}


def _joined(day: str, hours: str, span: _Span, translations: Translations, time_zone: str) -> str:
    place = _place_of(span.start, translations, time_zone)
    return f"{day}, {_with_place(hours, place, translations)}"


def _over_days(first: str, last: str, span: _Span, translations: Translations, time_zone: str) -> str:
    if span.start is not None:
        first = f"{first}, {_in_hours([span.start], translations)}"
        last = f"{last}, {_in_hours([span.end], translations)}" if span.end else last
    whole = translations.gettext("%(first)s to %(last)s") % {"first": first, "last": last}
    return _with_place(whole, _place_of(span.start, translations, time_zone), translations)


def _with_place(text: str, place: str | None, translations: Translations) -> str:
    if place is None:
        return text
    return translations.gettext("%(time)s (%(place)s time)") % {"time": text, "place": place}


def _place_of(moment: datetime | None, translations: Translations, time_zone: str) -> str | None:
    """Name the place whose time it is, where that is not the readers' own."""
    zone = moment.tzinfo if moment else None
    if moment is None or not isinstance(zone, ZoneInfo) or zone.key == time_zone:
        return None
    if moment.utcoffset() == moment.astimezone(ZoneInfo(time_zone)).utcoffset():
        return None
    return get_timezone_location(zone, locale=translations.locale, return_city=True)


def _opening(span: _Span, translations: Translations) -> str:
    """Give the pattern of a first day, without what the last day says too."""
    if span.first.year != span.last.year:
        return "full"
    pattern = _without_year(translations)
    day_comes_first = pattern.find("d") < pattern.find("M")
    if span.first.month == span.last.month and day_comes_first:
        return re.sub(r"[\s,.]*(?:'[^']*'\s*)*[ML]+[\s,.]*$", "", pattern).replace(",", "")
    return pattern


def _without_year(translations: Translations) -> str:
    """Give the language's own pattern of a whole day, but for the year."""
    pattern = translations.locale.date_formats["full"].pattern
    return re.sub(r"(?:[\s,]|'[^']*')*y+", "", pattern).strip()


def _hour(moment: datetime, translations: Translations) -> str:
    pattern = _HOURS.get(translations.locale.language, "short")
    return format_time(moment.time(), pattern, locale=translations.locale)


def _day(value: date | datetime) -> date:
    return value.date() if isinstance(value, datetime) else value


def _moment(value: date | datetime) -> Any:
    return value if isinstance(value, datetime) else datetime(value.year, value.month, value.day)  # noqa: DTZ001
