"""Issue that grows towards what Gmail cuts off.

From 80,000 bytes of HTML on, not much more fits before Gmail hides the rest.
"""

from collections.abc import Iterator
from typing import Final

from newsletter.errors import Place
from newsletter.preflight.base import Context, Finding, Severity, say
from newsletter.preflight.clipped import MOST, largest

severity: Severity = Severity.WARNING

MUCH: Final = 80_000


def check(context: Context) -> Iterator[Finding]:
    """Count the bytes of the largest HTML part."""
    size = largest(context)
    if MUCH <= size < MOST:
        message = say("the HTML has up to %(size)s kB; Gmail shows 100", size=round(size / 1024))
        remedy = say("Add no more; shorten a text or leave an item for the next issue.")
        yield Finding(Place(f"issues/{context.issue.slug}/issue.yaml"), message, remedy)
