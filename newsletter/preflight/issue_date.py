"""Issue that leaves on another day than its date says.

An issue that is dated before today tells its readers an old date; and what was still to come on that date may have
gone by: events, and days to register until. An issue dated today or later is in order, as it is being prepared.
"""

from collections.abc import Iterator

from newsletter.items import Event
from newsletter.preflight.base import Context, Finding, Severity, say

severity: Severity = Severity.WARNING


def check(context: Context) -> Iterator[Finding]:
    """Compare the issue's date with today."""
    issued, today = context.issue.date, context.today
    if issued >= today:
        return
    message = say("the issue is dated %(day)s, and today is %(today)s", day=issued.isoformat(), today=today.isoformat())
    yield Finding(context.manuscript.sheet.place("date"), message, say("Correct the date of the issue."))
    for entry in context.entries():
        item = entry.item
        if not isinstance(item, Event):
            continue
        last = context.day(item.end or item.start)
        if issued <= last < today:
            message = say("the event is over since %(day)s", day=last.isoformat())
            place = context.place(entry, "end" if item.end else "start")
            yield Finding(place, message, say("Take it out of the issue."), item.title)
        deadline = item.registration.deadline if item.registration and item.open_for_registration else None
        if deadline is not None and issued <= context.closing_day(deadline) < today <= last:
            message = say("one could register until %(day)s", day=context.closing_day(deadline).isoformat())
            place = context.place(entry, "registration", "deadline")
            yield Finding(place, message, say("Take out the link to register, or mark the event as full."), item.title)
