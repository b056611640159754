"""Dates and times as people read them, in Dutch and in English."""

from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from newsletter.items import Event
from newsletter.render import dates
from newsletter.render.translations import read_translations

AMSTERDAM = ZoneInfo("Europe/Amsterdam")


def at(day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(2024, 3, day, hour, minute, tzinfo=AMSTERDAM)


@pytest.mark.parametrize(
    ("event", "dutch", "english"),
    [
        (Event("x", at(7, 9, 30), at(7, 16, 30)), "donderdag, 9.30–16.30 uur", "Thursday, 9:30\u202fAM–4:30\u202fPM"),
        (Event("x", at(7, 13)), "donderdag, 13.00 uur", "Thursday, 1:00\u202fPM"),
        (Event("x", date(2024, 3, 7)), "donderdag, de hele dag", "Thursday, all day"),
        (Event("x", date(2024, 3, 7), date(2024, 3, 7)), "donderdag, de hele dag", "Thursday, all day"),
        (
            Event("x", date(2024, 3, 7), date(2024, 3, 9)),
            "donderdag t/m zaterdag 9 maart",
            "Thursday to Saturday 9 March",
        ),
        (Event("x", at(7, 9), at(9, 12)), "donderdag t/m zaterdag 9 maart", "Thursday to Saturday 9 March"),
    ],
)
def test_time_of_an_event_is_written_as_people_read_it(event: Event, dutch: str, english: str) -> None:
    assert dates.event_time(event, read_translations(Path("nowhere"), "nl")) == dutch
    assert dates.event_time(event, read_translations(Path("nowhere"), "en")) == english


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
    words = read_translations(Path("nowhere"), "nl-BE")
    assert dates.format_day(date(2024, 3, 7), form, words) == dutch
    assert dates.format_day(at(7, 23, 59), form, words) == dutch


def test_days_of_an_event_stand_with_both_ends() -> None:
    words = read_translations(Path("nowhere"), "nl")
    several = Event("x", date(2024, 2, 29), date(2024, 3, 1))
    assert dates.event_date(several, words) == "donderdag 29 februari 2024 – vrijdag 1 maart 2024"
