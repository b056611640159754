"""Events as data that mail programs read: schema.org's words, in JSON, at the end of the HTML.

The one script that a message may hold. Nobody writes it by hand and nothing runs it; its text is made here, of an
event's own fields, without any character that could end it.

Source: https://schema.org/Event; https://developers.google.com/workspace/gmail/markup
"""

import json
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any, Final

from newsletter.expressions import Expression, all_of
from newsletter.issues import Entry, Issue, Section
from newsletter.items import Event, EventStatus
from newsletter.render import slots
from newsletter.render.rendering import Rendering
from newsletter.render.slots import Condition
from newsletter.render.views import Masthead

_END: Final = "</body>"
_SCHEMA: Final = "https://schema.org/"
_STATUS: Final[Mapping[EventStatus, str]] = {
    EventStatus.CONFIRMED: "EventScheduled",
    EventStatus.FULL: "EventScheduled",
    EventStatus.MOVED: "EventRescheduled",
    EventStatus.CANCELLED: "EventCancelled",
}
_UNFIT: Final = {ord(sign): f"\\u{ord(sign):04x}" for sign in "<>&\u2028\u2029"}


def with_event_markup(html: str, issue: Issue, masthead: Masthead, rendering: Rendering) -> str:
    """Put the data of an issue's events before the end of the body, each for those readers who get the event."""
    before, end, after = html.rpartition(_END)
    written = "".join(_scripts(issue, masthead, rendering))
    return f"{before}{slots.drop(written, rendering.nonce)}{end}{after}" if end else html


def event_script(event: Event, masthead: Masthead) -> str:
    """Write the data of one event."""
    data = {"@context": _SCHEMA, "@type": "Event", **_described(event, masthead)}
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":")).translate(_UNFIT)
    return f'<script type="application/ld+json">{text}</script>'


def _scripts(issue: Issue, masthead: Masthead, rendering: Rendering) -> Iterator[str]:
    for section in issue.sections:
        for entry in section.entries:
            if not isinstance(entry.item, Event):
                continue
            condition = _who_gets(section, entry)
            start, end = ("", "") if condition is None else rendering.begin(Condition(condition))
            yield f"{start}{event_script(entry.item, masthead)}{end}"


def _who_gets(section: Section, entry: Entry) -> Expression | None:
    conditions = [one for one in (section.visible_to, entry.visible_to) if one is not None]
    return all_of(conditions) if conditions else None


def _described(event: Event, masthead: Masthead) -> dict[str, Any]:
    described: dict[str, Any] = {
        "name": event.title,
        "startDate": _moment(event.start),
        "eventStatus": f"{_SCHEMA}{_STATUS[event.status]}",
        "organizer": {"@type": "Organization", "name": event.organiser or masthead.organisation},
    }
    if event.end is not None:
        described["endDate"] = _moment(event.end)
    if event.previous_start is not None and event.status is EventStatus.MOVED:
        described["previousStartDate"] = _moment(event.previous_start)
    places = list(_places(event))
    if places:
        described["location"] = places[0] if len(places) == 1 else places
    if event.online:
        # Without it an event is taken to be at its place only.
        described["eventAttendanceMode"] = f"{_SCHEMA}{'Mixed' if event.place else 'Online'}EventAttendanceMode"
    if event.link:
        described["url"] = event.link
    return described


def _places(event: Event) -> Iterator[dict[str, str]]:
    if event.place:
        yield {"@type": "Place", "name": event.place, "address": event.place}
    if event.online:
        yield {"@type": "VirtualLocation", "url": event.online}


def _moment(value: date | datetime) -> str:
    return value.isoformat()
