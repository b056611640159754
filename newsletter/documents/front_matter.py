"""Front matter: the YAML between two lines of three dashes, before a text."""

import re
from dataclasses import dataclass
from typing import Final

from newsletter.errors import ContentError, Place

_FENCE: Final = re.compile(r"\A---[ \t]*\r?\n(.*?\r?\n)??---[ \t]*(?:\r?\n|\Z)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """A text split into its front matter and its body.

    Args:
        matter: The lines between the dashes, each with its end.
        start: Where the front matter's first line begins in the text.
        body_line: The number of the body's first line.
    """

    matter: str
    start: int
    body: str
    body_line: int


def split_front_matter(text: str, name: str) -> FrontMatter:
    """Split a text at the two lines of three dashes.

    Raises:
        ContentError: The text does not begin with front matter, or it has no end.
    """
    found = _FENCE.match(text)
    if found is None:
        begun = text.startswith("---")
        raise ContentError(
            "the front matter has no end" if begun else "the front matter is missing",
            where=Place(name, 1, 1),
            remedy="End it with a line of three dashes." if begun else "Begin with '---', 'kind: article', …, '---'.",
        )
    start = text.index("\n") + 1
    return FrontMatter(found[1] or "", start, text[found.end() :], text[: found.end()].count("\n") + 1)
