"""Text part that is missing or lacks something.

Some people read the plain text, and filters compare it with the HTML: it is there, it has every link, and it says
what the HTML says.
"""

from collections.abc import Iterator
from typing import Final

from newsletter.errors import Place
from newsletter.markup import look, origin_of, parse
from newsletter.preflight.base import Context, Finding, Severity, say

severity: Severity = Severity.ERROR

_LEAST: Final = 0.2
"""The text has so much of the HTML's letters at least."""


def check(context: Context) -> Iterator[Finding]:
    """Compare the text with the HTML."""
    page = parse(context.html)
    body = page.first("body")
    words = body.text if body else ""
    place = Place(f"issues/{context.issue.slug}/issue.yaml")
    if len(context.text.strip()) < _LEAST * len(words):
        message = say(
            "the text part has %(count)s characters, the HTML %(all)s", count=len(context.text), all=len(words)
        )
        yield Finding(place, message, say("Report this: the text is written from the issue itself."))
    seen = set()
    for link in page.find("a"):
        target = link.get("href")
        if not target.startswith(("https:", "http:", "mailto:")) or target in seen or look(link).hidden:
            continue
        seen.add(target)
        if target.removeprefix("mailto:") not in context.text:
            origin = origin_of(link, context.issue)
            message = say("the link to %(target)s is not in the text", target=target)
            remedy = say("Put it into an item or the intro, from which the text is written.")
            yield Finding(origin.place, message, remedy, origin.block)
