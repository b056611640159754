"""Link to a site that is not for the public.

A trial version of a site, this very machine, or a network that readers are not in. Further hosts can be named in
`preflight.staging_hosts`.
"""

import ipaddress
from collections.abc import Iterator
from typing import Final

from newsletter.errors import FetchError
from newsletter.fetching import is_public
from newsletter.links import Verdict, host_of, is_web, page_of, verdict_of
from newsletter.preflight.base import Context, Finding, Severity, say

severity: Severity = Severity.ERROR

_LAST: Final = frozenset({"localhost", "local", "test", "invalid", "lan", "internal", "intranet", "corp", "home"})
_TRIAL: Final = frozenset(
    {
        *("staging", "stage", "stg", "test", "tst", "testing", "acc", "acceptatie", "acceptance", "uat"),
        *("dev", "develop", "development", "ontwikkel", "ontwikkeling", "preview", "sandbox", "preprod"),
    }
)


def check(context: Context) -> Iterator[Finding]:
    """Find links to trial sites and into private networks."""
    for link in context.links.links:
        if not link.shown or link.own or not is_web(link.url):
            continue
        answer = (context.fetched or {}).get(page_of(link.url))
        refused = isinstance(answer, FetchError) and verdict_of(answer) is Verdict.PRIVATE
        if not refused and not is_staging(host_of(link.url), context.settings.preflight.staging_hosts):
            continue
        for spot in link.spots:
            message = say("the link %(url)s leads to a site that is not for the public", url=link.url)
            remedy = say("Take over the address from the public site.")
            yield Finding(spot.place, message, remedy, spot.block)


def is_staging(host: str, named: tuple[str, ...] = ()) -> bool:
    """Tell by its name whether a host is not for the public.

    Args:
        named: Hosts that are not, with all below them.
    """
    try:
        return not is_public(str(ipaddress.ip_address(host)))
    except ValueError:
        labels = host.split(".")
    if len(labels) == 1 or labels[-1] in _LAST:
        return True
    if any(host == one.lower() or host.endswith(f".{one.lower()}") for one in named):
        return True
    return any(_TRIAL.intersection(label.split("-")) for label in labels[:-2])
