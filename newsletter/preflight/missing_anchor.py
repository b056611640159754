"""Link to a part that its page does not have.

What stands behind `#` names a heading or another part of the page. Readers whose link names one that the page does
not have arrive at its beginning; one to a part that the message does not have leads nowhere.
"""

from collections.abc import Iterator
from urllib.parse import unquote

from newsletter.fetching import Fetched
from newsletter.links import Link, anchors_of, fragment_of, is_anchor, page_of
from newsletter.preflight.base import Context, Finding, Severity, say

severity: Severity = Severity.WARNING


def check(context: Context) -> Iterator[Finding]:
    """Find links to places that neither the message nor the page has."""
    for link in context.links.links:
        fragment = fragment_of(link.url)
        within = link.url.startswith("#")
        if not (link.shown or within) or link.personal or not is_anchor(fragment):
            continue
        anchors = context.links.anchors if within else _anchors(context, link)
        if anchors is None or anchors & {fragment, unquote(fragment)}:
            continue
        for spot in link.spots:
            if within:
                message = say("the message has no part #%(name)s that a link could lead to", name=fragment)
                remedy = say("Correct what stands behind the #, or lead to the page that has this part: https://….")
                yield Finding(spot.place, message, remedy, spot.block)
                continue
            message = say("the page of the link %(url)s has no part #%(name)s", url=link.url, name=fragment)
            remedy = say("Correct what stands behind the #, or leave it out.")
            yield Finding(spot.place, message, remedy, spot.block)


def _anchors(context: Context, link: Link) -> frozenset[str] | None:
    """Give the parts of the page behind a link; None where they are not known."""
    answer = (context.fetched or {}).get(page_of(link.url))
    if link.own or not isinstance(answer, Fetched) or not answer.content:
        return None
    if "html" not in answer.headers.get("content-type", ""):
        return None
    return anchors_of(answer.content.decode("utf-8", errors="replace"))
