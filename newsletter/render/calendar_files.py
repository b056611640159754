"""The events of an issue as public calendar files: what each is known by, and where it lies.

A file is named by its language and its event's UID, so that a changed event keeps its address, and an issue in another
language does not change what this one has published.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final, TypeAlias
from urllib.parse import quote, urlsplit
from uuid import NAMESPACE_URL, uuid5

from newsletter.errors import ContentError, NewsletterError, Place, raise_all
from newsletter.issues import Entry, Issue
from newsletter.items import Event, EventStatus, Registration, place_in_item
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
        ContentError: Two events have the same `uid`, or the same link and no `uid`.
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
            name = _name(issue.language, "event", uids[entry.file])
            told = _calendar_event(entry.item, uids[entry.file], masthead, address, words)
            events[name] = replace(told, issued=issue.date)
            entries[entry.file] = f"{base}{name}"
            if entry.visible_to is None:
                for_everybody[entry.file] = name
        if len(for_everybody) >= AGENDA_FROM:
            name = _name(issue.language, "agenda", issue.slug, str(number))
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
        files[name] = _agenda(calendar.events, events, files, stamp)
    return files


def trial_files(calendar: Calendar, published: Published, stamp: datetime) -> Mapping[str, bytes]:
    """Write those files of an issue that are not there yet, for a few to look at; what is there stays as it is.

    The new ones name no issue, as this one may never be sent: the first that is may say what it likes of the event.

    Args:
        published: What lies there already.
        stamp: When this is.
    """
    told = {name: replace(event, issued=None) for name, event in calendar.events.items()}
    files = {name: published(name) or republish(None, event, stamp) for name, event in told.items()}
    for name, events in calendar.agendas.items():
        files[name] = published(name) or _agenda(told, events, files, stamp)
    return files


def publish_calendar(calendar: Calendar, target: Target, stamp: datetime, *, trial: bool = False) -> None:
    """Write the calendar files of an issue; those that say the same already are left alone.

    Args:
        trial: Whether only a few look at the issue; all that lies there is left alone then.

    Raises:
        WorkspaceError: The target cannot be read or written.
    """
    published = {name: target.get(name) for name in (*calendar.events, *calendar.agendas)}
    write = trial_files if trial else calendar_files
    for name, content in write(calendar, published.get, stamp).items():
        if published[name] != content:
            target.put(name, content)


def _agenda(
    told: Mapping[str, CalendarEvent], names: Sequence[str], files: Mapping[str, bytes], stamp: datetime
) -> bytes:
    """Write several events into one file, each in the revision that its own file holds."""
    return write_agenda([(told[name], revision_of(files[name], stamp)) for name in names])


def _events(issue: Issue) -> Iterator[tuple[Entry, Event]]:
    for section in issue.sections:
        for entry in section.entries:
            if isinstance(entry.item, Event):
                yield entry, entry.item


def _identify(issue: Issue, domain: str) -> Mapping[str, str]:
    """Give what each event is known by, by its file.

    Raises:
        ContentError: Two have the same.
    """
    uids: dict[str, str] = {}
    known: dict[str, tuple[Entry, Event]] = {}
    problems: list[NewsletterError] = []
    for entry, event in _events(issue):
        uid = _uid(entry, event, domain)
        if uid in known:
            problems.append(_taken(issue, uid, known[uid], (entry, event)))
        uids[entry.file] = uid
        known.setdefault(uid, (entry, event))
    raise_all(problems)
    return uids


def _uid(entry: Entry, event: Event, domain: str) -> str:
    """Give what an event is known by: its own `uid`, its link, or its file's name with its year and title.

    Nothing else in its issue has a say in it, as whoever has an event from one issue gets its change in another.
    """
    return event.uid or str(uuid5(NAMESPACE_URL, event.link or _file_address(entry, event, domain)))


def _file_address(entry: Entry, event: Event, domain: str) -> str:
    """Name an event that has no address of its own; with its year and title, as other issues have such a file too."""
    first = event.previous_start or event.start
    file = quote(entry.file.removesuffix(".md"), errors="replace")
    title = quote(entry.own_title or event.title, safe="", errors="replace")
    return f"https://{domain}/{first.year}/{file}?title={title}"


def _taken(issue: Issue, uid: str, first: tuple[Entry, Event], second: tuple[Entry, Event]) -> ContentError:
    (other, its), (entry, event) = first, second
    if event.link and not event.uid and not its.uid:
        return ContentError(
            f"{other.file!r} has the url {event.link!r} as well, and calendars would take the two for one event",
            where=_place(issue, entry, "url"),
            remedy="Give each of the two a 'uid' of its own.",
        )
    return ContentError(
        f"{other.file!r} has the uid {uid!r} as well",
        where=_place(issue, entry, "uid"),
        remedy="Give one of the two another, or leave the uid out.",
    )


def _place(issue: Issue, entry: Entry, key: str) -> Place:
    name = f"issues/{issue.slug}/{entry.file}"
    try:
        return place_in_item(issue.folder / entry.file, name, (key,))
    except ContentError:  # it was changed since it was read
        return Place(name, field=key)


def _name(language: str, *identity: str) -> str:
    known = " ".join((language.lower(), *identity))
    return f"{hashlib.sha256(known.encode('utf-8', 'replace')).hexdigest()[:16]}.ics"


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
    if event.registration and event.open_for_registration:
        yield from _registration(event.registration, words, time_zone)
    if event.link:
        yield f"{event.link_text or words.gettext('Read more')}: {event.link}"


def _registration(registration: Registration, words: Translations, time_zone: str) -> Iterator[str]:
    register = words.gettext("Register")
    if registration.deadline:
        by = until(registration.deadline, words, time_zone)
        register = words.gettext("Register %(until)s") % {"until": by}
    if registration.url:
        yield f"{register}: {registration.url}"
    elif registration.deadline:
        yield register
