"""Calendar files against RFC 5545 and 5546, with icalendar as the other reader; C1–C6 are points of our standards."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import icalendar
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from newsletter.render.calendar import (
    CalendarEvent,
    Revision,
    content_type,
    escaped,
    folded,
    republish,
    revision_of,
    write_agenda,
    write_event,
)

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
STAMP = datetime(2026, 2, 20, 8, 30, tzinfo=UTC)
FIRST = Revision(0, STAMP)
EVENT = CalendarEvent(
    uid="studiedag@example.org",
    summary="Studiedag; over ondermijning, \\ en meer",
    start=datetime(2026, 3, 7, 9, 30, tzinfo=AMSTERDAM),
    end=datetime(2026, 3, 7, 16, 30, tzinfo=AMSTERDAM),
    organiser="Het Veiligheidshuis",
    address="nieuwsbrief@example.org",
    location="De Observant, Amersfoort",
    description="Een dag.\nMet lunch.",
    url="https://example.org/studiedag/?a=1,2;b",
)
texts = st.text(st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\u2028\u2029") | st.just("\n"))


def lines(calendar: bytes) -> list[bytes]:
    """Give the content lines of a file, unfolded."""
    return calendar.replace(b"\r\n ", b"").split(b"\r\n")


def read(calendar: bytes) -> Any:
    return icalendar.Calendar.from_ical(calendar)


def event_in(calendar: bytes, number: int = 0) -> Any:
    return read(calendar).walk("VEVENT")[number]


def starting(start: date | datetime, end: date | datetime | None = None) -> bytes:
    return write_event(replace(EVENT, start=start, end=end), FIRST)


@given(texts.filter(lambda text: "\n" not in text))
def test_c1_long_lines_are_folded_between_characters(text: str) -> None:
    written = folded(f"SUMMARY:{text}")
    assert written.endswith(b"\r\n")
    pieces = written.removesuffix(b"\r\n").split(b"\r\n")
    assert all(len(piece) <= 75 for piece in pieces)
    assert all(piece.startswith(b" ") for piece in pieces[1:])
    assert "".join(piece.decode() for piece in [pieces[0], *(piece[1:] for piece in pieces[1:])]) == f"SUMMARY:{text}"


def test_c1_lines_are_filled_before_they_are_folded() -> None:
    assert folded("x" * 75) == b"x" * 75 + b"\r\n"
    assert folded("x" * 150) == b"x" * 75 + b"\r\n " + b"x" * 74 + b"\r\n x\r\n"
    assert folded("x" * 73 + "€") == b"x" * 73 + b"\r\n \xe2\x82\xac\r\n"


def test_c1_texts_are_escaped() -> None:
    assert escaped("a\\b;c,d\ne\r\nf\rg\u2028h") == r"a\\b\;c\,d\ne\nf\ng\nh"
    written = lines(write_event(EVENT, FIRST))
    assert rb"SUMMARY:Studiedag\; over ondermijning\, \\ en meer" in written
    assert rb"DESCRIPTION:Een dag.\nMet lunch." in written
    assert b"URL:https://example.org/studiedag/?a=1,2;b" in written


def test_c1_every_line_ends_in_both_characters() -> None:
    written = write_event(EVENT, FIRST)
    assert written.count(b"\r\n") == written.count(b"\n") == written.count(b"\r")
    assert written.endswith(b"END:VCALENDAR\r\n")


@given(texts, texts, texts)
def test_c1_another_reader_gets_every_text_back(summary: str, location: str, description: str) -> None:
    event = replace(EVENT, summary=summary, location=location, description=description)
    found = event_in(write_event(event, FIRST))
    assert found["SUMMARY"] == summary
    assert found.get("LOCATION", "") == location
    assert found.get("DESCRIPTION", "") == description


@given(st.text())
def test_c1_nothing_in_a_text_begins_a_line_of_its_own(text: str) -> None:
    event = replace(EVENT, uid=f"u{text}", summary=text, location=text, description=text, organiser=text)
    plain = [line.partition(b":")[0].partition(b";")[0] for line in lines(write_event(event, FIRST))]
    usual = [line.partition(b":")[0].partition(b";")[0] for line in lines(write_event(EVENT, FIRST))]
    assert [name for name in plain if name not in (b"LOCATION", b"DESCRIPTION")] == [
        name for name in usual if name not in (b"LOCATION", b"DESCRIPTION")
    ]
    assert len(read(write_event(event, FIRST)).walk("VEVENT")) == 1


def test_c2_a_file_names_version_product_event_and_moment() -> None:
    written = lines(write_event(EVENT, FIRST))
    assert written[:2] == [b"BEGIN:VCALENDAR", b"VERSION:2.0"]
    assert written[2].startswith(b"PRODID:-//")
    assert b"UID:studiedag@example.org" in written
    assert b"DTSTAMP:20260220T083000Z" in written
    elsewhere = Revision(0, STAMP.astimezone(AMSTERDAM))
    assert write_event(EVENT, elsewhere) == write_event(EVENT, FIRST)


def test_c3_days_are_dates_and_the_end_is_the_day_after() -> None:
    written = lines(starting(date(2026, 3, 31), date(2026, 4, 1)))
    assert b"DTSTART;VALUE=DATE:20260331" in written
    assert b"DTEND;VALUE=DATE:20260402" in written
    assert b"BEGIN:VTIMEZONE" not in written
    assert b"DTEND;VALUE=DATE:20260401" in lines(starting(date(2026, 3, 31)))
    assert not [line for line in lines(starting(date.max)) if line.startswith(b"DTEND")]


def test_c3_an_end_is_later_than_the_start_or_left_out() -> None:
    start = datetime(2026, 3, 7, 9, 30, tzinfo=AMSTERDAM)
    for end in (None, start):
        assert not [line for line in lines(starting(start, end)) if line.startswith(b"DTEND")]


def test_c4_a_zone_that_is_named_is_defined() -> None:
    written = lines(write_event(EVENT, FIRST))
    assert b"DTSTART;TZID=Europe/Amsterdam:20260307T093000" in written
    assert b"DTEND;TZID=Europe/Amsterdam:20260307T163000" in written
    assert written.count(b"TZID:Europe/Amsterdam") == 1
    assert written.index(b"END:VTIMEZONE") < written.index(b"BEGIN:VEVENT")


def test_c4_amsterdam_changes_its_clock_by_two_rules() -> None:
    written = lines(write_event(EVENT, FIRST))
    start, end = written.index(b"BEGIN:VTIMEZONE"), written.index(b"END:VTIMEZONE")
    assert written[start + 2 : end] == [
        b"BEGIN:DAYLIGHT",
        b"DTSTART:20250330T020000",
        b"RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU",
        b"TZOFFSETFROM:+0100",
        b"TZOFFSETTO:+0200",
        b"TZNAME:CEST",
        b"END:DAYLIGHT",
        b"BEGIN:STANDARD",
        b"DTSTART:20251026T030000",
        b"RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU",
        b"TZOFFSETFROM:+0200",
        b"TZOFFSETTO:+0100",
        b"TZNAME:CET",
        b"END:STANDARD",
    ]


@pytest.mark.parametrize(
    ("start", "written"),
    [
        (datetime(2026, 3, 29, 1, 59, tzinfo=AMSTERDAM), b"DTSTART;TZID=Europe/Amsterdam:20260329T015900"),
        (datetime(2026, 3, 29, 3, 0, tzinfo=AMSTERDAM), b"DTSTART;TZID=Europe/Amsterdam:20260329T030000"),
        (datetime(2026, 10, 25, 2, 30, tzinfo=AMSTERDAM), b"DTSTART;TZID=Europe/Amsterdam:20261025T023000"),
        # The second time that the clock shows it, which only UTC can tell.
        (datetime(2026, 10, 25, 2, 30, tzinfo=AMSTERDAM, fold=1), b"DTSTART:20261025T013000Z"),
        (datetime(2026, 10, 25, 3, 0, tzinfo=AMSTERDAM), b"DTSTART;TZID=Europe/Amsterdam:20261025T030000"),
        (datetime(2026, 3, 7, 9, 30, tzinfo=UTC), b"DTSTART:20260307T093000Z"),
    ],
)
def test_c4_moments_around_a_change_of_the_clock_are_told_right(start: datetime, written: bytes) -> None:
    calendar = starting(start)
    assert written in lines(calendar)
    assert moment_by_definition(calendar) == start.astimezone(UTC)


def moment_by_definition(calendar: bytes, number: int = 0) -> datetime:
    """Tell when an event starts by the file's own definition of its zone, not by what is known of its name."""
    start = event_in(calendar, number)["DTSTART"]
    zones = read(calendar).walk("VTIMEZONE")
    local: datetime = start.dt
    if not zones:
        return local.astimezone(UTC)
    zone = zones[0]
    zone["TZID"] = "Only/Here"
    defined = zone.to_tz(lookup_tzid=False)
    return local.replace(tzinfo=defined, fold=0).astimezone(UTC)


zones = st.sampled_from(
    [
        *("Europe/Amsterdam", "America/New_York", "Asia/Tokyo", "Australia/Lord_Howe", "Europe/Dublin", "Asia/Kolkata"),
        *("America/Sao_Paulo", "Africa/Casablanca", "Asia/Gaza", "Europe/Istanbul", "Pacific/Apia", "America/St_Johns"),
    ]
)
moments = st.integers(157_766_400, 2_114_294_400).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))


@settings(max_examples=300, deadline=None)
@given(zones, moments)
def test_c4_every_definition_is_right_at_the_moments_it_is_for(name: str, moment: datetime) -> None:
    start = moment.astimezone(ZoneInfo(name))
    assert moment_by_definition(starting(start)) == start.astimezone(UTC)


def test_c4_moments_far_apart_are_told_by_what_held_then() -> None:
    early, late = datetime(1978, 7, 1, 12, tzinfo=AMSTERDAM), datetime(2030, 7, 1, 12, tzinfo=AMSTERDAM)
    events = [replace(EVENT, uid=str(start.year), start=start, end=None) for start in (early, late)]
    calendar = write_agenda([(event, FIRST) for event in events])
    assert [moment_by_definition(calendar, number) for number in (0, 1)] == [early, late]
    assert len(starting(early, late)) < 3_000


@pytest.mark.parametrize("year", [1, 9999])
def test_c4_the_ends_of_time_are_told_too(year: int) -> None:
    start = datetime(year, 6, 1, 12, tzinfo=AMSTERDAM)
    assert f"DTSTART;TZID=Europe/Amsterdam:{year:04}0601T120000".encode() in lines(starting(start))


def test_c5_what_is_published_has_an_organiser_and_no_attendee() -> None:
    written = lines(write_event(EVENT, FIRST))
    assert b"METHOD:PUBLISH" in written
    assert b'ORGANIZER;CN="Het Veiligheidshuis":mailto:nieuwsbrief@example.org' in written
    assert b"STATUS:CONFIRMED" in written
    assert b"SEQUENCE:0" in written
    assert not [line for line in written if line.startswith(b"ATTENDEE")]


def test_c5_odd_names_and_addresses_stay_where_they_are() -> None:
    event = replace(EVENT, organiser='De "Unie"\r\nATTENDEE:mailto:x@y;:,', address="a?cc=b&c%d@example.org")
    written = write_event(event, FIRST)
    organiser = event_in(written)["ORGANIZER"]
    assert organiser == "mailto:a%3Fcc%3Db%26c%25d@example.org"
    assert organiser.params["CN"] == "De 'Unie' ATTENDEE:mailto:x@y;:,"


def test_c5_a_cancelled_event_is_taken_out_by_the_same_uid() -> None:
    before = write_event(EVENT, FIRST)
    after = lines(republish(before, replace(EVENT, cancelled=True), STAMP + timedelta(1)))
    assert b"METHOD:CANCEL" in after
    assert b"STATUS:CANCELLED" in after
    assert b"SEQUENCE:1" in after
    assert [line for line in after if line.startswith(b"UID")] == [b"UID:studiedag@example.org"]
    assert not [line for line in after if line.startswith(b"ATTENDEE")]


def test_c5_an_agenda_says_of_each_event_how_it_stands() -> None:
    cancelled = replace(EVENT, uid="b", cancelled=True)
    calendar = read(write_agenda([(EVENT, FIRST), (cancelled, Revision(3, STAMP))]))
    assert calendar["METHOD"] == "PUBLISH"
    found = [(event["UID"], int(event["SEQUENCE"]), event["STATUS"]) for event in calendar.walk("VEVENT")]
    assert found == [("studiedag@example.org", 0, "CONFIRMED"), ("b", 3, "CANCELLED")]
    assert len(calendar.walk("VTIMEZONE")) == 1


def test_c6_the_type_of_a_file_names_its_method() -> None:
    assert content_type(write_event(EVENT, FIRST)) == "text/calendar; method=PUBLISH; charset=utf-8"
    cancelled = write_event(replace(EVENT, cancelled=True), FIRST)
    assert content_type(cancelled) == "text/calendar; method=CANCEL; charset=utf-8"
    assert content_type(b"") == "text/calendar; charset=utf-8"


def test_the_same_event_gives_the_same_bytes() -> None:
    assert republish(None, EVENT, STAMP) == write_event(EVENT, FIRST)


@given(st.binary())
def test_whatever_lies_there_gives_way(previous: bytes) -> None:
    written = republish(previous, EVENT, STAMP)
    assert event_in(written)["SUMMARY"] == EVENT.summary
    assert b"SEQUENCE:1" in lines(written)


@pytest.mark.parametrize("stamp", [b"20269999T999999Z", b"nonsense", b"20260101T000000"])
def test_a_moment_that_is_none_is_passed_over(stamp: bytes) -> None:
    broken = write_event(EVENT, FIRST).replace(b"20260220T083000Z", stamp)
    assert revision_of(broken, STAMP) == FIRST


class Publishing(RuleBasedStateMachine):
    """An event that is published, changed and cancelled, as somebody sees it who takes in every file."""

    @initialize()
    def begin(self) -> None:
        self.event = EVENT
        self.now = STAMP
        self.file = republish(None, self.event, self.now)
        self.shown: dict[int, CalendarEvent] = {0: self.event}

    @rule(hours=st.integers(-5, 50))
    def publish(self, hours: int) -> None:
        self.now += timedelta(hours=hours)
        before, self.file = self.file, republish(self.file, self.event, self.now)
        number, known = int(event_in(self.file)["SEQUENCE"]), max(self.shown)
        if self.event == self.shown[known]:
            assert self.file == before
        else:
            assert number == known + 1
            assert event_in(self.file)["DTSTAMP"].dt >= event_in(before)["DTSTAMP"].dt
            self.shown[number] = self.event

    @rule(days=st.integers(-400, 400))
    def move(self, days: int) -> None:
        start = datetime(2026, 3, 7, 9, 30, tzinfo=AMSTERDAM) + timedelta(days)
        self.event = replace(self.event, start=start, end=start + timedelta(hours=2))

    @rule(place=st.sampled_from(["Utrecht", "SEQUENCE:7", "x\nDTSTAMP:1\nSEQUENCE:9", ""]))
    def change_place(self, place: str) -> None:
        self.event = replace(self.event, location=place)

    @rule(cancelled=st.booleans())
    def cancel(self, cancelled: bool) -> None:
        self.event = replace(self.event, cancelled=cancelled)

    @invariant()
    def keeps_its_uid(self) -> None:
        if hasattr(self, "file"):
            assert event_in(self.file)["UID"] == EVENT.uid
            shown = self.shown[int(event_in(self.file)["SEQUENCE"])]
            assert re.search(rb"^METHOD:(\w+)", self.file, re.MULTILINE)[1] == (  # type: ignore[index]
                b"CANCEL" if shown.cancelled else b"PUBLISH"
            )


TestPublishing = Publishing.TestCase
TestPublishing.settings = settings(max_examples=60, stateful_step_count=20, deadline=None)
