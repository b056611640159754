"""Readers with an address that no message can be written to.

They are left out when the issue is sent, and counted as such in its receipt.
"""

from collections.abc import Iterator

from newsletter.errors import Place
from newsletter.preflight.base import Context, Finding, Severity, say

severity: Severity = Severity.WARNING


def check(context: Context) -> Iterator[Finding]:
    """Look at what merging for everybody found."""
    audience = context.audience
    if audience.unwritable:
        message = say(
            "%(count)s of %(readers)s readers have an address that no message can be written to",
            count=audience.unwritable,
            readers=audience.readers,
        )
        remedy = say("Look them up with 'newsletter subscribers export', and correct or remove them.")
        yield Finding(Place(field="subscriber.email"), message, remedy)
