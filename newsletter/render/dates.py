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
from newsletter.render.ranges import day_and_hour, day_range, hour_range, text_range, whole_day
from newsletter.render.translations import Translations

_PATTERNS: Final = {"day": "d", "month": "MMMM", "weekday": "EEEE", "year": "y"}
_HOURS: Final = {"nl": "H.mm"}
"""Dutch writes the hour with a full stop; Babel's data has a colon."""
_NIGHT: Final = timedelta(hours=14)
"""What ends the next day but lasts no longer is an evening, and not two days."""
_UTC_NAME: Final = "UTC"
_UTC: Final = frozenset({_UTC_NAME, "UCT", "GMT", "Zulu", "Universal", "Greenwich"})
"""The names of a time that is no place's, beside those in "Etc/"."""

_HOURS_WORDS: Final = "%(hours)s"
_RANGE_WORDS: Final = "%(first)s to %(last)s"
_MOMENT_WORDS: Final = "%(day)s, %(hour)s"
_WHOLE_WORDS: Final = "%(day)s at %(hour)s"
_ELSEWHERE_WORDS: Final = "%(time)s (%(place)s time)"
OWN_FORMS: Final = frozenset({_HOURS_WORDS, _RANGE_WORDS, _MOMENT_WORDS, _WHOLE_WORDS, _ELSEWHERE_WORDS})
"""The words that no catalogue needs: without them a language is written as the Unicode locale data writes it."""


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
    def on_moved(context: Context, event: Event) -> str:
        return event_moved(event, translations, context["newsletter"].time_zone)

    @pass_context
    def on_previous_date(context: Context, event: Event) -> str:
        return previous_date(event, translations, context["newsletter"].time_zone)

    @pass_context
    def on_deadline(context: Context, value: date | datetime) -> str:
        return format_deadline(value, translations, context["newsletter"].time_zone)

    @pass_context
    def on_until(context: Context, value: date | datetime) -> str:
        return until(value, translations, context["newsletter"].time_zone)

    return {
        "date": on_date,
        "event_time": on_event,
        "event_date": on_event_date,
        "event_moved": on_moved,
        "previous_date": on_previous_date,
        "deadline": on_deadline,
        "until": on_until,
    }


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
    if not translations.knows(_RANGE_WORDS):
        return _range(span, translations, time_zone, with_year=True)
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
    if not translations.knows(_RANGE_WORDS):
        return _range(span, translations, time_zone, with_year=False)
    last = format_day(span.last, _without_year(translations), translations)
    return _over_days(weekday, last, span, translations, time_zone)


def event_moved(event: Event, translations: Translations, time_zone: str) -> str:
    """Say from when an event was moved: "Nieuwe tijd, was 13.00 uur", or "Nieuwe datum, was 19 oktober".

    The day is told where it has changed, and the hour too where that has changed as well.

    Args:
        time_zone: The readers' own; another one is named.
    """
    before, now = event.previous_start, event.start
    if before is None:
        return ""
    had_hour, has_hour = isinstance(before, datetime), isinstance(now, datetime)
    if _day(before) == _day(now) and (had_hour or has_hour):
        hour = _hour_of(before, translations, time_zone) or translations.gettext("all day")
        return translations.gettext("New time, was %(time)s") % {"time": hour}
    written = format_day(before, "day month" if before.year == now.year else "long", translations)
    if isinstance(before, datetime) and not (isinstance(now, datetime) and before.time() == now.time()):
        written = _moment_words(written, _hour_of(before, translations, time_zone), translations)
    return translations.gettext("New date, was %(date)s") % {"date": written}


def previous_date(event: Event, translations: Translations, time_zone: str) -> str:
    """Write when a moved event was to begin, whole, or nothing.

    Args:
        time_zone: The readers' own; another one is named.
    """
    before = event.previous_start
    if before is None:
        return ""
    day, hour = format_day(before, "full", translations), _hour_of(before, translations, time_zone)
    return day_and_hour(day, hour, translations.locale) if hour else day


def format_deadline(value: date | datetime, translations: Translations, time_zone: str) -> str:
    """Write the last day of something, or the moment at which it ends."""
    day = format_day(value, "day month", translations)
    hour = _hour_of(value, translations, time_zone)
    return _moment_words(day, hour, translations) if hour else day


def format_moment(moment: datetime, translations: Translations, time_zone: str) -> str:
    """Write a moment whole, by the readers' own clock: "29 november 2026 om 1.41 uur"."""
    local = moment.astimezone(ZoneInfo(time_zone))
    day, hour = format_day(local, "long", translations), _hour_of(local, translations, time_zone)
    if translations.knows(_WHOLE_WORDS) or translations.locale.language == "en":
        return translations.gettext(_WHOLE_WORDS) % {"day": day, "hour": hour}
    return day_and_hour(day, hour, translations.locale)


def until(value: date | datetime, translations: Translations, time_zone: str) -> str:
    """Say until when something is possible: on that day still, but at that hour no more.

    "t/m 1 februari", "tot 1 februari 17.00 uur".
    """
    words = translations.gettext("before %(date)s" if isinstance(value, datetime) else "by %(date)s")
    return words % {"date": format_deadline(value, translations, time_zone)}


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
    if len(moments) == 2 and moments[0] == moments[1]:
        moments = moments[:1]
    if len(moments) == 2 and not translations.knows(_HOURS_WORDS):
        return hour_range(moments[0], moments[1], translations.locale)
    written = "–".join(_hour(moment, translations) for moment in moments)
    return translations.gettext(_HOURS_WORDS) % {"hours": written}


def _hour_of(value: date | datetime, translations: Translations, time_zone: str) -> str:
    """Write the hour of a moment, and nothing of a day."""
    if not isinstance(value, datetime):
        return ""
    return _with_place(_in_hours([value], translations), _place_of(value, translations, time_zone), translations)


def _moment_words(day: str, hour: str, translations: Translations) -> str:
    if translations.knows(_MOMENT_WORDS):
        return translations.gettext(_MOMENT_WORDS) % {"day": day, "hour": hour}
    return day_and_hour(day, hour, translations.locale)


def _joined(day: str, hours: str, span: _Span, translations: Translations, time_zone: str) -> str:
    place = _place_of(span.start, translations, time_zone)
    return day_and_hour(day, _with_place(hours, place, translations), translations.locale)


def _over_days(first: str, last: str, span: _Span, translations: Translations, time_zone: str) -> str:
    locale = translations.locale
    if span.start is not None:
        first = day_and_hour(first, _in_hours([span.start], translations), locale)
        last = day_and_hour(last, _in_hours([span.end], translations), locale) if span.end else last
    if translations.knows(_RANGE_WORDS):
        whole = translations.gettext(_RANGE_WORDS) % {"first": first, "last": last}
    else:
        whole = text_range(first, last, locale)
    return _with_place(whole, _place_of(span.start, translations, time_zone), translations)


def _range(span: _Span, translations: Translations, time_zone: str, *, with_year: bool) -> str:
    """Write an event of several days as the locale data does: both days whole, and no year twice."""
    locale = translations.locale
    if span.start is None:
        return day_range(span.first, span.last, locale, with_year=with_year)
    twice = with_year and span.first.year != span.last.year
    first = whole_day(span.first, locale, with_year=twice)
    last = whole_day(span.last, locale, with_year=with_year)
    return _over_days(first, last, span, translations, time_zone)


def _with_place(text: str, place: str | None, translations: Translations) -> str:
    if place is None:
        return text
    locale = translations.locale
    if place.startswith(_UTC_NAME):
        return f"{text} ({place})"
    if translations.knows(_ELSEWHERE_WORDS) or locale.language == "en":
        return translations.gettext(_ELSEWHERE_WORDS) % {"time": text, "place": place}
    region: str = locale.zone_formats["region"] % place
    return f"{text} ({place if '(' in region else region})"


def _place_of(moment: datetime | None, translations: Translations, time_zone: str) -> str | None:
    """Name the place whose time it is, where that is not the readers' own; of a time that is no place's, UTC."""
    zone = moment.tzinfo if moment else None
    if moment is None or not isinstance(zone, ZoneInfo) or zone.key == time_zone:
        return None
    if moment.utcoffset() == moment.astimezone(ZoneInfo(time_zone)).utcoffset():
        return None
    if zone.key in _UTC or zone.key.startswith("Etc/"):
        return _from_utc(moment.utcoffset() or timedelta())
    try:
        return get_timezone_location(zone, locale=translations.locale, return_city=True)
    except KeyError:  # the locale data of some small languages name no places
        return zone.key.rpartition("/")[2].replace("_", " ")


def _from_utc(offset: timedelta) -> str:
    hours, minutes = divmod(round(abs(offset).total_seconds() / 60), 60)
    sign = "−" if offset < timedelta() else "+"
    return f"{_UTC_NAME}{sign}{hours}{f':{minutes:02}' if minutes else ''}" if offset else _UTC_NAME


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
