"""Lead that is too long to be one.

A lead or a summary tells in a few lines what the item is about; longer ones make readers scroll past the rest. How
many characters it may have stands in `longest_lead`.
"""

from collections.abc import Iterator

from newsletter.manuscript import Role
from newsletter.preflight.base import Context, Finding, Severity, say

severity: Severity = Severity.WARNING


def check(context: Context) -> Iterator[Finding]:
    """Measure every lead and summary."""
    longest = context.settings.preflight.longest_lead
    for passage in context.manuscript.of(Role.LEAD):
        count = len(" ".join(passage.text.split()))
        if count > longest:
            message = say("the lead has %(count)s characters; %(longest)s are enough", count=count, longest=longest)
            yield Finding(passage.place, message, say("Shorten it; the rest belongs in the body."), passage.block)
