"""Which calendar files an issue has: what its events are known by, who finds what in them, and what publishing does."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import icalendar
import pytest

from newsletter.errors import ContentError
from newsletter.expressions import Field, Schema, Type, parse
from newsletter.issues import Entry, Issue, Section
from newsletter.items import Article, Event, EventStatus, Registration
from newsletter.media import FolderTarget, open_target
from newsletter.render import Calendar, Masthead, calendar_files, collect_calendar, publish_calendar
from newsletter.render.calendar import CalendarEvent
from newsletter.render.translations import read_translations

SCHEMA = Schema({"region": Field(Type.TEXT, ("Noord", "Zuid"))})
NOORD = parse("subscriber.region == 'Noord'", SCHEMA)
MASTHEAD = Masthead("N", "Het Veiligheidshuis", "P", "https://nieuws.example.org/", time_zone="Europe/Amsterdam")
BASE = "https://media.example.org/n/"
STAMP = datetime(2026, 2, 20, 8, 30, tzinfo=UTC)
START = datetime(2026, 3, 7, 9, 30, tzinfo=ZoneInfo("Europe/Amsterdam"))
EVENT = Event("Studiedag", START)


def an_issue(*sections: Section, slug: str = "maart", issued: date = date(2026, 2, 20)) -> Issue:
    return Issue(slug, Path(), "Onderwerp", "", None, issued, "nl", "any", "", sections)


def agenda(*entries: Entry, visible_to: Any = None) -> Section:
    return Section("agenda", "Agenda", entries, visible_to)


def collected(
    *sections: Section, slug: str = "maart", masthead: Masthead = MASTHEAD, issued: date = date(2026, 2, 20)
) -> Calendar:
    words = read_translations((), "nl")
    return collect_calendar(
        an_issue(*sections, slug=slug, issued=issued), masthead, "nieuws@example.org", words, base=BASE
    )


def the_event(event: Event, file: str = "studiedag.md") -> CalendarEvent:
    return next(iter(collected(agenda(Entry(file, event))).events.values()))


def uid(event: Event, file: str = "studiedag.md") -> str:
    return the_event(event, file).uid


def written(calendar: Calendar, published: Mapping[str, bytes] | None = None) -> Mapping[str, bytes]:
    return calendar_files(calendar, dict(published or {}).get, STAMP)


def uids_in(content: bytes) -> list[str]:
    return [str(event["UID"]) for event in icalendar.Calendar.from_ical(content).walk("VEVENT")]


def test_event_is_known_by_its_own_uid_then_its_link_then_its_file() -> None:
    linked = replace(EVENT, url="https://example.org/studiedag/")
    assert uid(replace(linked, uid="abc@example.com")) == "abc@example.com"
    assert uid(linked) == uid(replace(linked, title="Anders", start=START + timedelta(700)), "anders.md")
    assert uid(linked) != uid(replace(linked, url="https://example.org/andere/"))
    assert uid(EVENT) == uid(replace(EVENT, title="Anders"))
    assert uid(EVENT) != uid(EVENT, "anders.md")


def test_event_keeps_its_address_from_issue_to_issue() -> None:
    entries = agenda(Entry("a.md", EVENT), Entry("b.md", replace(EVENT, url="https://example.org/b/")))
    march, april = collected(entries), collected(entries, slug="april")
    assert march.urls.entries == april.urls.entries
    assert march.urls.sections != april.urls.sections


def test_file_of_the_same_name_is_another_event_in_another_year() -> None:
    later = replace(EVENT, start=START.replace(year=2027))
    assert uid(later) != uid(EVENT)
    assert uid(replace(later, status=EventStatus.MOVED, previous_start=START)) == uid(EVENT)


def test_events_with_one_link_are_told_apart() -> None:
    shared = replace(EVENT, url="https://example.org/agenda/")
    calendar = collected(agenda(Entry("a.md", shared), Entry("b.md", shared)))
    assert len({event.uid for event in calendar.events.values()}) == 2


def test_two_events_with_the_same_uid_are_refused() -> None:
    same = replace(EVENT, uid="abc")
    with pytest.raises(ContentError) as caught:
        collected(agenda(Entry("a.md", same), Entry("b.md", same)))
    assert str(caught.value.where) == "issues/maart/b.md, uid"
    assert "'a.md'" in str(caught.value)


def test_whole_agenda_holds_what_everybody_gets() -> None:
    events = [Entry(f"{name}.md", EVENT, NOORD if name == "b" else None) for name in "abc"]
    calendar = collected(agenda(*events))
    (name,) = calendar.agendas
    assert set(calendar.urls.sections.items()) == {("a.md", f"{BASE}{name}"), ("c.md", f"{BASE}{name}")}
    own = {entry.file: calendar.urls.entries[entry.file].rpartition("/")[2] for entry in events}
    files = written(calendar)
    assert uids_in(files[name]) == [*uids_in(files[own["a.md"]]), *uids_in(files[own["c.md"]])]
    assert set(files) == {*own.values(), name}


def test_agenda_of_one_event_has_no_file_of_its_own() -> None:
    article = Entry("x.md", Article("Kop"))
    assert not collected(agenda(Entry("a.md", EVENT), Entry("b.md", EVENT, NOORD), article)).agendas
    assert collected(agenda(article)) == Calendar()


def test_section_for_some_readers_has_an_agenda_for_them() -> None:
    calendar = collected(
        Section("news", None, ()), agenda(Entry("a.md", EVENT), Entry("b.md", EVENT), visible_to=NOORD)
    )
    assert list(calendar.urls.sections) == ["a.md", "b.md"]
    assert len(set(calendar.urls.sections.values())) == 1


def test_event_says_what_there_is_to_know() -> None:
    event = replace(
        EVENT,
        lead="Een dag over samenwerken.",
        body="Met **lunch** en [een plattegrond](https://example.org/kaart/).",
        place="Utrecht",
        online="https://example.org/mee/",
        price="€ 45",
        url="https://example.org/studiedag/",
        registration=Registration("https://example.org/aanmelden/", date(2026, 3, 1)),
    )
    shown = the_event(event)
    assert (shown.summary, shown.location, shown.organiser) == ("Studiedag", "Utrecht", "Het Veiligheidshuis")
    assert shown.description.split("\n") == [
        "Een dag over samenwerken.",
        "Met lunch en een plattegrond <https://example.org/kaart/>.",
        "€ 45",
        "Online deelnemen: https://example.org/mee/",
        "Aanmelden t/m 1 maart: https://example.org/aanmelden/",
        "Verder lezen: https://example.org/studiedag/",
    ]
    assert "Aanmelden" not in the_event(replace(event, status=EventStatus.FULL)).description
    assert the_event(replace(event, place=None)).location == "https://example.org/mee/"
    assert the_event(replace(event, organiser="De Unie")).organiser == "De Unie"


def test_cancelled_event_says_so_in_words_too() -> None:
    shown = the_event(replace(EVENT, status=EventStatus.CANCELLED))
    assert shown.cancelled
    assert shown.summary == "Geannuleerd: Studiedag"
    assert not the_event(replace(EVENT, status=EventStatus.MOVED)).cancelled


def test_change_of_one_event_is_a_new_revision_of_it_alone() -> None:
    first = collected(agenda(Entry("a.md", EVENT), Entry("b.md", EVENT)))
    before = written(first)
    changed = collected(agenda(Entry("a.md", replace(EVENT, place="Utrecht")), Entry("b.md", EVENT)))
    after = written(changed, before)
    a, b = (first.urls.entries[file].rpartition("/")[2] for file in ("a.md", "b.md"))
    (whole,) = first.agendas
    assert before.keys() == after.keys()
    assert after[b] == before[b]
    assert b"SEQUENCE:1\r\n" in after[a]
    events = icalendar.Calendar.from_ical(after[whole]).walk("VEVENT")
    assert [int(event["SEQUENCE"]) for event in events] == [1, 0]
    assert written(changed, after) == after


def test_old_issue_that_is_sent_again_takes_nothing_back() -> None:
    old, new = date(2026, 2, 20), date(2026, 3, 1)
    told = collected(agenda(Entry("a.md", EVENT), Entry("b.md", EVENT)), issued=old)
    published = dict(written(told))
    moved = replace(EVENT, place="Utrecht")
    published |= written(collected(agenda(Entry("a.md", moved)), slug="april", issued=new), published)
    assert b"LOCATION:Utrecht" in published[next(iter(told.events))]
    assert written(told, published).items() <= published.items()
    corrected = collected(agenda(Entry("a.md", EVENT), Entry("b.md", moved)), issued=old)
    assert b"SEQUENCE:1\r\n" in written(corrected, published)[list(told.events)[1]]


def test_published_files_are_left_alone_until_something_changes(tmp_path: Path) -> None:
    calendar = collected(agenda(Entry("a.md", EVENT), Entry("b.md", EVENT)))
    target = FolderTarget(tmp_path / "media")
    publish_calendar(calendar, target, STAMP)
    before = {path.name: (path.stat().st_ino, path.read_bytes()) for path in (tmp_path / "media").iterdir()}
    assert {name: content for name, (_, content) in before.items()} == written(calendar)
    publish_calendar(calendar, target, STAMP + timedelta(7))
    assert {path.name: (path.stat().st_ino, path.read_bytes()) for path in (tmp_path / "media").iterdir()} == before
    cancelled = collected(agenda(Entry("a.md", replace(EVENT, status=EventStatus.CANCELLED)), Entry("b.md", EVENT)))
    publish_calendar(cancelled, target, STAMP + timedelta(7))
    content = (tmp_path / "media" / calendar.urls.entries["a.md"].rpartition("/")[2]).read_bytes()
    assert b"METHOD:CANCEL\r\n" in content
    assert b"SEQUENCE:1\r\n" in content
    assert b"DTSTAMP:20260227T083000Z\r\n" in content


def test_events_are_published_into_stores_too(tmp_path: Path) -> None:
    target = open_target("memory://calendars", tmp_path)
    calendar = collected(agenda(Entry("a.md", EVENT)))
    publish_calendar(calendar, target, STAMP)
    publish_calendar(collected(agenda(Entry("a.md", replace(EVENT, place="Utrecht")))), target, STAMP)
    content = target.get(calendar.urls.entries["a.md"].rpartition("/")[2])
    assert content
    assert b"SEQUENCE:1\r\n" in content
    assert target.get("none.ics") is None
