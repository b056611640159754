"""Place in the text that stays empty for some readers.

A value such as a first name is not known of everybody. Where it is shown without anything in its stead, those
readers see a gap, as in “Dag ,”.
"""

from collections.abc import Iterator

from newsletter.errors import Place
from newsletter.preflight.base import Context, Finding, Severity, say

severity: Severity = Severity.WARNING


def check(context: Context) -> Iterator[Finding]:
    """Look at what merging for everybody found."""
    for one in context.audience.values:
        if one.missing:
            message = say(
                "{{ %(value)s }} stays empty for %(count)s of %(readers)s readers",
                value=one.value,
                count=one.missing,
                readers=context.audience.readers,
            )
            remedy = say("Write what they see instead, as in {{ %(value)s or 'lezer' }}.", value=one.value)
            yield Finding(Place(f"issues/{context.issue.slug}/issue.yaml"), message, remedy)
