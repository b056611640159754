"""Readers for whom no item is left.

The conditions of all items fail for them, so that they would get a header, a footer and nothing in between.
"""

from collections.abc import Iterator

from newsletter.errors import Place
from newsletter.preflight.base import Context, Finding, Severity, say

severity: Severity = Severity.WARNING


def check(context: Context) -> Iterator[Finding]:
    """Look at what merging for everybody found."""
    audience = context.audience
    if audience.empty:
        message = say(
            "%(count)s of %(readers)s readers would get an issue without a single item",
            count=audience.empty,
            readers=audience.readers,
        )
        remedy = say("Add an item for everybody, or send it to a segment without them.")
        yield Finding(Place(f"issues/{context.issue.slug}/issue.yaml"), message, remedy)
