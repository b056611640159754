"""Link that is not whole.

In a message there is no page that an address could start from. Such a link in a text is left out of the message,
where its words stand without it.
"""

import re
from collections.abc import Iterator
from typing import Final

from newsletter.links import Link, fragment_of, is_anchor
from newsletter.preflight.base import Context, Finding, Said, Severity, say

severity: Severity = Severity.ERROR

_SCHEME: Final = re.compile(r"([a-z][a-z0-9+.-]*):(?!\d+(?:/|$))", re.IGNORECASE)
_HOST: Final = re.compile(r"www\.[a-z0-9-]+(?:\.[a-z0-9-]+)+(?:[/?#]\S*)?", re.IGNORECASE)
_WHOLE: Final = frozenset({"http", "https", "mailto", "tel"})


def check(context: Context) -> Iterator[Finding]:
    """Find links without scheme or host, with a scheme that no message may hold, and links to nowhere."""
    for link in context.links.links:
        said = _complaint(link)
        if said is None:
            continue
        for spot in link.spots:
            fix = spot.fix(f"https://{spot.written}") if _HOST.fullmatch(spot.written) else None
            yield Finding(spot.place, *said, spot.block, fix)


def _complaint(link: Link) -> tuple[Said, Said] | None:
    url = link.url
    scheme = _SCHEME.match(url)
    if is_anchor(fragment_of(url)) and url.startswith("#"):
        return None  # missing-anchor tells about those
    if scheme is None:
        return say("the link %(url)s is not whole", url=url), say("Write it whole: https://….")
    if scheme[1].lower() not in _WHOLE:
        message = say("the link %(url)s begins with %(scheme)s:", url=url, scheme=scheme[1])
        return message, say("Mail programs open https:, mailto: and tel:.")
    if scheme[1].lower() in ("http", "https") and not re.match(r"https?://[^/?#]", url, re.IGNORECASE):
        return say("the link %(url)s is not whole", url=url), say("Write it whole: https://….")
    return None
