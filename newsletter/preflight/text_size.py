"""Text that is too small to be read.

Running text has 16 pixels or more; nothing that is read has less than 14.
"""

from collections.abc import Iterator
from typing import Final

from newsletter.markup import Element, origin_of, parse, shown_words
from newsletter.preflight.base import Context, Finding, Severity, say

severity: Severity = Severity.WARNING

SMALLEST: Final = 14.0
RUNNING: Final = 16.0
_RUNNING_LETTERS: Final = 160
"""From so many letters on, a paragraph is running text and no note."""
_TOLERANCE: Final = 0.01


def check(context: Context) -> Iterator[Finding]:
    """Look at all text that is shown, and tell each size of an item once."""
    seen = set()
    for element, own, shown in shown_words(parse(context.html)):
        least = RUNNING if _is_running(element, own) else SMALLEST
        origin = origin_of(element, context.issue) if shown.size < least - _TOLERANCE else None
        if origin and (origin, shown.size, least) not in seen:
            seen.add((origin, shown.size, least))
            message = say(
                "“%(words)s” has %(size)s pixels; %(least)s are needed",
                words=own[:40],
                size=f"{shown.size:g}",
                least=f"{least:g}",
            )
            yield Finding(origin.place, message, say("Make it larger, in the theme or the template."), origin.block)


def _is_running(element: Element, own: str) -> bool:
    return element.tag in ("p", "li", "div", "td") and len(own) >= _RUNNING_LETTERS
