"""Events as calendar files, which people put into calendars of their own.

An event keeps its UID for as long as it exists. Whoever has it in their calendar gets a change by taking the file in
again: its SEQUENCE is higher then. A cancelled event's file takes it out.

Source: RFC 5545; RFC 5546 §3.2.1 and §3.2.5.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final
from urllib.parse import quote
from zoneinfo import ZoneInfo

from newsletter.render.timezones import timezone_lines

PRODUCT: Final = "-//Newsletter//Calendar//EN"
LINE_OCTETS: Final = 75
"""How long a line may be, without its end. Source: RFC 5545 §3.1."""

_PRINTABLE: Final = "".join(map(chr, range(0x21, 0x7F)))
_MAILBOX: Final = "@!$'*+-._~"
_LINE_ENDS: Final = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_ESCAPED: Final[Mapping[str, str]] = {"\\": r"\\", ";": r"\;", ",": r"\,", "\n": r"\n"}
_FOLD: Final = re.compile("\r\n[ \t]")
_REVISION: Final = re.compile(r"^(?:SEQUENCE:|DTSTAMP:|X-NEWSLETTER-ISSUED;).*$\r?\n?", re.MULTILINE)
_ISSUED: Final = re.compile(rb"^X-NEWSLETTER-ISSUED;VALUE=DATE:(\d{8})\r?$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class CalendarEvent:
    """An event as a calendar shows it.

    Args:
        uid: The same for as long as the event exists, and no other event's.
        start: A day, or an aware moment.
        end: Of the same kind; the last day, inclusive.
        organiser: The name of who holds it.
        address: Where that organiser can be mailed.
        issued: The date of the issue that tells of it so.
    """

    uid: str
    summary: str
    start: date | datetime
    end: date | datetime | None
    organiser: str
    address: str
    location: str = ""
    description: str = ""
    url: str = ""
    cancelled: bool = False
    issued: date | None = None


@dataclass(frozen=True, slots=True)
class Revision:
    """Which version of an event a file holds.

    Args:
        number: From 0.
        stamp: When it was written.
    """

    number: int
    stamp: datetime


def write_event(event: CalendarEvent, revision: Revision) -> bytes:
    """Write the file of one event: one to add it, or to take it out if it is cancelled."""
    return _file("CANCEL" if event.cancelled else "PUBLISH", [(event, revision)])


def write_agenda(events: Sequence[tuple[CalendarEvent, Revision]]) -> bytes:
    """Write several events into one file; those that are cancelled are in it as such."""
    return _file("PUBLISH", events)


def republish(previous: bytes | None, event: CalendarEvent, stamp: datetime) -> bytes:
    """Write an event's file in the place of the one that was published before.

    Args:
        previous: What was published; None for nothing.
        stamp: When this is.

    Returns:
        The same bytes where nothing has changed or a later issue has told of the event since, and a revision higher
        by one otherwise. A file that names no issue comes to name this one.
    """
    if previous is None:
        return write_event(event, Revision(0, stamp))
    if is_told_later(previous, event):
        return previous
    before = revision_of(previous, stamp)
    fresh = write_event(event, Revision(before.number + 1, max(before.stamp, stamp)))
    if _lasting(previous) != _lasting(fresh):
        return fresh
    return previous if _ISSUED.search(previous) else write_event(event, before)


def is_told_later(published: bytes, event: CalendarEvent) -> bool:
    """Whether a file was published for a later issue than the one that tells of the event so."""
    issued = _ISSUED.search(published)
    return issued is not None and event.issued is not None and issued[1].decode() > _digits(event.issued)


def revision_of(calendar: bytes, stamp: datetime) -> Revision:
    """Read which revision of its event a file holds.

    Args:
        stamp: When it was written, where it does not say so itself.
    """
    text = _unfolded(calendar)
    number = re.search(r"^SEQUENCE:(\d{1,9})\r?$", text, re.MULTILINE)
    written = re.search(r"^DTSTAMP:(\d{8}T\d{6})Z\r?$", text, re.MULTILINE)
    try:
        known = datetime.strptime(written[1], "%Y%m%dT%H%M%S").replace(tzinfo=UTC) if written else stamp
    except ValueError:
        known = stamp
    return Revision(int(number[1]) if number else 0, known)


def content_type(calendar: bytes) -> str:
    """Give the media type of a file, which names its method. Source: RFC 6047 §2.4."""
    method = re.search(rb"^METHOD:([A-Z]+)\r$", calendar, re.MULTILINE)
    named = f"; method={method[1].decode()}" if method else ""
    return f"text/calendar{named}; charset=utf-8"


def folded(line: str) -> bytes:
    """Write one line, over several where it is long, without breaking a character. Source: RFC 5545 §3.1."""
    content = line.encode("utf-8", "replace")
    pieces: list[bytes] = []
    room = LINE_OCTETS
    while len(content) > room:
        end = room
        while content[end] & 0xC0 == 0x80:
            end -= 1
        pieces.append(content[:end])
        content, room = content[end:], LINE_OCTETS - 1
    return b"\r\n ".join([*pieces, content]) + b"\r\n"


def escaped(text: str) -> str:
    """Write a text as a value; control characters are left out. Source: RFC 5545 §3.3.11."""
    plain = _CONTROL.sub("", _LINE_ENDS.sub("\n", text))
    return "".join(_ESCAPED.get(character, character) for character in plain)


def _file(method: str, events: Sequence[tuple[CalendarEvent, Revision]]) -> bytes:
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        f"PRODID:{PRODUCT}",
        "CALSCALE:GREGORIAN",
        f"METHOD:{method}",
        *_zones([event for event, _ in events]),
        *(line for event, revision in events for line in _event(event, revision)),
        "END:VCALENDAR",
    ]
    return b"".join(map(folded, lines))


def _zones(events: Iterable[CalendarEvent]) -> Iterator[str]:
    used: dict[str, tuple[ZoneInfo, list[datetime]]] = {}
    for event in events:
        for moment in (event.start, event.end):
            if isinstance(moment, datetime) and (zone := _zone_of(moment)):
                used.setdefault(zone.key, (zone, []))[1].append(moment)
    for _, (zone, moments) in sorted(used.items()):
        yield from timezone_lines(zone, moments)


def _event(event: CalendarEvent, revision: Revision) -> Iterator[str]:
    yield "BEGIN:VEVENT"
    yield f"UID:{escaped(event.uid)}"
    yield f"DTSTAMP:{_utc(revision.stamp)}"
    yield f"SEQUENCE:{revision.number}"
    yield f"DTSTART{_when(event.start)}"
    end = _end(event)
    if end is not None:
        yield f"DTEND{_when(end)}"
    yield f"SUMMARY:{escaped(event.summary)}"
    for name, text in (("LOCATION", event.location), ("DESCRIPTION", event.description)):
        if text:
            yield f"{name}:{escaped(text)}"
    if event.url:
        yield f"URL:{_address(event.url)}"
    yield f'ORGANIZER;CN="{_quotable(event.organiser)}":mailto:{quote(event.address, safe=_MAILBOX)}'
    yield f"STATUS:{'CANCELLED' if event.cancelled else 'CONFIRMED'}"
    if event.issued is not None:
        yield f"X-NEWSLETTER-ISSUED;VALUE=DATE:{_digits(event.issued)}"
    yield "END:VEVENT"


def _end(event: CalendarEvent) -> date | datetime | None:
    """Give the end as a file has it: exclusive, and later than the start, or none."""
    if not isinstance(event.start, datetime):
        last = event.end or event.start
        return last + timedelta(days=1) if last < date.max else None
    later = isinstance(event.end, datetime) and event.end.astimezone(UTC) > event.start.astimezone(UTC)
    return event.end if later else None


def _when(value: date | datetime) -> str:
    if not isinstance(value, datetime):
        return f";VALUE=DATE:{_digits(value)}"
    zone = _zone_of(value)
    if zone is None:
        return f":{_utc(value)}"
    return f";TZID={zone.key}:{_digits(value)}T{value:%H%M%S}"


def _zone_of(moment: datetime) -> ZoneInfo | None:
    """Give the zone to tell a moment in; None for UTC, which says what a zone's clock cannot.

    A clock that goes back shows an hour twice, and a calendar takes it for the first.
    """
    zone = moment.tzinfo
    if not isinstance(zone, ZoneInfo) or zone.key in (None, "UTC", "Etc/UTC"):
        return None
    return None if moment.utcoffset() != moment.replace(fold=0).utcoffset() else zone


def _utc(moment: datetime) -> str:
    known = moment.astimezone(UTC)
    return f"{_digits(known)}T{known:%H%M%S}Z"


def _digits(day: date) -> str:
    return f"{day.year:04}{day:%m%d}"


def _quotable(name: str) -> str:
    """Write a name for between quotation marks, which has no escapes."""
    return _CONTROL.sub("", _LINE_ENDS.sub(" ", name)).replace('"', "'")


def _address(url: str) -> str:
    """Write an address with the characters that addresses have."""
    return quote(url, safe=_PRINTABLE)


def _lasting(calendar: bytes) -> str:
    """Give what a file says, without when and in which revision."""
    return _REVISION.sub("", _unfolded(calendar))


def _unfolded(calendar: bytes) -> str:
    return _FOLD.sub("", calendar.decode("utf-8", "replace"))
