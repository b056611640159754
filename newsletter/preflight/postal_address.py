"""Message that does not say who sends it.

The law wants readers to know who writes to them and where they can be reached: the name of the sender and the postal
address stand in the HTML and in the text that every reader gets.
"""

from collections.abc import Iterator

from newsletter.errors import Place
from newsletter.markup import look, parse, squeeze
from newsletter.preflight.base import Context, Finding, Said, Severity, say
from newsletter.render.slots import Parts

severity: Severity = Severity.ERROR


def check(context: Context) -> Iterator[Finding]:
    """Look for both in both parts."""
    sender = context.settings.sender
    wanted = {
        say("the postal address"): (sender.postal_address,),
        say("the name of the sender"): (sender.organisation, sender.name, context.settings.name),
    }
    parts = {
        say("the HTML"): [_words(_shown(_for_everybody(variant.html))) for variant in context.compiled.variants],
        say("the text"): [_words(_for_everybody(context.compiled.text))],
    }
    for part, versions in parts.items():
        for what, texts in wanted.items():
            if not all(any(_words(text) in words for text in texts if text) for words in versions):
                yield _finding(context, what, part)


def _finding(context: Context, what: Said, part: Said) -> Finding:
    message = say("%(what)s is not in %(part)s that every reader gets", what=what, part=part)
    remedy = say(
        "Show it in the template's footer, as {{ newsletter.organisation }} and {{ newsletter.postal_address }}."
    )
    return Finding(Place(f"templates/{context.issue.template}"), message, remedy)


def _shown(html: str) -> str:
    """Give the words of everything that readers can see."""
    body = parse(html).first("body")
    seen = (one for one in body.walk() if not look(one).hidden) if body else ()
    return " ".join(child for one in seen for child in one.children if isinstance(child, str))


def _for_everybody(parts: Parts) -> str:
    return "".join(part if isinstance(part, str) else " " for part in parts)


def _words(text: str) -> str:
    """Make the same of an address on one line and on several."""
    return squeeze(text.replace(",", " ")).casefold()
