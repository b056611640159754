"""Event that is said to stand otherwise than it does.

An event that was cancelled, moved or is full has a `status`, which every template says in words before its title. This
check finds events whose words say so and whose status does not ("GEANNULEERD: …" in a title); moved ones that do not
tell where they stood before, or stand where they stood; and those whose file keeps what the source said last
(`source_status`, `source_start`) and differs from it. The source itself is not asked: an event that was changed or
cancelled there after its file was written is not found.
"""

import re
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any, Final

from newsletter.issues import Entry
from newsletter.items import Event, EventStatus
from newsletter.manuscript import Role
from newsletter.preflight.base import Context, Finding, Severity, say

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


def check(context: Context) -> Iterator[Finding]:
    """Look at every event, and at its title and lead."""
    for entry in context.entries():
        if isinstance(entry.item, Event):
            yield from _moved(context, entry, entry.item)
            yield from _at_source(context, entry, entry.item)
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
