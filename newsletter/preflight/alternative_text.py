"""Picture without words for those who do not see it.

Many mail clients show no pictures until they are asked to, and some people cannot see them: every picture has an
`alt`, empty where it is decoration. A picture that is a link by itself must say where the link leads; the name of a
file says nothing.
"""

import re
from collections.abc import Iterator
from typing import Final

from newsletter.markup import Element, look, origin_of, parse
from newsletter.preflight.base import Context, Finding, Said, Severity, say

severity: Severity = Severity.ERROR

_FILE_NAME: Final = re.compile(
    r"\S+\.(?:jpe?g|png|gif|webp|avif|svg|heic|tiff?|bmp)|(?:IMG|DSC|DSCN|PXL|image|foto|photo|picture)[-_ ]?\d+",
    re.IGNORECASE,
)


def check(context: Context) -> Iterator[Finding]:
    """Look at every picture that is shown."""
    for picture in parse(context.html).find("img"):
        found = None if look(picture).hidden or _is_spacer(picture) else _problem(picture)
        if found:
            origin = origin_of(picture, context.issue)
            yield Finding(origin.place, found, say("Say in a few words what it shows."), origin.block)


def _problem(picture: Element) -> Said | None:
    source = picture.get("src").rpartition("/")[2][:80]
    if "alt" not in picture.attributes:
        return say("the picture %(source)s has no alternative text", source=source)
    words = picture.get("alt").strip()
    if _FILE_NAME.fullmatch(words):
        return say("the alternative text “%(words)s” is the name of a file", words=words)
    link = next((one for one in picture.ancestors() if one.tag == "a" and one.get("href")), None)
    if not words and link is not None and not link.name:
        return say("the picture %(source)s is a link, but does not say where it leads", source=source)
    return None


def _is_spacer(picture: Element) -> bool:
    return picture.get("width") in ("0", "1") or picture.get("height") in ("0", "1")
