"""Issue that Gmail cuts off.

Gmail hides what stands behind the first 102,400 bytes of HTML, with the link to unsubscribe among it. Counted is the
HTML of the reader with the longest values; from 100,000 bytes on, tracking or a longer link may be too much.
"""

from collections.abc import Iterator
from typing import Final

from newsletter.errors import Place
from newsletter.preflight.base import Context, Finding, Severity, say

severity: Severity = Severity.ERROR

MOST: Final = 100_000


def check(context: Context) -> Iterator[Finding]:
    """Count the bytes of the largest HTML part."""
    size = largest(context)
    if size < MOST:
        return
    message = say("the HTML has up to %(size)s kB, of which Gmail shows 100", size=round(size / 1024))
    remedy = say("Shorten texts, or leave items for the next issue; 'newsletter build' tells what is large.")
    yield Finding(Place(f"issues/{context.issue.slug}/issue.yaml"), message, remedy)


def largest(context: Context) -> int:
    """Give the bytes of the largest HTML part that somebody gets; of the example where nobody merged."""
    return max(len(context.html.encode()), context.audience.largest)
