"""Weekday that does not belong to its date.

Holds "dinsdag 14 oktober", "di 14 okt.", "Tuesday 14 October" and "Tuesday, October 14, 2025" in every text against
the calendar; of "dinsdag 14 en woensdag 15 oktober" both days. Where no year is written, the one is meant that lies
nearest to the event, to the date of the article or publication, or to that of the issue. "dinsdag 13/10" and
"dinsdag 13-10" are dates too; hours, scores and fractions, such as "9-12 uur", "3-1" and "1/2 dag", are none.

When the day is one that the item itself has in its front matter, such as its start, only the weekday can be wrong,
and `--fix` corrects it.
"""

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Final

from newsletter.items import Event, Item
from newsletter.manuscript import Fix, Found
from newsletter.preflight.base import Context, Finding, Severity, say

severity: Severity = Severity.ERROR


def _names(words: str) -> tuple[str, ...]:
    return tuple(words.split())


_ENGLISH: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_WEEKDAYS: Final = (
    _names("maandag dinsdag woensdag donderdag vrijdag zaterdag zondag"),
    _names("ma di wo do vr za zo"),
    tuple(name.lower() for name in _ENGLISH),
    _names("mon tue wed thu fri sat sun"),
    _names("mon tues weds thurs fri sat sun"),
)
_MONTHS: Final = (
    _names("januari februari maart april mei juni juli augustus september oktober november december"),
    _names("jan feb mrt apr mei jun jul aug sep okt nov dec"),
    _names("january february march april may june july august september october november december"),
    _names("jan feb mar apr may jun jul aug sept oct nov dec"),
)
_NUMBER_OF_DAY: Final = {name: number for names in _WEEKDAYS for number, name in enumerate(names)}
_NUMBER_OF_MONTH: Final = {name: number for names in _MONTHS for number, name in enumerate(names, 1)}


def _any(names: dict[str, int]) -> str:
    return "|".join(sorted(names, key=len, reverse=True))


_GAP: Final = r"[*_]*\s+[*_]*"
_DAY: Final = r"\d{1,2}(?:st|nd|rd|th|ste|de|e)?"
_AND: Final = r"(?:,|en|and|of|or|t/m|tot(?:\s+en\s+met)?|to|until|–|-)"
_MORE: Final = rf"(?:\s*{_AND}\s*(?:(?:{_any(_NUMBER_OF_DAY)})\.?\s+)?{_DAY}){{0,9}}"
_YEAR: Final = r"(?:,?\s+(?P<{}>\d{{4}})\b)?"
_DATE: Final = re.compile(
    rf"""(?<![\w-])(?P<weekday>{_any(_NUMBER_OF_DAY)})\b(?<!\bzo)\.?(?<!\bzo),?{_GAP}(?:de\s+|the\s+)?(?:
        (?P<day>\d{{1,2}})(?:st|nd|rd|th|ste|de|e)?(?={_MORE}\s+(?:of\s+)?(?P<month>{_any(_NUMBER_OF_MONTH)})\b\.?
            {_YEAR.format("year")})
      | (?P<month_first>{_any(_NUMBER_OF_MONTH)})\s+(?P<day_after>\d{{1,2}})(?:st|nd|rd|th)?\b(?!:)
            {_YEAR.format("year_after")}
      | (?P<day_number>\d{{1,2}})(?P<mark>[-/])(?P<month_number>\d{{1,2}})
            (?:[-/](?P<year_number>\d{{4}})\b|(?![\w/-]|[.,:]\d))
    )""",
    re.VERBOSE | re.IGNORECASE,
)
_REPEATED: Final = re.compile(r"\b(?:elke|iedere|every|each)\s+$", re.IGNORECASE)
_AMOUNT: Final = re.compile(
    r"\s{0,3}(?:uur|u|h|hours?|am|pm|o'clock|%|dag(?:en)?|deel|days?|(?:van|of)\s+(?:de|het|alle|onze|the|all|our))\b",
    re.IGNORECASE,
)
"""What stands behind hours and fractions."""
_MONTHS_IN_A_YEAR: Final = 12
_ALWAYS: Final = (24, 7)
_TWO_DIGITS: Final = 10


def check(context: Context) -> Iterator[Finding]:
    """Look for dates with a weekday in every text."""
    for passage in context.manuscript.passages:
        item = passage.entry.item if passage.entry else None
        about = _about(item) or context.issue.date
        for found in passage.find(_DATE):
            if not _is_date(found):
                continue
            meant = _meant(found, about)
            words = _shown(found)
            if meant is None:
                message = say("“%(words)s” is a day that does not exist", words=words)
                yield Finding(found.place, message, say("Correct the day or the month."), passage.block)
            elif not _fits(found, meant):
                right = say(_ENGLISH[meant.weekday()])
                message = say(
                    "“%(words)s” does not fit: that day is a %(right)s in %(year)s",
                    words=words,
                    right=right,
                    year=meant.year,
                )
                remedy = say("Correct the weekday or the day; write the year where another one is meant.")
                yield Finding(found.place, message, remedy, passage.block, _fix(found, meant, item))


def _is_date(found: Found) -> bool:
    """Whether two numbers without a year are a day and a month, and not hours, a score or a fraction."""
    match = found.match
    if not match["month_number"] or match["year_number"]:
        return True
    day, month = int(match["day_number"]), int(match["month_number"])
    if (day, month) == _ALWAYS or not (month <= _MONTHS_IN_A_YEAR or _is_english(match)):
        return False
    if _AMOUNT.match(match.string, match.end()):
        return False
    if match["mark"] == "/":
        return True
    padded = match["day_number"].startswith("0") or match["month_number"].startswith("0")
    score = day < _TWO_DIGITS and month < _TWO_DIGITS
    # "dinsdag 10-12" may say hours as well as a day in December.
    hours = day < month or _REPEATED.search(match.string, 0, match.start()) is not None
    return padded or not (score or hours)


def _is_english(match: re.Match[str]) -> bool:
    return any(match["weekday"].lower() in names for names in _WEEKDAYS[2:])


def _meant(found: Found, about: date) -> date | None:
    """Give the date that is meant; None where there is no such day.

    In English a month may stand before its day. Of two dates that are possible then, the one on that weekday is meant.
    """
    month, day, year = _parts(found)
    meant = _nearest(month, day, year, about)
    if not found.match["month_number"] or not _is_english(found.match):
        return meant
    other = _nearest(day, month, year, about)
    return other if other is not None and (meant is None or _fits(found, other)) else meant


def _fits(found: Found, meant: date) -> bool:
    return meant.weekday() == _NUMBER_OF_DAY[found.match["weekday"].lower()]


def _parts(found: Found) -> tuple[int, int, int | None]:
    match = found.match
    if match["month_number"]:
        return int(match["month_number"]), int(match["day_number"]), int(match["year_number"] or 0) or None
    month = _NUMBER_OF_MONTH[(match["month"] or match["month_first"]).lower()]
    year = match["year"] or match["year_after"]
    return month, int(match["day"] or match["day_after"]), int(year) if year else None


def _shown(found: Found) -> str:
    """Give the words of the date, with its month and year where these come later."""
    match = found.match
    later = [match["month"], match["year"]] if match["month"] else []
    return " ".join([found.text, *(word for word in later if word)])


def _nearest(month: int, day: int, year: int | None, about: date) -> date | None:
    """Give the date that is meant; None where there is no such day."""
    years = (year,) if year else range(about.year - 4, about.year + 5)
    possible = [made for one in years if (made := _date(one, month, day)) is not None]
    return min(possible, key=lambda made: abs(made - about), default=None)


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _about(item: Item | None) -> date | None:
    if item is None:
        return None
    return _day(item.start) if isinstance(item, Event) else item.date


def _day(moment: date | datetime) -> date:
    return moment.date() if isinstance(moment, datetime) else moment


def _own_days(item: Item | None) -> Iterator[date]:
    if not isinstance(item, Event):
        return
    deadline = item.registration.deadline if item.registration else None
    for moment in (item.end, item.previous_start, deadline):
        if moment is not None:
            yield _day(moment)
    last = _day(item.end or item.start)
    for number in range(min((last - _day(item.start)).days, 31) + 1):
        yield _day(item.start) + timedelta(days=number)


def _fix(found: Found, meant: date, item: Item | None) -> Fix | None:
    if meant not in _own_days(item):
        return None
    written = found.match["weekday"]
    names = next(names for names in _WEEKDAYS if written.lower() in names)
    right = names[meant.weekday()]
    if written.isupper():
        right = right.upper()
    elif written[0].isupper():
        right = right.capitalize()
    return found.fix(right, "weekday")
