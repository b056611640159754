"""Keeps copies of pictures that lie elsewhere on the web, until they have grown old."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from newsletter.clock import now
from newsletter.workspace import write_atomically

_PATIENCE: Final = timedelta(minutes=10)
"""How long after a failure a picture that there is a copy of is left alone."""


@dataclass(frozen=True, slots=True)
class Copy:
    """A picture from elsewhere as it lies on this machine.

    Args:
        problem: Why it could not be fetched anew, if it could not; the copy is an older one then.
    """

    path: Path
    content: bytes
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Missing:
    """A picture from elsewhere that there is no copy of, and why."""

    problem: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Copies:
    """The copies in one folder.

    Args:
        keep: How long a copy is used without asking whether there is a newer one.
        allow: Hosts with their port that may be fetched from although they are not public.
    """

    folder: Path
    keep: timedelta
    allow: frozenset[str]

    def of(self, urls: Iterable[str]) -> Mapping[str, Copy | Missing]:
        """Give a copy of each picture, fetched now where there is none or where it is old."""
        wanted = dict.fromkeys(urls)
        found: dict[str, Copy | Missing] = {}
        for url in wanted:
            kept = self._kept(url)
            if kept is not None:
                found[url] = kept
        missing = [url for url in wanted if url not in found]
        if missing:
            from newsletter.media.remote import fetch_copies  # brings in all of HTTP, which most issues do without

            found.update(zip(missing, fetch_copies(self, missing), strict=True))
        return {url: found[url] for url in wanted}

    def _kept(self, url: str) -> Copy | None:
        """Give the copy that there is, if it is new enough, or if to fetch it anew has failed just now."""
        known = self.notes_of(url)
        for name, time in (("fetched", self.keep), ("tried", _PATIENCE)):
            moment = known.get(name)
            if moment and now() - datetime.fromisoformat(str(moment)) < time and self.path_of(url).is_file():
                problem = str(known.get("problem", "")) if name == "tried" else ""
                return Copy(self.path_of(url), self.path_of(url).read_bytes(), problem)
        return None

    def path_of(self, url: str) -> Path:
        """Name the file of a copy."""
        return self.folder / f"{sha256(url.encode()).hexdigest()[:32]}.picture"

    def notes_of(self, url: str) -> dict[str, Any]:
        """Give what is known of a copy; nothing where there is none."""
        try:
            found = json.loads(self.path_of(url).with_suffix(".json").read_bytes())
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def note(self, url: str, notes: Mapping[str, Any]) -> None:
        """Keep what is known of a copy."""
        write_atomically(self.path_of(url).with_suffix(".json"), json.dumps(notes).encode())
