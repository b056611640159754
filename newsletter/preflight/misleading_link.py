"""Link that leads elsewhere than its words say.

Words that are an address, or name one, promise that one. Where the link leads to another site, spam filters see a
fraud, and so do attentive readers. "Booking.com", with a capital, is the name of a company in a longer text.
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
_WITHIN: Final = re.compile(
    rf"""(?<![\w@./+-])(?:(?i:https?://)(?P<written>[^/?#\s:@()<>"'“”‘’,;!]+)|(?P<bare>(?i:www\.[a-z0-9-]+(?:\.[a-z0-9-]+)+)
      |(?=[a-z0-9-]*[a-z])[a-z0-9-]{{2,}}(?:\.[a-z0-9-]+)*\.(?:{_ENDS})))(?![\w@-]|\.\w)""",
    re.VERBOSE,
)
"""An address among other words: of a bare one that is not in small letters, nobody can tell whether it is a name, or
two sentences without a space between them."""
_MAILBOX: Final = re.compile(r"[^\s@<>()\[\],;:]+@[^\s@<>()\[\],;:]+\.[a-z]{2,}", re.IGNORECASE)


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
        mailbox = unquote(link.url[len("mailto:") :].partition("?")[0]).lower()
        named = [found[0].lower() for found in _MAILBOX.finditer(text)]
        return bool(named) and mailbox not in named
    host = host_of(link.url).removeprefix("www.")
    whole = _ADDRESS.fullmatch(text)
    said = [found["written"] or found["bare"] for found in ([whole] if whole else _WITHIN.finditer(text))]
    return bool(host and said) and not any(_is_of(host, one.lower().rstrip(".").removeprefix("www.")) for one in said)


def _is_of(host: str, said: str) -> bool:
    """Whether a host belongs to the site that is said, or the other way round."""
    return said == host or said.endswith(f".{host}") or host.endswith(f".{said}")
