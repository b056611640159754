"""Value of a reader that holds markup, an expression or a character that cannot be seen.

Readers' values are data: whatever looks like markup or an expression in one is shown as it stands and does nothing.
But it looks odd, and somebody may have entered it in the hope that it does something.
"""

from collections.abc import Iterator

from newsletter.errors import Place
from newsletter.preflight.base import Context, Finding, Severity, say

severity: Severity = Severity.WARNING


def check(context: Context) -> Iterator[Finding]:
    """Look at what merging for everybody found."""
    for one in context.audience.values:
        if one.unsafe:
            message = say(
                "%(value)s of %(count)s readers holds markup, an expression or a control character",
                value=one.value,
                count=one.unsafe,
            )
            remedy = say("Look them up with 'newsletter subscribers export', and correct them.")
            yield Finding(Place(field=one.value), message, remedy)
