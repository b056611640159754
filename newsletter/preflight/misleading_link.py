"""Link that leads elsewhere than its words say.

Words that look like an address promise that one. Where the link leads to another site, spam filters see a fraud, and
so do attentive readers.
"""

import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import unquote

from newsletter.links import Link, host_of
from newsletter.preflight.base import Context, Finding, Severity, say

severity: Severity = Severity.WARNING

_ENDS: Final = (
    "nl|be|eu|com|org|net|info|edu|gov|int|io|app|dev|frl|amsterdam|de|fr|uk|lu|at|ch|dk|se|no|fi|ie|es|it|pt|pl|us|ca"
)
_ADDRESS: Final = re.compile(
    rf"(?:https?://(?P<written>[^/?#\s:@]+)|(?P<bare>(?:www\.)?[a-z0-9-]+(?:\.[a-z0-9-]+)*\.(?:{_ENDS})))(?:[/?#:]\S*)?",
    re.IGNORECASE,
)
_MAILBOX: Final = re.compile(r"[^\s@<>]+@[^\s@<>]+\.[a-z]{2,}", re.IGNORECASE)


def check(context: Context) -> Iterator[Finding]:
    """Find words that look like the address of another site or mailbox."""
    for link in context.links.links:
        if link.personal or not link.shown:
            continue
        for text in link.texts:
            if not _misleads(link, text.strip().rstrip(".,;")):
                continue
            for spot in link.spots:
                message = say("the words %(text)r lead to %(url)s", text=text, url=link.url)
                remedy = say("Let the words say what readers find there, or correct one of the two.")
                yield Finding(spot.place, message, remedy, spot.block)


def _misleads(link: Link, text: str) -> bool:
    if link.url.lower().startswith("mailto:"):
        mailbox = unquote(link.url[len("mailto:") :].partition("?")[0])
        return _MAILBOX.fullmatch(text) is not None and text.lower() != mailbox.lower()
    shown = _ADDRESS.fullmatch(text)
    host = host_of(link.url).removeprefix("www.")
    if shown is None or not host:
        return False
    said = (shown["written"] or shown["bare"]).lower().rstrip(".").removeprefix("www.")
    return not (said == host or said.endswith(f".{host}") or host.endswith(f".{said}"))
