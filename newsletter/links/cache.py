"""Remembers for a day what links led to, so that checking an issue again costs its hosts nothing."""

import hashlib
import json
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from newsletter.fetching import Fetched, Redirect
from newsletter.workspace import write_atomically

FRESH: Final = timedelta(days=1)
KEPT: Final = timedelta(days=30)
_HEADERS: Final = ("content-type", "etag", "last-modified")


@dataclass(frozen=True, slots=True)
class Remembered:
    """What a link led to some time ago.

    Args:
        whole: Whether its content was fetched too.
    """

    fetched: Fetched
    whole: bool
    checked: datetime

    @property
    def validators(self) -> dict[str, str]:
        """What to send along to be told whether it is still the same; empty where the server gave nothing for it."""
        headers = self.fetched.headers
        pairs = (("if-none-match", "etag"), ("if-modified-since", "last-modified"))
        return {question: headers[name] for question, name in pairs if name in headers}


@dataclass(frozen=True, slots=True)
class LinkCache:
    """A folder with a file for each page that was reached; what could not be reached is asked again each time."""

    folder: Path
    now: datetime

    def find(self, url: str, *, whole: bool) -> Remembered | None:
        """Give what is known of a page, however old.

        Args:
            whole: With its content.
        """
        try:
            head, _, content = self._file(url).read_bytes().partition(b"\n")
            data = json.loads(head)
            redirects = tuple(Redirect(one["status"], one["target"]) for one in data["redirects"])
            fetched = Fetched(data["url"], data["status"], data["headers"], content, redirects)
            found = Remembered(fetched, data["whole"], datetime.fromisoformat(data["checked"]))
            return found if data["asked"] == url and (found.whole or not whole) else None
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def is_fresh(self, remembered: Remembered) -> bool:
        """Whether it need not be asked again."""
        return timedelta(0) <= self.now - remembered.checked < FRESH

    def keep(self, url: str, fetched: Fetched, *, whole: bool) -> None:
        """Remember what a page answered.

        Raises:
            WorkspaceError: The folder cannot be written.
        """
        head = {
            "asked": url,
            "url": fetched.url,
            "status": fetched.status,
            "headers": {name: fetched.headers[name] for name in _HEADERS if name in fetched.headers},
            "redirects": [asdict(one) for one in fetched.redirects],
            "whole": whole,
            "checked": self.now.isoformat(),
        }
        content = fetched.content if whole else b""
        write_atomically(self._file(url), json.dumps(head).encode() + b"\n" + content)

    def tidy(self) -> None:
        """Forget what has not been asked for a month."""
        for path in self.folder.glob("*.page"):
            with suppress(OSError):
                if self.now.timestamp() - path.stat().st_mtime > KEPT.total_seconds():
                    path.unlink()

    def _file(self, url: str) -> Path:
        return self.folder / f"{hashlib.sha256(url.encode()).hexdigest()[:32]}.page"
