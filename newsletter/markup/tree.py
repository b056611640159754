"""Reads HTML into elements; what stands in comments for Outlook is kept beside them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from html.parser import HTMLParser
from typing import Final, TypeAlias

VOID: Final = frozenset(
    ("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr")
)
UNSHOWN: Final = frozenset(("head", "script", "style", "template", "title", "noscript"))
_IMPLIED: Final[Mapping[str, frozenset[str]]] = {
    "li": frozenset(("li",)),
    "p": frozenset(("p",)),
    "td": frozenset(("td", "th")),
    "th": frozenset(("td", "th")),
    "tr": frozenset(("tr", "td", "th")),
}
_STOPS: Final = frozenset(("table", "ul", "ol", "div", "body", "html"))


@dataclass(eq=False)
class Element:
    """An element of a page.

    Args:
        attributes: By their names in small letters; one without a value is empty.
        children: Elements and texts, in their order.
    """

    tag: str
    attributes: Mapping[str, str]
    parent: "Element | None" = None
    children: "list[Node]" = field(default_factory=list)

    def walk(self) -> Iterator["Element"]:
        """Give this element and all inside it, in their order."""
        waiting = [self]
        while waiting:
            one = waiting.pop()
            yield one
            waiting += [child for child in reversed(one.children) if isinstance(child, Element)]

    def find(self, *tags: str) -> Iterator["Element"]:
        """Give the elements inside it with one of these tags."""
        return (one for one in self.walk() if one.tag in tags)

    def ancestors(self) -> Iterator["Element"]:
        """Give what it stands in, from the inside out."""
        above = self.parent
        while above is not None:
            yield above
            above = above.parent

    def within(self, *tags: str) -> bool:
        """Whether it stands in an element with one of these tags."""
        return any(one.tag in tags for one in self.ancestors())

    def get(self, name: str) -> str:
        """Give an attribute; empty where there is none."""
        return self.attributes.get(name, "")

    @property
    def text(self) -> str:
        """The words in it, white space squeezed; the alternative texts of pictures are not among them."""
        return squeeze("".join(self._texts(pictures=False)))

    @property
    def name(self) -> str:
        """What assistive technology reads out for it: its label, or else its words and alternative texts."""
        label = squeeze(self.get("aria-label"))
        return label or squeeze("".join(self._texts(pictures=True))) or squeeze(self.get("title"))

    def _texts(self, *, pictures: bool) -> Iterator[str]:
        waiting = [*reversed(self.children)]
        while waiting:
            child = waiting.pop()
            if isinstance(child, str):
                yield child
            elif child.tag == "img":
                yield f" {child.get('alt')} " if pictures else " "
            elif child.tag not in UNSHOWN:
                border = "" if child.tag in _INLINE else " "
                waiting += [border, *reversed(child.children), border]


_INLINE: Final = frozenset(
    (
        *("a", "abbr", "b", "bdi", "cite", "code", "del", "em", "font", "i", "ins", "mark", "q", "s", "small"),
        *("span", "strong", "sub", "sup", "time", "u"),
    )
)
Node: TypeAlias = Element | str


@dataclass(frozen=True, eq=False)
class Page:
    """A page that was read.

    Args:
        root: Holds everything.
        comments: As they stand, without their marks.
        loose: Tags that close nothing, and those that nothing closes.
    """

    root: Element
    comments: tuple[str, ...]
    loose: tuple[str, ...]

    def find(self, *tags: str) -> Iterator[Element]:
        """Give the elements with one of these tags."""
        return self.root.find(*tags)

    def first(self, tag: str) -> Element | None:
        """Give the first element with a tag."""
        return next(self.find(tag), None)

    @property
    def stylesheets(self) -> str:
        """What stands in `<style>` elements."""
        return "\n".join("".join(map(str, one.children)) for one in self.find("style"))


@lru_cache(maxsize=8)
def parse(html: str) -> Page:
    """Read a page; the same page is read once."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.page()


def squeeze(text: str) -> str:
    """Make one space of every run of white space, and trim."""
    return " ".join(text.split())


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._root = Element("", {})
        self._open = [self._root]
        self._comments: list[str] = []
        self._loose: list[str] = []

    def page(self) -> Page:
        unclosed = [one.tag for one in self._open[1:] if one.tag not in ("html", "body", "p", "li", "td", "tr", "th")]
        return Page(self._root, tuple(self._comments), (*self._loose, *unclosed))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._imply(tag)
        parent = self._open[-1]
        element = Element(tag, {name: value or "" for name, value in reversed(attrs)}, parent)
        parent.children.append(element)
        if tag not in VOID:
            self._open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        for depth in range(len(self._open) - 1, 0, -1):
            if self._open[depth].tag == tag:
                self._loose += [one.tag for one in self._open[depth + 1 :] if one.tag not in _IMPLIED]
                del self._open[depth:]
                return
        self._loose.append(f"/{tag}")

    def handle_data(self, data: str) -> None:
        self._open[-1].children.append(data)

    def handle_comment(self, data: str) -> None:
        self._comments.append(data)

    def _imply(self, tag: str) -> None:
        for depth in range(len(self._open) - 1, 0, -1):
            above = self._open[depth].tag
            if above in _STOPS:
                return
            if above in _IMPLIED.get(tag, ()):
                del self._open[depth:]
                return
