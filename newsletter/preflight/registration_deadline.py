"""Registration that has closed, or that closes after the event.

Holds until when one can register against the issue's date and the event's own. A day counts whole; an hour has to lie
before an event of one day begins, and before one of several days ends. An hour on the issue's own day is passed over,
as nobody knows at what hour the issue leaves; but midnight is the end of the day before. Events that are full or
cancelled show no link to register, and are left out.
"""

from collections.abc import Iterator
from datetime import date, datetime

from newsletter.items import Event
from newsletter.preflight.base import Context, Finding, Severity, say

severity: Severity = Severity.ERROR


def check(context: Context) -> Iterator[Finding]:
    """Look at every event that one can register for."""
    for entry in context.entries():
        item = entry.item
        if not isinstance(item, Event) or not item.open_for_registration or item.registration is None:
            continue
        deadline = item.registration.deadline
        if deadline is None:
            continue
        place = context.place(entry, "registration", "deadline")
        closes = context.closing_day(deadline)
        if closes < context.issue.date:
            message = say("one could register until %(day)s, before the issue comes out", day=closes.isoformat())
            remedy = say("Take out the link to register, mark the event as full, or correct the day.")
            yield Finding(place, message, remedy, item.title)
        elif closes > context.day(item.end or item.start):
            message = say("one can register until %(day)s, after the event", day=closes.isoformat())
            yield Finding(place, message, say("Correct the day."), item.title)
        elif _is_late(context, deadline, item):
            message = say(
                "one can register until %(moment)s, when the event has begun", moment=f"{deadline:%Y-%m-%d %H:%M}"
            )
            yield Finding(place, message, say("Correct the hour."), item.title)


def _is_late(context: Context, deadline: date | datetime, event: Event) -> bool:
    """Whether an hour to register until lies after the one that it has to lie before."""
    if not isinstance(deadline, datetime) or not isinstance(event.start, datetime):
        return False
    end = event.end if isinstance(event.end, datetime) else event.start
    return deadline > (event.start if context.day(event.start) == context.closing_day(end) else max(event.start, end))
