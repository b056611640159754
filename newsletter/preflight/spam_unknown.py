"""Nobody asked a spam filter.

SpamAssassin is not installed here, so that nobody knows what filters make of the message.
"""

import shutil
from collections.abc import AsyncIterator

from newsletter.errors import Place
from newsletter.preflight.base import Context, Finding, Severity, say
from newsletter.preflight.spam_score import PROGRAM

severity: Severity = Severity.HINT


async def check(context: Context) -> AsyncIterator[Finding]:
    """See whether it is there."""
    if shutil.which(PROGRAM) is None:
        message = say("SpamAssassin is not installed; it was not asked")
        remedy = say("Install it, for instance by 'apt install spamassassin', or switch this check off.")
        yield Finding(Place(f"issues/{context.issue.slug}/issue.yaml"), message, remedy)
