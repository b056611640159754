"""Text part that is missing or lacks something.

Some people read the plain text, and filters compare it with the HTML: it is there, it has every link, every title and
every fact of an event (day, place, price, until when one can register), and it says what the HTML says. What only some
readers get is looked for where the HTML for the made-up reader has its title.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Final

from newsletter.errors import Place
from newsletter.issues import Entry, Section
from newsletter.items import Event
from newsletter.markup import look, origin_of, parse
from newsletter.preflight.base import Context, Finding, Severity, say
from newsletter.render import event_date, until

severity: Severity = Severity.ERROR

_LEAST: Final = 0.2
"""The text has so much of the HTML's letters at least."""


def check(context: Context) -> Iterator[Finding]:
    """Compare the text with the HTML, and with the items of the issue."""
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
    yield from _lost(context, _plain(words))


def _lost(context: Context, shown: str) -> Iterator[Finding]:
    """Look for the titles and facts of every item that the made-up reader gets."""
    text = _plain(context.text)
    titles = Counter(entry.item.title for entry in context.entries())
    for section in context.issue.sections:
        for entry in section.entries:
            title = entry.item.title
            if _is_for_some(section, entry) and (titles[title] > 1 or _plain(title) not in shown):
                continue
            for fact in (title, *_facts(context, entry)):
                if _plain(fact) not in text:
                    message = say("“%(words)s” is not in the text", words=_plain(fact))
                    remedy = say("Report this: the text is written from the issue itself.")
                    yield Finding(context.place(entry), message, remedy, title)


def _is_for_some(section: Section, entry: Entry) -> bool:
    return section.visible_to is not None or entry.visible_to is not None


def _facts(context: Context, entry: Entry) -> Iterator[str]:
    item = entry.item
    if not isinstance(item, Event):
        return
    words, zone = context.template.translations(context.issue.language), context.settings.time_zone
    yield event_date(item, words, zone)
    yield from (fact for fact in (item.place, item.price) if fact)
    if item.open_for_registration and item.registration and item.registration.deadline:
        yield until(item.registration.deadline, words, zone)


def _plain(text: str) -> str:
    """Put one ordinary space in the place of all white space: lines are broken anywhere."""
    return " ".join(text.split())
