"""Link that leads nowhere.

There is no such page, no such host, or no connection that a browser would trust. Readers who follow the link see an
error, and those who wrote the page seem to have taken it away or given it another address.
"""

from collections.abc import Iterator
from typing import Final

from newsletter.errors import FetchError
from newsletter.links import Verdict, page_of, verdict_of
from newsletter.preflight.base import Context, Finding, Severity, say

severity: Severity = Severity.ERROR

_BY_STATUS: Final = {
    404: ("there is no such page (404)", "Look for the page on its site, and correct the address."),
    410: ("the page was taken away for good (410)", "Link to something else, or take the link out."),
}
_BY_KIND: Final = {
    "dns": ("its host is not known", "Correct the name of the site."),
    "tls": (
        "browsers do not trust its certificate",
        "Ask who runs the site to mend it, or link to another one.",
    ),
    "redirect-loop": ("it leads round in circles", "Open it in a browser, and take over the address that works."),
    "scheme": ("it is no web address", "Write it whole: https://…."),
}
_OTHER: Final = ("it cannot be fetched", "Open it in a browser, and correct the address.")


def check(context: Context) -> Iterator[Finding]:
    """Find links to what is not there."""
    for link in context.links.web:
        error = (context.fetched or {}).get(page_of(link.url))
        if not isinstance(error, FetchError) or verdict_of(error) is not Verdict.BROKEN:
            continue
        reason, remedy = _BY_STATUS.get(error.status or 0) or _BY_KIND.get(error.kind, _OTHER)
        for spot in link.spots:
            message = say("the link %(url)s is broken: %(reason)s", url=link.url, reason=say(reason))
            yield Finding(spot.place, message, say(remedy), spot.block)
