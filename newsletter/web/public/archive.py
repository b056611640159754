"""The archive: all issues that have gone out to the public, by year, with a search."""

from typing import Any, Final

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from newsletter.web.archive.library import Volume
from newsletter.web.archive.search import LONGEST_QUERY
from newsletter.web.site import Site, site_of

PAGE: Final = 20
LATEST: Final = 3
SECONDS: Final = 60


async def get(request: Request) -> Response:
    """Show a page of the archive, or what was found in it."""
    site = open_archive(request)
    query = request.query_params.get("q", "").strip()[:LONGEST_QUERY]
    number = request.query_params.get("page", "1")
    if not number.isascii() or not number.isdigit() or len(number) > 6:
        raise HTTPException(404)
    found = await run_in_threadpool(_found, site, query)
    pages = max(-(-len(found) // PAGE), 1)
    if not 1 <= int(number) <= pages:
        raise HTTPException(404)
    start = (int(number) - 1) * PAGE
    return site.pages.show(
        request,
        "archive.html.j2",
        found=found[start : start + PAGE],
        count=len(found),
        query=query,
        number=int(number),
        pages=pages,
        personal=bool(query),
        switches=not query,
        seconds=0 if query else SECONDS,
    )


async def home(request: Request) -> Response:
    """Show the front page: what this is, how to join, and the latest issues."""
    site = site_of(request)
    listed = await run_in_threadpool(site.library.listed) if site.there.settings.web.archive else ()
    return site.pages.show(
        request,
        "home.html.j2",
        lists=list(site.public_lists.values()),
        latest=[{"volume": one, "excerpt": None} for one in listed[:LATEST]],
        personal=False,
        switches=True,
        seconds=SECONDS,
    )


def open_archive(request: Request) -> Site:
    """Give the site, if it has an archive.

    Raises:
        HTTPException: It has none.
    """
    site = site_of(request)
    if not site.there.settings.web.archive:
        raise HTTPException(404)
    return site


def _found(site: Site, query: str) -> list[dict[str, Any]]:
    volumes: tuple[Volume, ...] = site.library.listed()
    if not query:
        return [{"volume": one, "excerpt": None} for one in volumes]
    hits = site.library.index(volumes).search(query)
    return [{"volume": volumes[hit.number], "excerpt": hit.excerpt} for hit in hits]
