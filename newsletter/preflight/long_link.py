"""Link that is very long.

In plain text a long address breaks, and some programs cut it off. Most of it is often not needed.
"""

from collections.abc import Iterator
from typing import Final

from newsletter.preflight.base import Context, Finding, Severity, say

severity: Severity = Severity.HINT

_LONGEST: Final = 500
_SHOWN: Final = 60


def check(context: Context) -> Iterator[Finding]:
    """Find addresses that are longer than mail programs handle well."""
    for link in context.links.links:
        if len(link.url) <= _LONGEST or not link.shown:
            continue
        for spot in link.spots:
            start = f"{link.url[:_SHOWN]}…"
            message = say("the link %(url)s has %(count)s characters", url=start, count=len(link.url))
            remedy = say("Look for a shorter address of the page; try it without what stands behind the ?.")
            yield Finding(spot.place, message, remedy, spot.block)
