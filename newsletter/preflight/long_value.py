"""Value of a reader that is too long to be shown well.

Names and places of more than sixty characters are mostly mistakes of an import: a whole row in one column.
"""

from collections.abc import Iterator

from newsletter.errors import Place
from newsletter.preflight.base import Context, Finding, Severity, say

severity: Severity = Severity.WARNING


def check(context: Context) -> Iterator[Finding]:
    """Look at what merging for everybody found."""
    for one in context.audience.values:
        if one.long:
            message = say(
                "%(value)s of %(count)s readers is too long; the longest has %(longest)s characters",
                value=one.value,
                count=one.long,
                longest=one.longest,
            )
            remedy = say("Look them up with 'newsletter subscribers export', and correct them.")
            yield Finding(Place(field=one.value), message, remedy)
