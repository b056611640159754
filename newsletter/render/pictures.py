"""Pictures within Markdown: which ones there are, and how they are shown in a page and in plain text."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, TypeAlias

from markdown_it import MarkdownIt
from markdown_it.token import Token

DEPTH_LIMIT: Final = 60
IMAGE_STYLE: Final = "display:block;max-width:100%;height:auto"
"""No wider than a small screen; programs that know no such rule go by width and height."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as it is shown at some width.

    Args:
        width: In pixels of the page.
        height: Likewise; None where it is not known.
    """

    url: str
    width: int
    height: int | None
    alt: str


Find: TypeAlias = Callable[[str, str], Picture | None]
"""Gives a picture by its source and by what it shows; None where there is none."""


@dataclass(frozen=True, slots=True)
class Named:
    """A picture that a text names.

    Args:
        line: Where the paragraph begins that it stands in, from 1.
    """

    source: str
    line: int


@lru_cache(maxsize=1)
def markdown() -> MarkdownIt:
    """Give the reader of Markdown: markup in the source is shown, not interpreted."""
    return MarkdownIt("js-default", {"html": False, "linkify": False, "typographer": False, "maxNesting": DEPTH_LIMIT})


def no_pictures(_source: str, _alt: str) -> Picture | None:
    """Know no picture: their words stand for them."""
    return None


def pictures_in(source: str) -> Iterator[Named]:
    """Find the pictures that a text names."""
    if "![" not in source:
        return
    for token in markdown().parse(source):
        for child in token.children or ():
            if child.type == "image":
                yield Named(str(child.attrGet("src") or ""), token.map[0] + 1 if token.map else 1)


def show(children: Sequence[Token], pictures: Find) -> list[Token]:
    """Give each picture its published address and its size; one that is not known becomes its own words."""
    shown: list[Token] = []
    for child in children:
        if child.type != "image":
            shown.append(child)
            continue
        alt = _words(child.children or ())
        found = pictures(str(child.attrGet("src") or ""), alt)
        if found is None:
            shown.append(Token("text", "", 0, content=alt))
            continue
        child.attrs = {"src": found.url, "alt": alt, "width": found.width, "style": IMAGE_STYLE}
        if found.height is not None:
            child.attrs["height"] = found.height
        child.content = alt
        shown.append(child)
    return shown


def _words(children: Sequence[Token]) -> str:
    """Give what stands for a picture as plain words; those of a picture within it too."""
    words = [_words(child.children) if child.children else child.content for child in children]
    breaks = {"softbreak": " ", "hardbreak": " "}
    return "".join(breaks.get(child.type, word) for child, word in zip(children, words, strict=True))
