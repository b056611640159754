"""Ranges of days and of hours, each in the form that the Unicode locale data gives them in its language."""

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Final

from babel import Locale
from babel.dates import format_date, format_time

_LONG: Final = 4
"""Letters of a pattern that stand for a name written out."""
_NAMES: Final = re.compile(r"'[^']*'|E+|c+|M{3,}|L{3,}")
_WITH_YEAR: Final = ("yMMMMEEEEd", "yMMMEd")
_WITHOUT_YEAR: Final = ("MMMMEEEEd", "MMMEd")
_NOON: Final = 12


def whole_day(day: date, locale: Locale, *, with_year: bool) -> str:
    """Write a day with its weekday, and its year or not: "Thursday, March 7"."""
    skeletons = _WITH_YEAR if with_year else _WITHOUT_YEAR
    pattern = next(filter(None, map(locale.datetime_skeletons.get, skeletons)), None)
    return format_date(day, _written_out(pattern.pattern) if pattern else "full", locale=locale)


def day_range(first: date, last: date, locale: Locale, *, with_year: bool) -> str:
    """Write from which day to which: "Thursday, March 7 – Saturday, March 9, 2024"."""
    skeletons = _WITH_YEAR if with_year else _WITHOUT_YEAR
    patterns: Mapping[str, Sequence[str]] = next(filter(None, map(locale.interval_formats.get, skeletons)), {})
    differing = {"y": first.year != last.year, "M": first.month != last.month, "d": first.day != last.day}
    parts = _parts(patterns, differing)
    if parts:
        return "".join(
            format_date(day, _written_out(part), locale=locale) for part, day in zip(parts, (first, last), strict=True)
        )
    return text_range(
        whole_day(first, locale, with_year=with_year), whole_day(last, locale, with_year=with_year), locale
    )


def hour_range(start: datetime, end: datetime, locale: Locale) -> str:
    """Write from which hour to which: "1:00 – 5:00 PM".

    A clock of twelve hours that has gone round tells both halves of the day: else "10:00 – 12:00 PM" were two hours.
    """
    by_twelve = re.search("[hK]", re.sub("'[^']*'", "", locale.time_formats["short"].pattern)) is not None
    clocks = start.time(), end.time()
    first, last = clocks
    goes_round = last == first or (by_twelve and last < first)
    differing = {"h" if by_twelve else "H": first.hour != last.hour, "m": first.minute != last.minute}
    if by_twelve:
        differing = {"a": (first.hour < _NOON) != (last.hour < _NOON), **differing}
    parts = _parts(locale.interval_formats.get("hm" if by_twelve else "Hm", {}), differing)
    if goes_round or not parts:
        return text_range(format_time(first, "short", locale=locale), format_time(last, "short", locale=locale), locale)
    return "".join(format_time(clock, part, locale=locale) for part, clock in zip(parts, clocks, strict=True))


def text_range(first: str, last: str, locale: Locale) -> str:
    """Write from what to what where the language has no shorter form."""
    pattern: str = locale.interval_formats[None]
    return pattern.replace("{0}", first).replace("{1}", last)


def day_and_hour(day: str, hour: str, locale: Locale) -> str:
    """Write an hour beside its day."""
    pattern = str(locale.datetime_formats["medium"]).replace("'", "")
    return pattern.replace("{0}", hour).replace("{1}", day)


def comma(locale: Locale) -> str:
    """Give what stands between the parts of a list: ", " or "، ".

    Where a list joins its parts with a word, as in Arabic, it is what stands between a day and its hour.
    """
    between = locale.list_patterns["standard"]["start"].replace("{0}", "").replace("{1}", "")
    if not between or any(character.isalpha() for character in between):
        between = day_and_hour("", "", locale)
    return ", " if not between.strip() or any(character.isalpha() for character in between) else between


def _parts(patterns: Mapping[str, Sequence[str]], differing: Mapping[str, bool]) -> Sequence[str]:
    """Give the patterns of both ends of a range, by the largest field in which they differ; none if there are none."""
    largest = next((field for field, differs in differing.items() if differs), "")
    parts = patterns.get(largest, ())
    return parts if len(parts) == 2 else ()


def _written_out(pattern: str) -> str:
    """Let a pattern write the names of days and months in full, as the locale data allows."""
    return _NAMES.sub(lambda found: found[0] if found[0][0] == "'" else found[0][0] * _LONG, pattern)
