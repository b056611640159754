"""No browser looked whether every reader can use the message.

There is no Chromium here, or no axe-core, so that only what can be seen without a browser was looked at.
"""

from collections.abc import AsyncIterator

from newsletter.errors import Place
from newsletter.preflight.accessibility import lacking
from newsletter.preflight.base import Context, Finding, Severity, say

severity: Severity = Severity.HINT


async def check(context: Context) -> AsyncIterator[Finding]:
    """See whether they are there."""
    missing = lacking()
    if missing is None:
        return
    how = "apt install chromium" if missing == "Chromium" else "pip install 'newsletter[browser]'"
    message = say("%(program)s is not installed; it did not look at the message", program=missing)
    remedy = say("Install it, for instance by “%(how)s”, or switch this check off.", how=how)
    yield Finding(Place(f"issues/{context.issue.slug}/issue.yaml"), message, remedy)
