"""Tells which item of an issue a part of its message comes from."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from newsletter.errors import Place
from newsletter.issues import Issue
from newsletter.markup.tree import Element, squeeze

_HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))


@dataclass(frozen=True, slots=True)
class Origin:
    """Where something in a message is from.

    Args:
        block: The title of the item; empty for what belongs to none.
    """

    place: Place
    block: str


def origin_of(element: Element, issue: Issue) -> Origin:
    """Find the item whose title stands in or before an element, its own row or column first; else the template."""
    return origin_among((_headings(around) for around in (element, *element.ancestors())), issue)


def origin_among(headings: Iterable[Sequence[str]], issue: Issue) -> Origin:
    """Find the item that something belongs to by the headings around it; else the template.

    Args:
        headings: The words of those in the element itself, in what it stands in, and so on outwards.
    """
    titles = {squeeze(entry.item.title).casefold(): entry for section in issue.sections for entry in section.entries}
    for number, words in enumerate(headings):
        known = (squeeze(heading).casefold() for heading in words)
        named = [titles[heading] for heading in known if heading in titles]
        if len(named) == 1 or (named and number == 0):
            entry = named[0]
            return Origin(Place(f"issues/{issue.slug}/{entry.file}"), entry.item.title)
        if len(named) > 1:
            break
    return Origin(Place(f"templates/{issue.template}"), "")


def _headings(element: Element) -> list[str]:
    return [one.text for one in element.walk() if one.tag in _HEADINGS]
