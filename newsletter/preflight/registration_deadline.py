"""Registration that has closed, or that closes after the event.

Holds the day until which one can register against the issue's date and the event's own. Events that are full or
cancelled show no link to register, and are left out.
"""

from collections.abc import Iterator

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
        closes, last = context.day(deadline), context.day(item.end or item.start)
        if closes < context.issue.date:
            message = say("one could register until %(day)s, before the issue comes out", day=closes.isoformat())
            remedy = say("Take out the link to register, mark the event as full, or correct the day.")
            yield Finding(place, message, remedy, item.title)
        elif closes > last:
            message = say("one can register until %(day)s, after the event", day=closes.isoformat())
            yield Finding(place, message, say("Correct the day."), item.title)
