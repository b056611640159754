"""Markdown of items: how it is read, how deeply it is nested, and what pictures it names."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Final
from urllib.parse import unquote

from markdown_it import MarkdownIt
from markdown_it.token import Token

from newsletter.workspace import has_file

DEPTH_LIMIT: Final = 40
"""How many elements of a text may stand within one another; those of the template stand around them."""
_READ_TO: Final = 60
"""Where reading stops and the rest of a text would be lost; far enough behind the limit to know that it is passed."""
_NESTING: Final = re.compile(r"^[ \t>*+.)\d-]{10,}", re.MULTILINE)
_SIGN: Final = re.compile(r"[*_~\[]")
_FEW_SIGNS: Final = 20


@dataclass(frozen=True, slots=True)
class Named:
    """A picture that a text names.

    Args:
        source: Special characters stand in it with percent signs.
        line: Where the paragraph begins that it stands in, from 1.
    """

    source: str
    line: int

    @property
    def is_beside(self) -> bool:
        """Whether it is to lie in the folder of the item, or below it."""
        path = PurePosixPath(unquote(self.source))
        outside = path.is_absolute() or ".." in path.parts or "\\" in str(path) or ":" in self.source
        return bool(self.source) and not outside

    @property
    def is_elsewhere(self) -> bool:
        """Whether it is a whole address of the web."""
        return self.source.startswith(("http://", "https://"))

    def file_in(self, folder: Path) -> str:
        """Give the name of its file as it lies in a folder: in Markdown it may be written with percent signs."""
        return self.source if has_file(folder / self.source) else unquote(self.source)


@lru_cache(maxsize=1)
def markdown() -> MarkdownIt:
    """Give the reader of Markdown: markup in the source is shown, not interpreted."""
    return MarkdownIt("js-default", {"html": False, "linkify": False, "typographer": False, "maxNesting": _READ_TO})


def too_deep(tokens: Sequence[Token]) -> int | None:
    """Give the line, from 1, of the first paragraph that is nested more deeply than a text may be; None without one."""
    line = 1
    for token in tokens:
        line = token.map[0] + 1 if token.map else line
        inner = max((child.level for child in token.children or ()), default=0)
        if token.level + inner > DEPTH_LIMIT:
            return line
    return None


def line_too_deep(source: str) -> int | None:
    """Do the same for a text; one that has few signs to nest anything with is not read for it."""
    if _NESTING.search(source) is None and len(_SIGN.findall(source)) < _FEW_SIGNS:
        return None
    return too_deep(markdown().parse(source))


def pictures_in(source: str) -> Iterator[Named]:
    """Find the pictures that a text names."""
    if "![" not in source:
        return
    for token in markdown().parse(source):
        for child in token.children or ():
            if child.type == "image":
                yield Named(str(child.attrGet("src") or ""), token.map[0] + 1 if token.map else 1)
