"""Event that is over before the issue comes out.

Holds the last day of each event against the issue's own date. What has gone by when an issue leaves later than its
date says, the check `issue-date` tells.
"""

from collections.abc import Iterator

from newsletter.items import Event
from newsletter.preflight.base import Context, Finding, Severity, say

severity: Severity = Severity.ERROR


def check(context: Context) -> Iterator[Finding]:
    """Look at every event."""
    for entry in context.entries():
        item = entry.item
        if not isinstance(item, Event):
            continue
        last = context.day(item.end or item.start)
        if last < context.issue.date:
            message = say("the event is over on %(day)s, before the issue comes out", day=last.isoformat())
            remedy = say("Take it out, or correct its date or that of the issue.")
            yield Finding(context.place(entry, "end" if item.end else "start"), message, remedy, item.title)
