"""Dates and times as people read them, in Dutch and in English."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from babel.localedata import locale_identifiers
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.items import Event, item_from_text
from newsletter.render import dates
from newsletter.render.translations import read_translations

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
NL = read_translations([], "nl")
EN = read_translations([], "en")


def plain(text: str) -> str:
    """Put ordinary spaces in the place of narrow and hard ones."""
    return " ".join(text.split())


def at(day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(2024, 3, day, hour, minute, tzinfo=AMSTERDAM)


@pytest.mark.parametrize(
    ("event", "dutch", "english"),
    [
        (
            Event("x", at(7, 9, 30), at(7, 16, 30)),
            "donderdag, 9.30–16.30\u00a0uur",
            "Thursday, 9:30\u202fAM\u2009–\u20094:30\u202fPM",
        ),
        (
            Event("x", at(7, 13), at(7, 17)),
            "donderdag, 13.00–17.00\u00a0uur",
            "Thursday, 1:00\u2009–\u20095:00\u202fPM",
        ),
        (
            Event("x", at(7, 22), at(8, 12)),
            "donderdag, 22.00–12.00\u00a0uur",
            "Thursday, 10:00\u202fPM\u2009–\u200912:00\u202fPM",
        ),
        (Event("x", at(7, 13)), "donderdag, 13.00\u00a0uur", "Thursday, 1:00\u202fPM"),
        (Event("x", date(2024, 3, 7)), "donderdag, de hele dag", "Thursday, all day"),
        (Event("x", date(2024, 3, 7), date(2024, 3, 7)), "donderdag, de hele dag", "Thursday, all day"),
        (
            Event("x", date(2024, 3, 7), date(2024, 3, 9)),
            "donderdag t/m zaterdag 9 maart",
            "Thursday, March 7\u2009–\u2009Saturday, March 9",
        ),
        (
            Event("x", at(7, 9), at(9, 12)),
            "donderdag, 9.00\u00a0uur t/m zaterdag 9 maart, 12.00\u00a0uur",
            "Thursday, March 7, 9:00\u202fAM\u2009–\u2009Saturday, March 9, 12:00\u202fPM",
        ),
        (
            Event("x", at(7, 20), at(8, 2)),
            "donderdag, 20.00–2.00\u00a0uur",
            "Thursday, 8:00\u202fPM\u2009–\u20092:00\u202fAM",
        ),
        (
            Event("x", at(7, 9), at(8)),
            "donderdag, 9.00–0.00\u00a0uur",
            "Thursday, 9:00\u202fAM\u2009–\u200912:00\u202fAM",
        ),
    ],
)
def test_time_of_an_event_is_written_as_people_read_it(event: Event, dutch: str, english: str) -> None:
    assert dates.event_time(event, NL, "Europe/Amsterdam") == dutch
    assert dates.event_time(event, read_translations([], "en"), "Europe/Amsterdam") == english


@pytest.mark.parametrize(
    ("event", "dutch", "british"),
    [
        (
            Event("x", at(7, 9, 30), at(7, 16)),
            "donderdag 7 maart 2024, 9.30–16.00\u00a0uur",
            "Thursday, 7 March 2024, 09:30–16:00",
        ),
        (Event("x", date(2024, 3, 7)), "donderdag 7 maart 2024, de hele dag", "Thursday, 7 March 2024, all day"),
        (
            Event("x", date(2024, 3, 7), date(2024, 3, 9)),
            "donderdag 7 t/m zaterdag 9 maart 2024",
            "Thursday 7 March – Saturday 9 March 2024",
        ),
        (
            Event("x", date(2024, 2, 29), date(2024, 3, 1)),
            "donderdag 29 februari t/m vrijdag 1 maart 2024",
            "Thursday 29 February – Friday 1 March 2024",
        ),
        (
            Event("x", date(2024, 12, 31), date(2025, 1, 1)),
            "dinsdag 31 december 2024 t/m woensdag 1 januari 2025",
            "Tuesday 31 December 2024 – Wednesday 1 January 2025",
        ),
    ],
)
def test_whole_date_of_an_event_says_no_month_or_year_twice(event: Event, dutch: str, british: str) -> None:
    assert dates.event_date(event, NL, "Europe/Amsterdam") == dutch
    assert plain(dates.event_date(event, read_translations([], "en-GB"), "Europe/Amsterdam")) == british


def test_time_elsewhere_says_where() -> None:
    event = Event("x", datetime(2024, 3, 7, 9, 30, tzinfo=ZoneInfo("America/New_York")))
    assert dates.event_time(event, NL, "Europe/Amsterdam") == "donderdag, 9.30\u00a0uur (tijd in New York)"
    assert dates.event_time(event, NL, "America/Toronto") == "donderdag, 9.30\u00a0uur", "the clock is the same there"
    deadline = datetime(2024, 3, 1, 12, tzinfo=ZoneInfo("Europe/London"))
    assert dates.format_deadline(deadline, NL, "Europe/Amsterdam") == "1 maart 12.00\u00a0uur (tijd in Londen)"
    assert dates.format_deadline(date(2024, 3, 1), NL, "Europe/Amsterdam") == "1 maart"


def test_time_of_no_place_is_told_by_its_distance_to_utc() -> None:
    written = {
        zone: dates.event_time(Event("x", datetime(2024, 3, 7, 9, tzinfo=ZoneInfo(zone))), NL, "Europe/Amsterdam")
        for zone in ("UTC", "Etc/GMT+5")
    }
    assert written == {"UTC": "donderdag, 9.00\u00a0uur (UTC)", "Etc/GMT+5": "donderdag, 9.00\u00a0uur (UTC−5)"}


@pytest.mark.parametrize(
    ("before", "dutch", "english"),
    [
        (at(7, 10), "Nieuwe tijd, was 10.00 uur", "New time, was 10:00 AM"),
        (date(2024, 3, 7), "Nieuwe tijd, was de hele dag", "New time, was all day"),
        (at(8, 13), "Nieuwe datum, was 8 maart", "New date, was March 8"),
        (date(2024, 3, 8), "Nieuwe datum, was 8 maart", "New date, was March 8"),
        (at(8, 10), "Nieuwe datum, was 8 maart 10.00 uur", "New date, was March 8, 10:00 AM"),
        (
            datetime(2023, 3, 7, 13, tzinfo=AMSTERDAM),
            "Nieuwe datum, was 7 maart 2023",
            "New date, was March 7, 2023",
        ),
    ],
)
def test_moved_event_tells_what_of_it_has_changed(before: date | datetime, dutch: str, english: str) -> None:
    event = Event("x", at(7, 13), at(8, 2), previous_start=before)
    assert plain(dates.event_moved(event, NL, "Europe/Amsterdam")) == dutch
    assert plain(dates.event_moved(event, EN, "Europe/Amsterdam")) == english


def test_moved_event_of_whole_days_tells_day_and_hour() -> None:
    days = Event("x", date(2024, 3, 7), date(2024, 3, 9), previous_start=date(2024, 3, 6))
    assert dates.event_moved(days, NL, "Europe/Amsterdam") == "Nieuwe datum, was 6 maart"
    assert dates.previous_date(days, NL, "Europe/Amsterdam") == "woensdag 6 maart 2024"
    hours = Event("x", date(2024, 3, 7), previous_start=at(7, 13))
    assert plain(dates.event_moved(hours, NL, "Europe/Amsterdam")) == "Nieuwe tijd, was 13.00 uur"
    assert plain(dates.previous_date(hours, NL, "Europe/Amsterdam")) == "donderdag 7 maart 2024, 13.00 uur"


def test_deadline_holds_its_day_but_not_its_hour() -> None:
    day, moment = date(2024, 2, 1), datetime(2024, 2, 1, 17, tzinfo=AMSTERDAM)
    assert plain(dates.until(day, NL, "Europe/Amsterdam")) == "t/m 1 februari"
    assert plain(dates.until(moment, NL, "Europe/Amsterdam")) == "tot 1 februari 17.00 uur"
    assert plain(dates.until(day, EN, "Europe/Amsterdam")) == "by February 1"
    assert plain(dates.until(moment, EN, "Europe/Amsterdam")) == "before February 1, 5:00 PM"


@settings(deadline=None, max_examples=300)
@given(
    st.sampled_from(locale_identifiers()),
    st.datetimes(datetime(2000, 1, 1), datetime(2050, 1, 1)),  # noqa: DTZ001 - put into a zone below
    st.timedeltas(timedelta(), timedelta(days=400)),
    st.sampled_from([AMSTERDAM, ZoneInfo("America/New_York"), ZoneInfo("UTC"), None]),
)
def test_every_language_writes_every_event(name: str, start: datetime, lasts: timedelta, zone: ZoneInfo | None) -> None:
    words = read_translations([], name.replace("_", "-"))
    begin, end = start.replace(tzinfo=zone), (start + lasts).replace(tzinfo=zone)
    event = Event("x", begin, end) if zone else Event("x", begin.date(), end.date())
    written = dates.event_date(event, words, "Europe/Amsterdam")
    assert dates.format_day(event.start, "d", words) in written
    assert dates.format_day(event.start, "y", words) in written
    assert dates.event_time(event, words, "Europe/Amsterdam")
    assert "{0}" not in written
    assert "{1}" not in written
    assert words.comma.strip()


@settings(deadline=None)
@given(st.times(), st.times())
def test_range_of_hours_names_the_half_of_the_day_wherever_it_changes(first: time, last: time) -> None:
    start, end = (datetime.combine(date(2024, 3, 7), clock, AMSTERDAM) for clock in sorted((first, last)))
    written = plain(dates.event_time(Event("x", start, end), EN, "Europe/Amsterdam"))
    halves = {moment.strftime("%p") for moment in (start, end)}
    assert {half for half in ("AM", "PM") if half in written} == halves


def test_lists_have_the_comma_of_their_language() -> None:
    commas = [read_translations([], language).comma for language in ("nl", "en", "he", "ar", "fa", "ja")]
    assert commas == [", ", ", ", ", ", "، ", "،\u200f ", "、"]


def test_moment_with_an_offset_is_shown_by_the_clock_of_the_event() -> None:
    text = "---\nkind: event\ntitle: x\nstart: 2026-06-30T22:30Z\nend: 2026-07-01T02:15+02:00\n---\n"
    event = item_from_text(text, "x.md", "Europe/Amsterdam")
    assert isinstance(event, Event)
    assert dates.event_date(event, NL, "Europe/Amsterdam") == "woensdag 1 juli 2026, 0.30–2.15\u00a0uur"


@pytest.mark.parametrize(
    ("form", "dutch"),
    [
        ("full", "donderdag 7 maart 2024"),
        ("long", "7 maart 2024"),
        ("day", "7"),
        ("month", "maart"),
        ("weekday", "donderdag"),
        ("day month", "7 maart"),
        ("EEE d MMM", "do 7 mrt"),
    ],
)
def test_forms_of_a_date(form: str, dutch: str) -> None:
    words = read_translations([], "nl-BE")
    assert dates.format_day(date(2024, 3, 7), form, words) == dutch
    assert dates.format_day(at(7, 23, 59), form, words) == dutch
