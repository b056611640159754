"""Link to an address that has moved for good.

Readers still get there, by a detour that somebody may end one day. `--fix` takes over the new address.
"""

from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

from newsletter.fetching import Fetched
from newsletter.links import address_of, fragment_of, page_of, secured
from newsletter.preflight.base import Context, Finding, Severity, say

severity: Severity = Severity.HINT

_FOR_GOOD: Final = frozenset({301, 308})


def check(context: Context) -> Iterator[Finding]:
    """Find links to old addresses."""
    for link in context.links.web:
        page = page_of(link.url)
        fetched = (context.fetched or {}).get(page)
        target = _target(fetched) if isinstance(fetched, Fetched) else None
        if target is None or target in (page, secured(page)):
            continue
        to_front_page = urlsplit(target).path in ("", "/") and urlsplit(page).path not in ("", "/")
        fragment = fragment_of(link.url)
        new = f"{target}#{fragment}" if fragment else target
        for spot in link.spots:
            if to_front_page:
                message = say("the link %(url)s leads to the front page of its site", url=link.url)
                remedy = say("The page seems to be gone. Look for it there, and correct the address.")
                yield Finding(spot.place, message, remedy, spot.block)
            else:
                message = say("the link %(url)s has moved to %(new)s", url=link.url, new=new)
                yield Finding(spot.place, message, say("Write the new address."), spot.block, spot.fix(address_of(new)))


def _target(fetched: Fetched) -> str | None:
    """Give where an address has moved for good; what is only for now further on is left out."""
    target = None
    for step in fetched.redirects:
        if step.status not in _FOR_GOOD:
            break
        target = step.target
    return target
