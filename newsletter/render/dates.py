"""Dates and times as people read them: "donderdag 7 maart 2024, 9.30–16.30 uur"."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any, Final

from babel.dates import format_date, format_skeleton, format_time

from newsletter.items import Event
from newsletter.render.translations import Translations

_PATTERNS: Final = {"day": "d", "month": "MMMM", "weekday": "EEEE", "year": "y"}
_HOURS: Final = {"nl": "H.mm"}
"""Dutch writes the hour with a full stop; Babel's data has a colon."""


def filters(translations: Translations) -> dict[str, Callable[..., str]]:
    """Give the template filters on dates, for one language."""

    def on_date(value: date | datetime, form: str = "long") -> str:
        return format_day(value, form, translations)

    def on_event(event: Event) -> str:
        return event_time(event, translations)

    def on_event_date(event: Event) -> str:
        return event_date(event, translations)

    return {"date": on_date, "event_time": on_event, "event_date": on_event_date}


def format_day(value: date | datetime, form: str, translations: Translations) -> str:
    """Write a day.

    Args:
        form: full (with weekday), long, medium, short; day, month, weekday, year; "day month"; or a pattern of the
            Unicode locale data such as "EEE d MMM".
    """
    if form == "day month":
        return format_skeleton("MMMMd", _moment(value), locale=translations.locale)
    return format_date(value, _PATTERNS.get(form, form), locale=translations.locale)


def event_date(event: Event, translations: Translations) -> str:
    """Write the day or days of an event, with weekday: "donderdag 7 maart 2024"."""
    first, last = _day(event.start), _day(event.end) if event.end else None
    start = format_day(first, "full", translations)
    return start if last is None or last == first else f"{start} – {format_day(last, 'full', translations)}"


def event_time(event: Event, translations: Translations) -> str:
    """Write when an event is, for beside its date: weekday and hours, or its last day, or that it lasts all day."""
    gettext = translations.gettext
    first, last = _day(event.start), _day(event.end) if event.end else None
    weekday = format_day(first, "weekday", translations)
    if last is not None and last != first:
        until = format_day(last, "EEEE d MMMM", translations)
        return gettext("%(weekday)s to %(until)s") % {"weekday": weekday, "until": until}
    if not isinstance(event.start, datetime):
        return f"{weekday}, {gettext('all day')}"
    return f"{weekday}, {hours(event, translations)}"


def hours(event: Event, translations: Translations) -> str:
    """Write from what hour to what hour an event on one day lasts."""
    times = [_hour(event.start, translations)]
    if isinstance(event.end, datetime):
        times.append(_hour(event.end, translations))
    return translations.gettext("%(hours)s") % {"hours": "–".join(times)}


def _hour(moment: Any, translations: Translations) -> str:
    pattern = _HOURS.get(translations.locale.language, "short")
    return format_time(moment.time(), pattern, locale=translations.locale)


def _day(value: date | datetime) -> date:
    return value.date() if isinstance(value, datetime) else value


def _moment(value: date | datetime) -> datetime:
    return value if isinstance(value, datetime) else datetime(value.year, value.month, value.day)  # noqa: DTZ001
