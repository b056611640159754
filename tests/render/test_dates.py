"""Dates and times as people read them, in Dutch and in English."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from newsletter.items import Event, item_from_text
from newsletter.render import dates
from newsletter.render.translations import read_translations

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
NL = read_translations([], "nl")


def at(day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(2024, 3, day, hour, minute, tzinfo=AMSTERDAM)


@pytest.mark.parametrize(
    ("event", "dutch", "english"),
    [
        (
            Event("x", at(7, 9, 30), at(7, 16, 30)),
            "donderdag, 9.30–16.30\u00a0uur",
            "Thursday, 9:30\u202fAM–4:30\u202fPM",
        ),
        (Event("x", at(7, 13)), "donderdag, 13.00\u00a0uur", "Thursday, 1:00\u202fPM"),
        (Event("x", date(2024, 3, 7)), "donderdag, de hele dag", "Thursday, all day"),
        (Event("x", date(2024, 3, 7), date(2024, 3, 7)), "donderdag, de hele dag", "Thursday, all day"),
        (
            Event("x", date(2024, 3, 7), date(2024, 3, 9)),
            "donderdag t/m zaterdag 9 maart",
            "Thursday to Saturday, March 9",
        ),
        (
            Event("x", at(7, 9), at(9, 12)),
            "donderdag, 9.00\u00a0uur t/m zaterdag 9 maart, 12.00\u00a0uur",
            "Thursday, 9:00\u202fAM to Saturday, March 9, 12:00\u202fPM",
        ),
        (Event("x", at(7, 20), at(8, 2)), "donderdag, 20.00–2.00\u00a0uur", "Thursday, 8:00\u202fPM–2:00\u202fAM"),
        (Event("x", at(7, 9), at(8)), "donderdag, 9.00–0.00\u00a0uur", "Thursday, 9:00\u202fAM–12:00\u202fAM"),
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
            "Thursday 7 to Saturday, 9 March 2024",
        ),
        (
            Event("x", date(2024, 2, 29), date(2024, 3, 1)),
            "donderdag 29 februari t/m vrijdag 1 maart 2024",
            "Thursday, 29 February to Friday, 1 March 2024",
        ),
        (
            Event("x", date(2024, 12, 31), date(2025, 1, 1)),
            "dinsdag 31 december 2024 t/m woensdag 1 januari 2025",
            "Tuesday, 31 December 2024 to Wednesday, 1 January 2025",
        ),
    ],
)
def test_whole_date_of_an_event_says_no_month_or_year_twice(event: Event, dutch: str, british: str) -> None:
    assert dates.event_date(event, NL, "Europe/Amsterdam") == dutch
    assert dates.event_date(event, read_translations([], "en-GB"), "Europe/Amsterdam") == british


def test_time_elsewhere_says_where() -> None:
    event = Event("x", datetime(2024, 3, 7, 9, 30, tzinfo=ZoneInfo("America/New_York")))
    assert dates.event_time(event, NL, "Europe/Amsterdam") == "donderdag, 9.30\u00a0uur (tijd in New York)"
    assert dates.event_time(event, NL, "America/Toronto") == "donderdag, 9.30\u00a0uur", "the clock is the same there"
    deadline = datetime(2024, 3, 1, 12, tzinfo=ZoneInfo("Europe/London"))
    assert dates.format_deadline(deadline, NL, "Europe/Amsterdam") == "1 maart, 12.00\u00a0uur (tijd in Londen)"
    assert dates.format_deadline(date(2024, 3, 1), NL, "Europe/Amsterdam") == "1 maart"


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
