"""Picture that many readers will not see.

Pictures inside of the message (`data:`), SVG, WebP and AVIF stay empty in clients that many people use; JPEG, PNG and
GIF are shown everywhere.
"""

import re
from collections.abc import Iterator
from typing import Final

from newsletter.markup import Element, declarations, origin_of, parse
from newsletter.preflight.base import Context, Finding, Severity, say

severity: Severity = Severity.ERROR

_FORMATS: Final = {"svg": "SVG", "webp": "WebP", "avif": "AVIF", "heic": "HEIC", "jxl": "JPEG XL", "tiff": "TIFF"}
_ENDING: Final = re.compile(r"\.([a-z0-9]+)(?:[?#]|$)", re.IGNORECASE)
_BACKGROUND: Final = re.compile(r"url\(\s*[\"']?([^\"')]+)", re.IGNORECASE)


def check(context: Context) -> Iterator[Finding]:
    """Look at all pictures, those behind text too."""
    for element in parse(context.html).root.walk():
        kind = "SVG" if element.tag == "svg" else next(filter(None, map(_kind, _sources(element))), "")
        if kind:
            origin = origin_of(element, context.issue)
            message = say("a picture is %(kind)s, which many mail clients do not show", kind=kind)
            yield Finding(origin.place, message, say("Use a JPEG, PNG or GIF."), origin.block)


def _sources(element: Element) -> list[str]:
    sources = [element.get("src")] if element.tag == "img" else []
    style = declarations(element.get("style"))
    named = f"{style.get('background', '')} {style.get('background-image', '')}"
    return [*sources, element.get("background"), *_BACKGROUND.findall(named)]


def _kind(source: str) -> str:
    if source.lower().startswith("data:"):
        return "data:"
    ending = _ENDING.search(source)
    return _FORMATS.get(ending[1].lower(), "") if ending else ""
