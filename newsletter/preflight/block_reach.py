"""How many readers get a section or item that is not for everybody.

Nothing is wrong with it; the number tells whether a condition means what its author meant.
"""

from collections.abc import Iterator

from newsletter.errors import Place
from newsletter.preflight.base import Context, Finding, Severity, say

severity: Severity = Severity.HINT


def check(context: Context) -> Iterator[Finding]:
    """Look at what merging for everybody found."""
    for reach in context.audience.blocks:
        if reach.readers:
            message = say(
                "block %(number)s reaches %(count)s of %(readers)s readers: those with %(condition)s",
                number=reach.number,
                count=reach.readers,
                readers=context.audience.readers,
                condition=reach.condition,
            )
            place = Place(f"issues/{context.issue.slug}/{reach.file or 'issue.yaml'}")
            yield Finding(place, message, say("See whether that is what you meant."), reach.title)
