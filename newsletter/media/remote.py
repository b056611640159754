"""Keeps copies of pictures that lie elsewhere on the web, and fetches them anew when they have grown old."""

import asyncio
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from newsletter.clock import now
from newsletter.fetching import Fetcher, FetchError, Limits
from newsletter.media.reading import BYTE_LIMIT, UnreadablePicture, examine
from newsletter.workspace import write_atomically

_LIMITS: Final = Limits(seconds=30, at_once=6)
_PATIENCE: Final = timedelta(minutes=10)
"""How long after a failure a picture that there is a copy of is left alone."""
_ACCEPT: Final = "image/jpeg, image/png, image/gif, image/webp;q=0.9, */*;q=0.5"


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
            found.update(zip(missing, asyncio.run(self._fetch(missing)), strict=True))
        return {url: found[url] for url in wanted}

    async def _fetch(self, urls: list[str]) -> list[Copy | Missing]:
        async with Fetcher(_LIMITS, self.allow) as fetcher:
            return list(await asyncio.gather(*(self._fetched(fetcher, url) for url in urls)))

    async def _fetched(self, fetcher: Fetcher, url: str) -> Copy | Missing:
        known = self._notes(url)
        headers = {"accept": _ACCEPT}
        if known.get("etag"):
            headers["if-none-match"] = str(known["etag"])
        try:
            answer = await fetcher.get(url, max_bytes=BYTE_LIMIT, headers=headers)
            if answer.status != 304:
                await asyncio.to_thread(examine, answer.content)
        except FetchError as error:
            return self._failed(
                url, known, error.reason, "Open it in a browser, and correct its address if it is wrong."
            )
        except UnreadablePicture as error:
            return self._failed(url, known, f"what lies there {error.message}", error.remedy)
        if answer.status != 304:
            write_atomically(self._path(url), answer.content)
        self._note(url, {"url": url, "fetched": now().isoformat(), "etag": answer.headers.get("etag", "")})
        return Copy(self._path(url), self._path(url).read_bytes())

    def _failed(self, url: str, known: Mapping[str, Any], problem: str, remedy: str) -> Copy | Missing:
        if not self._path(url).is_file():
            return Missing(problem, remedy)
        self._note(url, {**known, "tried": now().isoformat(), "problem": problem})
        return Copy(self._path(url), self._path(url).read_bytes(), problem)

    def _kept(self, url: str) -> Copy | None:
        """Give the copy that there is, if it is new enough, or if to fetch it anew has failed just now."""
        known = self._notes(url)
        for name, time in (("fetched", self.keep), ("tried", _PATIENCE)):
            moment = known.get(name)
            if moment and now() - datetime.fromisoformat(str(moment)) < time and self._path(url).is_file():
                problem = str(known.get("problem", "")) if name == "tried" else ""
                return Copy(self._path(url), self._path(url).read_bytes(), problem)
        return None

    def _path(self, url: str) -> Path:
        return self.folder / f"{sha256(url.encode()).hexdigest()[:32]}.picture"

    def _notes(self, url: str) -> dict[str, Any]:
        try:
            found = json.loads(self._path(url).with_suffix(".json").read_bytes())
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def _note(self, url: str, notes: Mapping[str, Any]) -> None:
        write_atomically(self._path(url).with_suffix(".json"), json.dumps(notes).encode())
