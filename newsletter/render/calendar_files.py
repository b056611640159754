"""The events of an issue as public calendar files: what each is known by, and where it lies.

A file is named by its event's UID, so that a changed event keeps its address.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final, TypeAlias
from urllib.parse import urlsplit
from uuid import NAMESPACE_URL, uuid5

from newsletter.errors import ContentError, NewsletterError, Place, raise_all
from newsletter.issues import Entry, Issue
from newsletter.items import Event, EventStatus
from newsletter.media import Target
from newsletter.render.bodies import text_from_markdown
from newsletter.render.calendar import CalendarEvent, is_told_later, republish, revision_of, write_agenda
from newsletter.render.dates import until
from newsletter.render.translations import Translations
from newsletter.render.views import CalendarUrls, Masthead

AGENDA_FROM: Final = 2
"""How many events a section needs for a file of all of them to be of use."""
_UNWRAPPED: Final = 10_000

Published: TypeAlias = Callable[[str], bytes | None]
"""Gives what lies under a name already; None for nothing."""


@dataclass(frozen=True, slots=True)
class Calendar:
    """The calendar files of an issue.

    Args:
        events: By the name of the file.
        agendas: By the name of the file, the names of the events in it.
        urls: Where readers find them.
        markup: Whether the message tells mail programs of its events too.
    """

    events: Mapping[str, CalendarEvent] = field(default_factory=dict)
    agendas: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    urls: CalendarUrls = field(default_factory=CalendarUrls)
    markup: bool = False


NO_CALENDAR: Final = Calendar()


def collect_calendar(
    issue: Issue, masthead: Masthead, address: str, words: Translations, *, base: str, markup: bool = False
) -> Calendar:
    """Find the events of an issue.

    Args:
        address: Where whoever holds them can be mailed.
        base: Where the files are published; with a slash at the end.
        markup: Whether the message tells mail programs of them too.

    Raises:
        ContentError: Two events have the same `uid`.
    """
    uids = _identify(issue, urlsplit(masthead.url).hostname or "localhost")
    events: dict[str, CalendarEvent] = {}
    agendas: dict[str, tuple[str, ...]] = {}
    entries: dict[str, str] = {}
    sections: dict[str, str] = {}
    for number, section in enumerate(issue.sections, 1):
        for_everybody: dict[str, str] = {}
        for entry in section.entries:
            if not isinstance(entry.item, Event):
                continue
            name = _name(uids[entry.file])
            told = _calendar_event(entry.item, uids[entry.file], masthead, address, words)
            events[name] = replace(told, issued=issue.date)
            entries[entry.file] = f"{base}{name}"
            if entry.visible_to is None:
                for_everybody[entry.file] = name
        if len(for_everybody) >= AGENDA_FROM:
            name = _name(f"agenda {issue.slug} {number}")
            agendas[name] = tuple(for_everybody.values())
            sections.update(dict.fromkeys(for_everybody, f"{base}{name}"))
    return Calendar(events, agendas, CalendarUrls(entries, sections), markup)


def calendar_files(calendar: Calendar, published: Published, stamp: datetime) -> Mapping[str, bytes]:
    """Write all files of an issue, each event one revision higher where it has changed.

    What a later issue has told of an event stays: an old issue that is sent once more does not take it back.

    Args:
        published: What lies there already.
        stamp: When this is.
    """
    files = {name: republish(published(name), event, stamp) for name, event in calendar.events.items()}
    later = {name for name, event in calendar.events.items() if is_told_later(published(name) or b"", event)}
    for name, events in calendar.agendas.items():
        whole = published(name)
        if whole is not None and later.intersection(events):
            files[name] = whole
            continue
        files[name] = write_agenda([(calendar.events[one], revision_of(files[one], stamp)) for one in events])
    return files


def publish_calendar(calendar: Calendar, target: Target, stamp: datetime) -> None:
    """Write the calendar files of an issue; those that say the same already are left alone.

    Raises:
        WorkspaceError: The target cannot be read or written.
    """
    published = {name: target.get(name) for name in (*calendar.events, *calendar.agendas)}
    for name, content in calendar_files(calendar, published.get, stamp).items():
        if published[name] != content:
            target.put(name, content)


def _events(issue: Issue) -> Iterator[tuple[Entry, Event]]:
    for section in issue.sections:
        for entry in section.entries:
            if isinstance(entry.item, Event):
                yield entry, entry.item


def _identify(issue: Issue, domain: str) -> Mapping[str, str]:
    """Give what each event is known by, by its file: its own `uid`, its link, or its file's name.

    Raises:
        ContentError: Two have the same.
    """
    links = Counter(event.link for _, event in _events(issue) if not event.uid)
    uids: dict[str, str] = {}
    files: dict[str, str] = {}
    problems: list[NewsletterError] = []
    for entry, event in _events(issue):
        alone = event.link if links[event.link] == 1 else None
        uid = event.uid or str(uuid5(NAMESPACE_URL, alone or _file_address(entry, event, domain)))
        if uid in files:
            problems.append(
                ContentError(
                    f"{files[uid]!r} has the uid {uid!r} as well",
                    where=Place(f"issues/{issue.slug}/{entry.file}", field="uid"),
                    remedy="Give one of the two another, or leave the uid out.",
                )
            )
        uids[entry.file] = uid
        files.setdefault(uid, entry.file)
    raise_all(problems)
    return uids


def _file_address(entry: Entry, event: Event, domain: str) -> str:
    """Name an event that has no address of its own; with its year, as many have the same name every year."""
    first = event.previous_start or event.start
    return f"https://{domain}/{first.year}/{entry.file.removesuffix('.md')}"


def _name(identity: str) -> str:
    return f"{hashlib.sha256(identity.encode('utf-8', 'replace')).hexdigest()[:16]}.ics"


def _calendar_event(event: Event, uid: str, masthead: Masthead, address: str, words: Translations) -> CalendarEvent:
    cancelled = event.status is EventStatus.CANCELLED
    return CalendarEvent(
        uid=uid,
        # Not every calendar heeds the status.
        summary=f"{words.gettext('Cancelled')}: {event.title}" if cancelled else event.title,
        start=event.start,
        end=event.end,
        organiser=event.organiser or masthead.organisation,
        address=address,
        location=event.place or event.online or "",
        description="\n".join(_description(event, words, masthead.time_zone)),
        url=event.link or "",
        cancelled=cancelled,
    )


def _description(event: Event, words: Translations, time_zone: str) -> Iterator[str]:
    if event.lead:
        yield event.lead
    yield from text_from_markdown(event.body, width=_UNWRAPPED)
    if event.price:
        yield event.price
    if event.online:
        yield f"{words.gettext('Take part online')}: {event.online}"
    registration = event.registration
    if registration and registration.url and event.open_for_registration:
        register = words.gettext("Register")
        if registration.deadline:
            by = until(registration.deadline, words, time_zone)
            register = words.gettext("Register %(until)s") % {"until": by}
        yield f"{register}: {registration.url}"
    if event.link:
        yield f"{event.link_text or words.gettext('Read more')}: {event.link}"
