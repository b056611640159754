"""Event that is said to stand otherwise than it does.

An event that was cancelled, moved or is full has a `status`, which every template says in words before its title. This
check finds events whose words say so and whose status does not ("GEANNULEERD: …" in a title); moved ones that do not
tell where they stood before, or stand where they stood; those whose file keeps what the source said last
(`source_status`, `source_start`) and differs from it; and, with network, those whose own page (`url`) says something
else now: cancelled, postponed, rescheduled, another start, or online instead of at a place. The page is understood
where it holds schema.org data (JSON-LD), as search engines want it; where it does not, nothing is found there.
"""

import re
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from newsletter.fetching import Fetched
from newsletter.issues import Entry
from newsletter.items import Event, EventStatus
from newsletter.links import PageEvent, event_among, events_of, page_of
from newsletter.manuscript import Role
from newsletter.preflight.base import Context, Finding, Said, Severity, say

severity: Severity = Severity.ERROR

_WORDS: Final = {
    EventStatus.CANCELLED: re.compile(
        r"\b(?:geannuleerd|afgelast|afgezegd|gaat\s+(?:helaas\s+)?niet\s+door|vervalt|cancelled|canceled|called\s+off)\b",
        re.IGNORECASE,
    ),
    EventStatus.MOVED: re.compile(
        r"\b(?:verplaatst|verschoven|uitgesteld|verzet\s+naar|postponed|rescheduled|moved\s+to)\b", re.IGNORECASE
    ),
    EventStatus.FULL: re.compile(r"\b(?:volgeboekt|vol|uitverkocht|fully\s+booked|sold\s+out)\b", re.IGNORECASE),
}
_IN_TITLE: Final = frozenset({EventStatus.FULL})
"""What is said with words that mean other things in a running text."""
_TAKE_PLACE: Final = frozenset({EventStatus.CONFIRMED, EventStatus.FULL})
_ONLINE: Final = re.compile(
    r"\b(?:online|on-line|digitaal|digital|virtueel|virtual|webinar|teams|zoom)\b", re.IGNORECASE
)


def check(context: Context) -> Iterator[Finding]:
    """Look at every event, and at its title and lead."""
    for entry in context.entries():
        if isinstance(entry.item, Event):
            yield from _moved(context, entry, entry.item)
            yield from _at_source(context, entry, entry.item)
            yield from _on_page(context, entry, entry.item)
    for passage in context.manuscript.of(Role.TITLE, Role.LEAD):
        item = passage.entry.item if passage.entry else None
        if not isinstance(item, Event) or item.status is not EventStatus.CONFIRMED:
            continue
        for status, pattern in _WORDS.items():
            if status in _IN_TITLE and passage.role is not Role.TITLE:
                continue
            for found in passage.find(pattern):
                message = say("“%(words)s” is said, and the event has no such status", words=found.text)
                remedy = say(
                    "Write 'status: %(status)s' if that is meant; the template says it then.", status=status.value
                )
                yield Finding(found.place, message, remedy, passage.block)


def _moved(context: Context, entry: Entry, event: Event) -> Iterator[Finding]:
    if event.status is EventStatus.MOVED and event.previous_start is None:
        message = say("the event was moved, and does not tell from when")
        remedy = say("Add 'previous_start: …', so that readers can correct their diaries.")
        yield Finding(context.place(entry, "status"), message, remedy, event.title)
    elif event.previous_start == event.start and event.previous_start is not None:
        message = say("the event was moved to when it stood before")
        yield Finding(context.place(entry, "previous_start"), message, say("Correct one of the two."), event.title)


def _at_source(context: Context, entry: Entry, event: Event) -> Iterator[Finding]:
    remedy = say("Take over what the source says, or correct it there.")
    status = event.extra.get("source_status")
    if isinstance(status, str) and status.lower() != event.status.value:
        message = say(
            "the source says that the event is %(there)s, the issue that it is %(here)s",
            there=say(status.lower()),
            here=say(event.status.value),
        )
        yield Finding(context.place(entry, "source_status"), message, remedy, event.title)
    start = event.extra.get("source_start")
    if start is not None and not _is_same(start, event.start):
        message = say("the source says that the event starts on %(there)s", there=start)
        yield Finding(context.place(entry, "source_start"), message, remedy, event.title)


def _on_page(context: Context, entry: Entry, event: Event) -> Iterator[Finding]:
    """Compare an event with what its page says of it now."""
    told = _told(context, event)
    if told is None or event.status is EventStatus.CANCELLED:
        return
    remedy = say("Take over what the source says, or correct it there.")
    change = _change(told, event)
    if change is not None:
        message = say(
            "the event's page says that it %(there)s, the issue that it is %(here)s",
            there=change,
            here=say(event.status.value),
        )
        yield Finding(context.place(entry, "url"), message, remedy, event.title)
    zone = ZoneInfo(context.settings.time_zone)
    if told.start is not None and told.status != "EventCancelled" and not _is_told(told.start, event.start, zone):
        message = say("the event's page says that it starts on %(there)s", there=_shown(told.start, zone))
        yield Finding(context.place(entry, "start"), message, remedy, event.title)
    if event.place and not _ONLINE.search(event.place) and _is_online(told, event):
        message = say("the event's page says that it is online, the issue that it is at %(place)s", place=event.place)
        yield Finding(context.place(entry, "place"), message, remedy, event.title)


def _told(context: Context, event: Event) -> PageEvent | None:
    """Give what the event's page says of it; None where that is not known."""
    page = page_of(event.url) if event.url else ""
    answer = (context.fetched or {}).get(page)
    if not isinstance(answer, Fetched) or "html" not in answer.headers.get("content-type", ""):
        return None
    events = events_of(answer.content.decode("utf-8", errors="replace"))
    return event_among(events, event.title, event.start, frozenset({page, answer.url}))


def _change(told: PageEvent, event: Event) -> Said | None:
    """Say in what way an event does not take place as planned, where only its page says so."""
    if told.status == "EventCancelled":
        return say("was cancelled")
    if event.status not in _TAKE_PLACE:
        return None
    if told.status == "EventPostponed":
        return say("was postponed")
    return say("was rescheduled") if told.status == "EventRescheduled" else None


def _is_online(told: PageEvent, event: Event) -> bool:
    """Whether nobody can come to the place; who names a way to take part online knows of that already."""
    if told.status == "EventMovedOnline":
        return True
    return told.attendance == "OnlineEventAttendanceMode" and not event.online


def _is_told(told: date | datetime, start: date | datetime, zone: ZoneInfo) -> bool:
    """Whether a start is the one that a page tells.

    Without a zone, the hour is that of the event's or of the newsletter's own. A page that writes the hour here as if
    it were one of UTC means the same.
    """
    if _is_same(told, start):
        return True
    if not isinstance(told, datetime):
        return False
    if told.tzinfo is None:
        return isinstance(start, datetime) and told.replace(tzinfo=zone) == start
    local = told.astimezone(zone)
    return any(_is_same(one.replace(tzinfo=None), start) for one in (local, told))


def _shown(told: date | datetime, zone: ZoneInfo) -> str:
    if not isinstance(told, datetime):
        return told.isoformat()
    return (told.astimezone(zone) if told.tzinfo else told).strftime("%Y-%m-%d %H:%M")


def _is_same(told: Any, start: date | datetime) -> bool:
    """Whether a day or moment, written or read, is that of an event; one without an offset is local."""
    try:
        moment = told if isinstance(told, date) else datetime.fromisoformat(str(told))
    except ValueError:
        return False
    if not isinstance(start, datetime) or not isinstance(moment, datetime):
        return (moment.date() if isinstance(moment, datetime) else moment) == (
            start.date() if isinstance(start, datetime) else start
        )
    return moment == start if moment.tzinfo else moment == start.replace(tzinfo=None)
