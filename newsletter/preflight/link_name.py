"""Link without a name, or one name for several targets.

Links are read out in a list, one after the other: each has words or a picture with an alternative text, and the same
words lead to the same place.
"""

from collections.abc import Iterator

from newsletter.markup import Element, look, origin_of, parse
from newsletter.preflight.base import Context, Finding, Severity, say

severity: Severity = Severity.WARNING


def check(context: Context) -> Iterator[Finding]:
    """Look at every link that is shown."""
    targets: dict[str, str] = {}
    for link in parse(context.html).find("a"):
        target = link.get("href")
        if not target or look(link).hidden:
            continue
        origin = origin_of(link, context.issue)
        if not link.name:
            message = say("a link to %(target)s has no name", target=target)
            yield Finding(origin.place, message, say("Put words into it, or take it out."), origin.block)
        elif targets.setdefault(_key(link), target) != target:
            message = say("several links are called “%(name)s”, but lead to different places", name=link.name)
            remedy = say("Name what each leads to.")
            yield Finding(origin.place, message, remedy, origin.block)


def _key(link: Element) -> str:
    return link.name.casefold()
