"""Markdown of items: how it is read, and what pictures it names."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Final
from urllib.parse import unquote

from markdown_it import MarkdownIt

DEPTH_LIMIT: Final = 60


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
        return self.source if (folder / self.source).is_file() else unquote(self.source)


@lru_cache(maxsize=1)
def markdown() -> MarkdownIt:
    """Give the reader of Markdown: markup in the source is shown, not interpreted."""
    return MarkdownIt("js-default", {"html": False, "linkify": False, "typographer": False, "maxNesting": DEPTH_LIMIT})


def pictures_in(source: str) -> Iterator[Named]:
    """Find the pictures that a text names."""
    if "![" not in source:
        return
    for token in markdown().parse(source):
        for child in token.children or ():
            if child.type == "image":
                yield Named(str(child.attrGet("src") or ""), token.map[0] + 1 if token.map else 1)
