"""Link that cannot be reached at the moment.

Its server does not answer, answers with an error of its own, or is too slow. That may be over in an hour, or last.
"""

from collections.abc import Iterator
from typing import Final

from newsletter.errors import FetchError
from newsletter.links import Verdict, page_of, verdict_of
from newsletter.preflight.base import Context, Finding, Said, Severity, say

severity: Severity = Severity.WARNING

_BY_KIND: Final = {
    "timeout": "its server does not answer in time",
    "connection": "its server does not take the connection",
}


def check(context: Context) -> Iterator[Finding]:
    """Find links to servers that are in trouble."""
    for link in context.links.web:
        error = (context.fetched or {}).get(page_of(link.url))
        if not isinstance(error, FetchError) or verdict_of(error) is not Verdict.UNREACHABLE:
            continue
        for spot in link.spots:
            message = say("the link %(url)s cannot be reached: %(reason)s", url=link.url, reason=_reason(error))
            remedy = say("Check again later. If it stays, ask who runs the site, or link to something else.")
            yield Finding(spot.place, message, remedy, spot.block)


def _reason(error: FetchError) -> Said:
    if error.status is not None:
        return say("its server answers with the error %(status)s", status=error.status)
    return say(_BY_KIND.get(error.kind, "it cannot be fetched"))
