"""Headings that are no outline.

People who cannot see the page jump from heading to heading: there is one of the first level, none is empty, and none
skips a level on the way down.
"""

from collections.abc import Iterator

from newsletter.markup import look, origin_of, parse
from newsletter.preflight.base import Context, Finding, Severity, say

severity: Severity = Severity.ERROR


def check(context: Context) -> Iterator[Finding]:
    """Go through all headings in their order."""
    page = parse(context.html)
    headings = [one for one in page.find("h1", "h2", "h3", "h4", "h5", "h6") if not look(one).hidden]
    first = [one for one in headings if one.tag == "h1"]
    if len(first) != 1:
        place = origin_of(page.root if not first else first[-1], context.issue)
        message = say("the message has %(count)s headings of the first level instead of one", count=len(first))
        yield Finding(place.place, message, say("Make the newsletter's name the only <h1>."), place.block)
    level = 0
    for heading in headings:
        own = int(heading.tag[1])
        origin = origin_of(heading, context.issue)
        if not heading.name:
            message = say("a heading of level %(level)s is empty", level=own)
            yield Finding(origin.place, message, say("Write its words, or take it out."), origin.block)
        if level and own > level + 1:
            message = say(
                "the heading “%(words)s” is of level %(level)s, right below one of level %(above)s",
                words=heading.name,
                level=own,
                above=level,
            )
            remedy = say("Make it a heading of level %(level)s.", level=level + 1)
            yield Finding(origin.place, message, remedy, origin.block)
        level = own
