"""Fetches pictures that lie elsewhere on the web into the folder of their copies."""

import asyncio
from collections.abc import Mapping
from typing import Any, Final

from newsletter.clock import now
from newsletter.errors import FetchError
from newsletter.fetching import Fetcher, Limits
from newsletter.media.copies import Copies, Copy, Missing
from newsletter.media.model import BYTE_LIMIT, UnreadablePicture
from newsletter.media.reading import examine
from newsletter.workspace import write_atomically

_LIMITS: Final = Limits(seconds=30, at_once=6)
_ACCEPT: Final = "image/jpeg, image/png, image/gif, image/webp;q=0.9, */*;q=0.5"


def fetch_copies(copies: Copies, urls: list[str]) -> list[Copy | Missing]:
    """Fetch pictures, several at once; what cannot be fetched leaves the older copy, or is missing."""
    return asyncio.run(_fetch(copies, urls))


async def _fetch(copies: Copies, urls: list[str]) -> list[Copy | Missing]:
    async with Fetcher(_LIMITS, copies.allow) as fetcher:
        return list(await asyncio.gather(*(_fetched(copies, fetcher, url) for url in urls)))


async def _fetched(copies: Copies, fetcher: Fetcher, url: str) -> Copy | Missing:
    known = copies.notes_of(url)
    headers = {"accept": _ACCEPT}
    if known.get("etag"):
        headers["if-none-match"] = str(known["etag"])
    try:
        answer = await fetcher.get(url, max_bytes=BYTE_LIMIT, headers=headers)
        if answer.status != 304:
            await asyncio.to_thread(examine, answer.content)
    except FetchError as error:
        return _failed(
            copies, url, known, error.reason, "Open it in a browser, and correct its address if it is wrong."
        )
    except UnreadablePicture as error:
        return _failed(copies, url, known, f"what lies there {error.message}", error.remedy)
    if answer.status != 304:
        write_atomically(copies.path_of(url), answer.content)
    copies.note(url, {"url": url, "fetched": now().isoformat(), "etag": answer.headers.get("etag", "")})
    return Copy(copies.path_of(url), copies.path_of(url).read_bytes())


def _failed(copies: Copies, url: str, known: Mapping[str, Any], problem: str, remedy: str) -> Copy | Missing:
    if not copies.path_of(url).is_file():
        return Missing(problem, remedy)
    copies.note(url, {**known, "tried": now().isoformat(), "problem": problem})
    return Copy(copies.path_of(url), copies.path_of(url).read_bytes(), problem)
