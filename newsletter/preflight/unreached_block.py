"""Section or item that nobody gets.

Its condition holds for no reader: perhaps a value is spelt otherwise, or nobody has chosen the topic.
"""

from collections.abc import Iterator

from newsletter.errors import Place
from newsletter.preflight.base import Context, Finding, Severity, say

severity: Severity = Severity.WARNING


def check(context: Context) -> Iterator[Finding]:
    """Look at what merging for everybody found."""
    for reach in context.audience.blocks if context.audience.readers else ():
        if not reach.readers:
            message = say(
                "nobody gets block %(number)s: no reader has %(condition)s",
                number=reach.number,
                condition=reach.condition,
            )
            place = Place(f"issues/{context.issue.slug}/{reach.file or 'issue.yaml'}")
            yield Finding(place, message, say("Correct the condition, or take the block out."), reach.title)
