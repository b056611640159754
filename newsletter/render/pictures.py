"""Pictures as they are shown, and put in the place of those that Markdown names."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from markdown_it.token import Token

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


def no_pictures(_source: str, _alt: str) -> Picture | None:
    """Know no picture: their words stand for them."""
    return None


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
        height = {} if found.height is None else {"height": found.height}
        child.attrs = {"src": found.url, "alt": alt, "width": found.width, **height, "style": IMAGE_STYLE}
        child.content = alt
        shown.append(child)
    return shown


def _words(children: Sequence[Token]) -> str:
    """Give what stands for a picture as plain words; those of a picture within it too."""
    words = [_words(child.children) if child.children else child.content for child in children]
    breaks = {"softbreak": " ", "hardbreak": " "}
    return "".join(breaks.get(child.type, word) for child, word in zip(children, words, strict=True))
