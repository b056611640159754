"""Message without a title.

The title is what screen readers say first, and what stands on the tab when the message is opened by itself.
"""

from collections.abc import Iterator

from newsletter.errors import Place
from newsletter.markup import parse, squeeze
from newsletter.preflight.base import Context, Finding, Severity, say

severity: Severity = Severity.ERROR


def check(context: Context) -> Iterator[Finding]:
    """Look for the title."""
    title = parse(context.html).first("title")
    if title is None or not squeeze("".join(map(str, title.children))):
        place = Place(f"templates/{context.issue.template}")
        yield Finding(place, say("the message has no title"), say("Write <mj-title> with the subject in it."))
