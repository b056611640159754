"""Where the parts of an outbox lie."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Library:
    """An outbox's folder.

    Args:
        media_url: What the addresses of published pictures begin with, with a slash at the end.
        media: Where these lie on this machine, if anybody knows.
        language: Of the pages.
    """

    folder: Path
    media_url: str
    media: Path | None
    language: str

    @property
    def messages(self) -> Path:
        """Where the .eml files lie."""
        return self.folder / "messages"

    @property
    def views(self) -> Path:
        """Where the parts of messages lie, for a browser."""
        return self.folder / "view"

    @property
    def index(self) -> Path:
        """The index page."""
        return self.folder / "index.html"
