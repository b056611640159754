"""Text that hardly stands out from its ground.

Text has a contrast of at least 4.5 to 1 with what is behind it, large text of 3 to 1 (WCAG 2.2, level AA). Text on a
picture cannot be judged and is left alone.
"""

from collections.abc import Iterator
from typing import Final

from newsletter.markup import Look, origin_of, parse, shown_words
from newsletter.markup import contrast as between
from newsletter.preflight.base import Context, Finding, Severity, say

severity: Severity = Severity.ERROR

NORMAL: Final = 4.5
LARGE: Final = 3.0
_LARGE_SIZE: Final = 24.0
_LARGE_BOLD: Final = 18.66
_ROUNDING: Final = 0.005


def check(context: Context) -> Iterator[Finding]:
    """Look at all text that is shown, and tell each pair of colours of an item once."""
    seen = set()
    for element, own, shown in shown_words(parse(context.html)):
        ratio, least = between(shown.colour, shown.ground), _least(shown)
        if shown.pictured or not shown.size or ratio >= least - _ROUNDING:
            continue
        origin = origin_of(element, context.issue)
        if (origin, shown.colour, shown.ground) not in seen:
            seen.add((origin, shown.colour, shown.ground))
            message = say(
                "“%(words)s” is %(colour)s on %(ground)s: a contrast of %(ratio)s to 1 instead of %(least)s",
                words=own[:40],
                colour=shown.colour,
                ground=shown.ground,
                ratio=f"{ratio:.1f}",
                least=f"{least:g}",
            )
            yield Finding(origin.place, message, say("Make the one darker or the other lighter."), origin.block)


def _least(shown: Look) -> float:
    is_large = shown.size >= _LARGE_SIZE or (shown.bold and shown.size >= _LARGE_BOLD)
    return LARGE if is_large else NORMAL
