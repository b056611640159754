"""Message without a link to leave.

Every reader must be able to leave, in the HTML and in the text, whatever conditions they meet: the link stands in no
block that only some readers get, it can be seen, and it has a name.
"""

from collections.abc import Iterator

from newsletter.errors import Place
from newsletter.markup import look, parse
from newsletter.preflight.base import Context, Finding, Severity, say
from newsletter.render.slots import Parts, ReaderLink, Slot

severity: Severity = Severity.ERROR

_NAME = "unsubscribe"


def check(context: Context) -> Iterator[Finding]:
    """Look for the link in both parts."""
    place = Place(f"templates/{context.issue.template}")
    remedy = say("Put {{ links.unsubscribe }} into the template's footer, outside of any condition.")
    if not all(_has_link(variant.html) for variant in context.compiled.variants):
        yield Finding(place, say("not every reader gets a link to unsubscribe in the HTML"), remedy)
    elif not _is_shown(context):
        message = say("the link to unsubscribe cannot be seen in the HTML")
        yield Finding(place, message, say("Show it as a link with words, such as “Unsubscribe”."))
    if not _has_link(context.compiled.text):
        yield Finding(place, say("not every reader gets a link to unsubscribe in the text"), remedy)


def _has_link(parts: Parts) -> bool:
    """Whether the link stands where everybody gets it; what stands in a block does not count."""
    return any(isinstance(one, Slot) and isinstance(one.value, ReaderLink) and one.value.name == _NAME for one in parts)


def _is_shown(context: Context) -> bool:
    links = (link for link in parse(context.html).find("a") if "/leave/" in link.get("href"))
    return any(link.name and not look(link).hidden and look(link).size > 0 for link in links)
