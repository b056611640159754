"""Markup or style that a mail client knows only in part.

Looked at is the same as for `compatibility`. What the part is, stands in the data's own words, which are English.
"""

from collections.abc import Iterator

from newsletter.compatibility import Level
from newsletter.preflight.base import Context, Finding, Severity, say

severity: Severity = Severity.HINT


def check(context: Context) -> Iterator[Finding]:
    """Tell each feature once, where it stands first."""
    for verdict in context.verdicts:
        if verdict.level is Level.PARTLY:
            message = say(
                "%(feature)s is known only in part by %(clients)s, as tested on %(tested)s (data of %(day)s)",
                **verdict.facts,
            )
            remedy = say("See whether your use of it is among what works: %(url)s.", url=verdict.feature.url)
            yield Finding(verdict.uses[0].place, message, remedy)
