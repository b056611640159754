"""Table that screen readers take for data.

A table that only arranges things says so by role="presentation"; otherwise its rows and columns are read out.
"""

from collections.abc import Iterator

from newsletter.markup import Element, origin_of, parse
from newsletter.preflight.base import Context, Finding, Severity, say

severity: Severity = Severity.ERROR


def check(context: Context) -> Iterator[Finding]:
    """Look at every table, and tell each origin once."""
    seen = set()
    for table in parse(context.html).find("table"):
        origin = origin_of(table, context.issue)
        if not _says_what_it_is(table) and origin not in seen:
            seen.add(origin)
            message = say("a table for layout does not say that it is one")
            yield Finding(origin.place, message, say('Write role="presentation" at it.'), origin.block)


def _says_what_it_is(table: Element) -> bool:
    """Whether it has a role, or headings as tables of data have."""
    return table.get("role") in ("presentation", "none", "table", "grid") or any(table.find("th", "caption"))
