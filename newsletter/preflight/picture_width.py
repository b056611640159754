"""Picture that is wider than its column.

Outlook on Windows does not make pictures smaller: one that is wider than its column pushes the whole message aside.
Its `width` is a whole number of pixels.
"""

import re
from collections.abc import Iterator
from typing import Final

from newsletter.markup import Element, declarations, origin_of, parse, pixels
from newsletter.preflight.base import Context, Finding, Severity, say

severity: Severity = Severity.ERROR

_WHOLE: Final = re.compile(r"\d+")
_PIXELS: Final = re.compile(r"[\d.]+(px)?")
_COLUMN: Final = re.compile(r"\bmj-column-(?P<unit>px|per)-(?P<size>\d+(?:-\d+)?)")
"""What the MJML engine calls columns by: their pixels, or their share of a section; a hyphen parts the decimals."""


def check(context: Context) -> Iterator[Finding]:
    """Look at the width of every picture and of what it stands in."""
    for picture in parse(context.html).find("img"):
        width = picture.get("width").strip()
        if not width:
            continue
        origin = origin_of(picture, context.issue)
        if not _WHOLE.fullmatch(width) and not width.endswith("%"):
            message = say("a picture has the width “%(width)s”", width=width)
            yield Finding(origin.place, message, say("Give it a whole number of pixels."), origin.block)
            continue
        room = _room(picture)
        if room is not None and _WHOLE.fullmatch(width) and int(width) > room:
            message = say("a picture is %(width)s pixels wide in a column of %(room)s", width=width, room=f"{room:g}")
            yield Finding(origin.place, message, say("Show it no wider than its column."), origin.block)


def _room(picture: Element) -> float | None:
    """Give the width of the nearest thing around that has one in pixels, or is a share of such a thing."""
    share = 1.0
    for around in picture.ancestors():
        column = _COLUMN.search(around.get("class"))
        if column and column["unit"] == "px":
            return float(column["size"]) * share
        if column:
            share *= float(column["size"].replace("-", ".")) / 100
        style = declarations(around.get("style"))
        for width in (style.get("width", ""), style.get("max-width", ""), around.get("width")):
            size = pixels(width) if _PIXELS.fullmatch(width) else None
            if size is not None:
                return size * share
    return None
