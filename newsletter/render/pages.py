"""Remembers pages with their styles inlined, so that a page that has not changed is not worked out again.

Each is named by all that it was made from, so none can be out of date: the whole folder may be deleted at any time.
"""

import hashlib
from collections.abc import Sequence
from contextlib import suppress
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Final, Protocol

from newsletter.errors import NOWHERE, Place, WorkspaceError
from newsletter.render import inline, narrowing, quoting
from newsletter.workspace import write_atomically

KEPT: Final = 32
"""The pages that are kept; those that were made longest ago go first."""

_MADE_BY: Final = ("premailer", "cssutils", "lxml")
_OURS: Final = (inline, narrowing, quoting)


class Inliner(Protocol):
    """Writes style sheets into the elements they match; see `inline.inline`."""

    def __call__(self, html: str, css: Sequence[str], where: Place = NOWHERE) -> str:
        """Give the page with its styles in it."""


class PageCache:
    """The pages in one folder; inlines those that are not there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, html: str, css: Sequence[str], where: Place = NOWHERE) -> str:
        """Write style sheets into the elements they match; see `inline.inline`.

        Raises:
            TemplateError: As there.
        """
        file = self.folder / f"{_name(html, css)}.html"
        with suppress(OSError, UnicodeDecodeError):
            return file.read_bytes().decode()
        page = inline.inline(html, css, where)
        # A folder that cannot be written to costs time only.
        with suppress(OSError, WorkspaceError):
            write_atomically(file, page.encode())
            self._drop_old()
        return page

    def _drop_old(self) -> None:
        pages = sorted((path.stat().st_mtime_ns, path) for path in self.folder.glob("*.html"))
        for _, path in pages[:-KEPT]:
            path.unlink(missing_ok=True)


def _name(html: str, css: Sequence[str]) -> str:
    digest = hashlib.sha256(_makers())
    for text in (html, *css):
        digest.update(hashlib.sha256(text.encode()).digest())
    return digest.hexdigest()


@lru_cache(maxsize=1)
def _makers() -> bytes:
    """Name what makes a page: the packages by version, our own part by its source."""
    ours = [hashlib.sha256(Path(str(module.__file__)).read_bytes()).hexdigest() for module in _OURS]
    return " ".join([*(version(package) for package in _MADE_BY), *ours]).encode()
