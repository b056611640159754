"""Button that is too small for a finger.

A link that stands by itself as a button is 44 pixels high or more, as far as its own styles tell: its line and the
padding around it. Links in running text are left alone.
"""

from collections.abc import Iterator
from typing import Final

from newsletter.markup import Element, declarations, look, origin_of, parse, pixels
from newsletter.preflight.base import Context, Finding, Severity, say

severity: Severity = Severity.WARNING

LEAST: Final = 44.0
_NATURAL_LINE: Final = 1.2
_SIDES: Final = 2
"""So many lengths of `padding` mean top and bottom, left and right."""
_TOLERANCE: Final = 0.5


def check(context: Context) -> Iterator[Finding]:
    """Look at every link that looks like a button."""
    for link in parse(context.html).find("a"):
        height = _height(link) if link.get("href") and not look(link).hidden else None
        if height is not None and height < LEAST - _TOLERANCE:
            origin = origin_of(link, context.issue)
            message = say("the button “%(name)s” is %(height)s pixels high", name=link.name, height=f"{height:g}")
            remedy = say("Give it more inner padding: %(least)s pixels are needed.", least=f"{LEAST:g}")
            yield Finding(origin.place, message, remedy, origin.block)


def _height(link: Element) -> float | None:
    """Give the height of a button; None for a link that is none, or whose height nobody can tell."""
    style = declarations(link.get("style"))
    shape = style.get("display", "")
    if shape not in ("inline-block", "block") or "padding" not in style:
        return None
    sides = [pixels(part) or 0.0 for part in style["padding"].split()]
    if not sides:
        return None
    shown = look(link)
    return sides[0] + sides[2 if len(sides) > _SIDES else 0] + (shown.line or shown.size * _NATURAL_LINE)
