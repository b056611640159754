"""Which calendar files an issue has: what its events are known by, who finds what in them, and what publishing does."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import icalendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.errors import ContentError, NewsletterError
from newsletter.expressions import Field, Schema, Type, parse
from newsletter.issues import Entry, Issue, Section
from newsletter.items import Article, Event, EventStatus, Registration
from newsletter.media import FolderTarget, open_target
from newsletter.render import Calendar, Masthead, calendar_files, collect_calendar, publish_calendar
from newsletter.render.calendar import CalendarEvent
from newsletter.render.translations import Translations, read_translations
from newsletter.workspace import Workspace
from support.checking import Desk

SCHEMA = Schema({"region": Field(Type.TEXT, ("Noord", "Zuid"))})
NOORD = parse("subscriber.region == 'Noord'", SCHEMA)
MASTHEAD = Masthead("N", "Het Veiligheidshuis", "P", "https://nieuws.example.org/", time_zone="Europe/Amsterdam")
BASE = "https://media.example.org/n/"
STAMP = datetime(2026, 2, 20, 8, 30, tzinfo=UTC)
START = datetime(2026, 3, 7, 9, 30, tzinfo=ZoneInfo("Europe/Amsterdam"))
EVENT = Event("Studiedag", START)


def an_issue(*sections: Section, slug: str = "maart", issued: date = date(2026, 2, 20), language: str = "nl") -> Issue:
    return Issue(slug, Path(), "Onderwerp", "", None, issued, language, "any", "", sections)


def agenda(*entries: Entry, visible_to: Any = None) -> Section:
    return Section("agenda", "Agenda", entries, visible_to)


def collected(
    *sections: Section, slug: str = "maart", masthead: Masthead = MASTHEAD, issued: date = date(2026, 2, 20)
) -> Calendar:
    return calendar_of(an_issue(*sections, slug=slug, issued=issued), masthead)


@cache
def words_in(language: str) -> Translations:
    return read_translations((), language)


def calendar_of(issue: Issue, masthead: Masthead = MASTHEAD) -> Calendar:
    return collect_calendar(issue, masthead, "nieuws@example.org", words_in(issue.language), base=BASE)


def the_event(event: Event, file: str = "studiedag.md") -> CalendarEvent:
    return next(iter(collected(agenda(Entry(file, event))).events.values()))


def uid(event: Event, file: str = "studiedag.md") -> str:
    return the_event(event, file).uid


def written(calendar: Calendar, published: Mapping[str, bytes] | None = None) -> Mapping[str, bytes]:
    return calendar_files(calendar, dict(published or {}).get, STAMP)


def uids_in(content: bytes) -> list[str]:
    return [str(event["UID"]) for event in icalendar.Calendar.from_ical(content).walk("VEVENT")]


def test_event_is_known_by_its_own_uid_then_its_link_then_its_file_and_title() -> None:
    linked = replace(EVENT, url="https://example.org/studiedag/")
    assert uid(replace(linked, uid="abc@example.com")) == "abc@example.com"
    assert uid(linked) == uid(replace(linked, title="Anders", start=START + timedelta(700)), "anders.md")
    assert uid(linked) != uid(replace(linked, url="https://example.org/andere/"))
    assert uid(EVENT) == uid(replace(EVENT, start=START + timedelta(7), place="Utrecht"))
    assert uid(EVENT) != uid(replace(EVENT, title="Anders"))
    assert uid(EVENT) != uid(EVENT, "anders.md")
    assert uid(replace(EVENT, title="b/c"), "a.md") != uid(replace(EVENT, title="c"), "a/b.md")


def test_event_that_an_issue_calls_otherwise_is_known_by_what_its_file_calls_it() -> None:
    renamed = Entry("studiedag.md", replace(EVENT, title="Nog plaatsen vrij"), own_title=EVENT.title)
    (told,) = collected(agenda(renamed)).events.values()
    assert (told.summary, told.uid) == ("Nog plaatsen vrij", uid(EVENT))


_EVENTS = st.builds(
    Event,
    title=st.sampled_from(["Studiedag", "Netwerkdag"]),
    start=st.sampled_from([START, date(2026, 3, 7), date(2027, 3, 7)]),
    uid=st.sampled_from([None, "eigen@example.org"]),
    url=st.sampled_from([None, "https://example.org/agenda/", "https://example.org/studiedag/"]),
)
_ISSUES = st.builds(
    an_issue,
    st.builds(
        agenda,
        st.builds(Entry, st.just("a.md"), _EVENTS),
        st.builds(Entry, st.just("b.md"), _EVENTS, st.sampled_from([None, NOORD])),
        visible_to=st.sampled_from([None, NOORD]),
    ),
    slug=st.sampled_from(["maart", "april"]),
    issued=st.dates(date(2026, 1, 1), date(2027, 12, 31)),
    language=st.sampled_from(["nl", "nl-x-informal", "en"]),
)


@given(st.builds(Entry, st.just("studiedag.md"), _EVENTS), _ISSUES, st.booleans())
def test_uid_depends_on_the_event_and_its_file_alone(entry: Entry, issue: Issue, first: bool) -> None:
    (section,) = issue.sections
    entries = (entry, *section.entries) if first else (*section.entries, entry)
    among = replace(issue, sections=(replace(section, entries=entries),))
    try:
        calendar = calendar_of(among)
    except NewsletterError:
        assert len({uid(one.item, one.file) for one in entries if isinstance(one.item, Event)}) < len(entries)
        return
    assert isinstance(entry.item, Event)
    name = calendar.urls.entries[entry.file].rpartition("/")[2]
    assert calendar.events[name].uid == uid(entry.item, entry.file)


def test_event_keeps_its_address_from_issue_to_issue() -> None:
    entries = agenda(Entry("a.md", EVENT), Entry("b.md", replace(EVENT, url="https://example.org/b/")))
    march, april = collected(entries), collected(entries, slug="april")
    assert march.urls.entries == april.urls.entries
    assert march.urls.sections != april.urls.sections


def test_issues_in_several_languages_leave_each_others_files_alone() -> None:
    entries = agenda(Entry("a.md", replace(EVENT, status=EventStatus.CANCELLED)), Entry("b.md", EVENT))
    calendars = [
        calendar_of(an_issue(entries, slug=f"maart-{language}", language=language))
        for language in ("nl", "nl-x-informal", "en")
    ]
    published: dict[str, bytes] = {}
    for calendar in (*calendars, *calendars):
        published |= written(calendar, published)
    assert len({event.uid for calendar in calendars for event in calendar.events.values()}) == 2
    assert len(published) == sum(len(calendar.events) + len(calendar.agendas) for calendar in calendars)
    assert all(set(re.findall(rb"^SEQUENCE:(\d+)\r$", file, re.MULTILINE)) == {b"0"} for file in published.values())
    moved = calendar_of(an_issue(agenda(Entry("b.md", replace(EVENT, place="Utrecht"))), language="NL"))
    (name,) = moved.events
    assert b"SEQUENCE:1\r\n" in written(moved, published)[name]


def test_file_of_the_same_name_is_another_event_in_another_year() -> None:
    later = replace(EVENT, start=START.replace(year=2027))
    assert uid(later) != uid(EVENT)
    assert uid(replace(later, status=EventStatus.MOVED, previous_start=START)) == uid(EVENT)


def test_files_of_one_name_in_two_issues_are_two_events_if_their_titles_differ() -> None:
    march = collected(agenda(Entry("bijeenkomst.md", EVENT)))
    april = collected(agenda(Entry("bijeenkomst.md", replace(EVENT, title="Heel andere bijeenkomst"))), slug="april")
    assert march.events.keys().isdisjoint(april.events)
    published = dict(written(march))
    assert written(april, published).keys().isdisjoint(published)


def test_event_keeps_its_uid_whatever_shares_its_link_in_another_issue() -> None:
    linked = replace(EVENT, url="https://example.org/agenda/")
    other = replace(linked, title="Netwerkdag", uid="netwerkdag@example.org")
    together = collected(agenda(Entry("a.md", linked), Entry("b.md", other)))
    alone = collected(agenda(Entry("a.md", linked)), slug="april")
    assert together.urls.entries["a.md"] == alone.urls.entries["a.md"]


def test_two_events_with_the_same_link_and_no_uid_are_refused_where_the_second_says_it(tmp_path: Path) -> None:
    link = "https://example.org/agenda/"
    (tmp_path / "b.md").write_text(f"---\nkind: event\ntitle: B\nstart: 2026-03-07\nurl: {link}\n---\n")
    shared = replace(EVENT, url=link)
    issue = replace(an_issue(agenda(Entry("a.md", shared), Entry("b.md", shared))), folder=tmp_path)
    with pytest.raises(ContentError) as caught:
        calendar_of(issue)
    assert str(caught.value.where) == "issues/maart/b.md:5:6, url"
    assert "'a.md'" in str(caught.value)
    assert "Give each of the two a 'uid' of its own." in str(caught.value)
    told_apart = agenda(Entry("a.md", replace(shared, uid="a")), Entry("b.md", replace(shared, uid="b")))
    assert [event.uid for event in collected(told_apart).events.values()] == ["a", "b"]


def test_two_events_with_the_same_uid_are_refused_where_the_second_says_it(tmp_path: Path) -> None:
    (tmp_path / "b.md").write_text("---\nkind: event\ntitle: B\nstart: 2026-03-07\nuid: abc\n---\n")
    same = replace(EVENT, uid="abc")
    issue = replace(an_issue(agenda(Entry("a.md", same), Entry("b.md", same))), folder=tmp_path)
    with pytest.raises(ContentError) as caught:
        calendar_of(issue)
    assert str(caught.value.where) == "issues/maart/b.md:5:6, uid"
    assert "'a.md'" in str(caught.value)


def test_second_event_with_a_uid_is_named_with_its_line(workspace: Workspace) -> None:
    desk = Desk(workspace)
    for file in ("intervisie-procesregisseurs.md", "leergang-casusregie.md"):
        desk.replace(file, "kind: event\n", "kind: event\nuid: abc\n")
    with pytest.raises(ContentError) as caught:
        desk.context()
    assert str(caught.value.where) == f"issues/{desk.slug}/leergang-casusregie.md:3:6, uid"


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


def test_deadline_is_told_without_a_page_to_register_on_too() -> None:
    event = replace(EVENT, registration=Registration(deadline=date(2026, 3, 1)))
    paged = replace(event, registration=Registration("https://example.org/aanmelden/", date(2026, 3, 1)))
    told = the_event(event).description
    assert told
    assert the_event(paged).description == f"{told}: https://example.org/aanmelden/"
    assert "1 maart" in told
    assert the_event(replace(event, status=EventStatus.FULL)).description == ""
    assert the_event(replace(event, registration=Registration())).description == ""


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


def test_trial_publishes_only_what_is_not_there(tmp_path: Path) -> None:
    target = FolderTarget(tmp_path)
    sent = collected(agenda(Entry("a.md", EVENT), Entry("b.md", EVENT)))
    publish_calendar(sent, target, STAMP)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    cancelled = Entry("a.md", replace(EVENT, status=EventStatus.CANCELLED))
    draft = collected(agenda(cancelled, Entry("c.md", EVENT)), slug="april", issued=date(2026, 3, 1))
    publish_calendar(draft, target, STAMP + timedelta(1), trial=True)
    after = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert before.items() <= after.items()
    new = {draft.urls.entries["c.md"].rpartition("/")[2], *draft.agendas}
    assert after.keys() - before.keys() == new
    publish_calendar(draft, target, STAMP + timedelta(2), trial=True)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == after
    publish_calendar(draft, target, STAMP + timedelta(3))
    content = (tmp_path / draft.urls.entries["a.md"].rpartition("/")[2]).read_bytes()
    assert b"METHOD:CANCEL\r\n" in content
    assert b"SEQUENCE:1\r\n" in content


def test_trial_of_a_later_issue_does_not_hold_back_an_earlier_one(tmp_path: Path) -> None:
    target = FolderTarget(tmp_path)
    entries = agenda(Entry("a.md", replace(EVENT, status=EventStatus.CANCELLED)))
    publish_calendar(collected(entries, issued=date(2026, 3, 1)), target, STAMP, trial=True)
    told = collected(agenda(Entry("a.md", EVENT)), issued=date(2026, 2, 20))
    publish_calendar(told, target, STAMP)
    (name,) = told.events
    assert b"METHOD:PUBLISH\r\n" in (tmp_path / name).read_bytes()


def test_file_of_a_trial_becomes_that_of_the_issue_that_is_sent(tmp_path: Path) -> None:
    target = FolderTarget(tmp_path)
    told = collected(agenda(Entry("a.md", EVENT), Entry("b.md", EVENT)))
    publish_calendar(told, target, STAMP, trial=True)
    publish_calendar(told, target, STAMP + timedelta(1))
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == written(told)


def test_events_are_published_into_stores_too(tmp_path: Path) -> None:
    target = open_target("memory://calendars", tmp_path)
    calendar = collected(agenda(Entry("a.md", EVENT)))
    publish_calendar(calendar, target, STAMP)
    publish_calendar(collected(agenda(Entry("a.md", replace(EVENT, place="Utrecht")))), target, STAMP)
    content = target.get(calendar.urls.entries["a.md"].rpartition("/")[2])
    assert content
    assert b"SEQUENCE:1\r\n" in content
    assert target.get("none.ics") is None
