"""Finds the links in a finished message, as its readers meet them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Final

from newsletter.render import CompiledIssue
from newsletter.render.slots import Block, Parts

PERSONAL: Final = "\ufffc"
"""Stands for a value of one reader's own."""

_IN_BRACKETS: Final = re.compile(r"<((?:https?://|mailto:|tel:)[^<>\s]+)>", re.IGNORECASE)
_BARE: Final = re.compile(r"https?://[^\s<>\"]+[^\s<>\".,;:!?)\]’”']", re.IGNORECASE)


@dataclass
class Shown:
    """What a message holds: where links lead with the words they stand under, and what can be led to within it."""

    texts: dict[str, dict[str, None]] = field(default_factory=dict)
    anchors: set[str] = field(default_factory=set)

    def add(self, url: str, text: str | None) -> None:
        """Note a link."""
        if url and url != PERSONAL:
            texts = self.texts.setdefault(url, {})
            if text:
                texts[text] = None


def links_shown(compiled: CompiledIssue) -> Shown:
    """Find the links that any reader gets, those of the reader's own aside."""
    shown = Shown()
    for html in {"".join(_flat(variant.html)): None for variant in compiled.variants}:
        _Page(shown).feed(html)
    text = text_shown(compiled)
    for found in _IN_BRACKETS.finditer(text):
        shown.add(found[1], None)
    for found in _BARE.finditer(_IN_BRACKETS.sub(" ", text)):
        shown.add(found[0], None)
    return shown


def text_shown(compiled: CompiledIssue) -> str:
    """Give the text part with all that any reader gets."""
    return "".join(_flat(compiled.text))


def _flat(parts: Parts) -> Iterator[str]:
    """Write parts as one text: all blocks, and a mark for each value of one reader's own."""
    for part in parts:
        if isinstance(part, str):
            yield part
        elif isinstance(part, Block):
            yield from _flat(part.parts)
        else:
            yield PERSONAL


class _Page(HTMLParser):
    """Reads links with their words; what stands in comments is for one old mail client and repeats what others see."""

    def __init__(self, shown: Shown) -> None:
        super().__init__(convert_charrefs=True)
        self.shown = shown
        self.url: str | None = None
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.shown.anchors.update(value for name in ("id", "name") if (value := given.get(name)))
        if tag == "a" and (href := given.get("href")) is not None:
            self.url, self.words = href.strip(), []
        elif tag == "img" and self.url is not None:
            self.words.append(given.get("alt") or "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "a" and self.url is not None:
            self.shown.add(self.url, " ".join(" ".join(self.words).split()))
            self.url = None

    def handle_data(self, data: str) -> None:
        if self.url is not None:
            self.words.append(data)


def anchors_of(html: str) -> frozenset[str]:
    """Give the names within a page that an address can lead to behind `#`."""
    shown = Shown()
    _Page(shown).feed(html)
    return frozenset(shown.anchors)
