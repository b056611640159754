"""Link without encryption to a site that has it.

Others can see and change what readers get there, and some programs warn before they open it.
"""

from collections.abc import Iterator

from newsletter.fetching import Fetched
from newsletter.links import address_of, fragment_of, page_of, secured
from newsletter.preflight.base import Context, Finding, Severity, say

severity: Severity = Severity.WARNING


def check(context: Context) -> Iterator[Finding]:
    """Find links with http where https answers."""
    fetched = context.fetched or {}
    for link in context.links.web:
        page = page_of(link.url)
        twin = secured(page)
        answer = fetched.get(twin) if twin else None
        if twin is None or not isinstance(answer, Fetched) or not answer.url.startswith("https:"):
            continue
        if _moves_elsewhere(fetched.get(page), twin):
            continue
        fragment = fragment_of(link.url)
        new = address_of(f"{twin}#{fragment}" if fragment else twin)
        for spot in link.spots:
            message = say("the link %(url)s goes without encryption", url=link.url)
            yield Finding(spot.place, message, say("Write https: its site has it."), spot.block, spot.fix(new))


def _moves_elsewhere(answer: object, twin: str) -> bool:
    """Whether the address has moved for good to another one, which is said by another check."""
    moved = isinstance(answer, Fetched) and bool(answer.redirects) and answer.redirects[0].status in (301, 308)
    return moved and isinstance(answer, Fetched) and answer.redirects[-1].target != twin
