"""Link that could not be checked.

Its site keeps programs out, or asks for a password. Readers may well get there: a person has to look.
"""

from collections.abc import Iterator

from newsletter.errors import FetchError
from newsletter.links import Verdict, page_of, verdict_of
from newsletter.preflight.base import Context, Finding, Severity, say

severity: Severity = Severity.HINT


def check(context: Context) -> Iterator[Finding]:
    """Find links that only a person can look at."""
    for link in context.links.web:
        error = (context.fetched or {}).get(page_of(link.url))
        if not isinstance(error, FetchError) or verdict_of(error) is not Verdict.UNCHECKED:
            continue
        if error.status in (401, 407):
            message = say("the link %(url)s asks for a password", url=link.url)
            remedy = say("Make sure that your readers have one, or link to something that is open.")
        else:
            message = say("the link %(url)s could not be checked: its site keeps programs out", url=link.url)
            remedy = say("Open it in a browser.")
        for spot in link.spots:
            yield Finding(spot.place, message, remedy, spot.block)
