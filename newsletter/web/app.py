"""Puts the site together: every address, what it answers with, and what is said when something is wrong."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Final

import anyio.to_thread
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from newsletter.errors import StoreError
from newsletter.web import hooks
from newsletter.web.access import Access, Endpoint, own_forms_only
from newsletter.web.public import (
    archive,
    come_back,
    confirm,
    feeds,
    files,
    health,
    issue,
    join,
    leave,
    link,
    own_data,
    preferences,
)
from newsletter.web.site import Site, site_of

THREADS: Final = 12
"""How many questions to the database are under way at once."""


def build_app(site: Site) -> ASGIApp:
    """Make the site as an application of ASGI."""
    app = Starlette(
        routes=routes(site),
        exception_handlers={HTTPException: _refuse, StoreError: _wait, Exception: _fail},
        lifespan=_lifespan(site),
    )
    app.router.redirect_slashes = False
    app.state.site = site
    settings = site.there.settings
    return Access(
        app,
        base=site.base,
        is_https=site.origin.startswith("https:"),
        proxies=settings.web.proxies,
        logs=settings.web.log_requests,
    )


def routes(site: Site) -> list[Route]:
    """Give every address. Forms are taken from our own pages only, but where it is said that anybody may send one."""
    return [
        # First, because mail systems come by thousands. They send no origin: whoever knows the token may leave.
        _page("/leave/{token}", leave.get, leave.post, from_anywhere=True),
        _page("/", archive.home),
        _page("/join", join.get, join.post, from_anywhere=True),
        _page("/join/{list}", join.get, join.post, from_anywhere=True),
        _page("/join/{list}/embed", join.get, join.post, from_anywhere=True),
        _page("/confirm/{token}", confirm.get, confirm.post),
        _page("/return/{token}", come_back.get, come_back.post),
        _page("/link", link.get, link.post),
        _page("/preferences/{token}", preferences.get, preferences.post),
        _page("/preferences/{token}/address", own_data.get_address, own_data.post_address),
        _page("/preferences/{token}/data", own_data.get_data),
        _page("/preferences/{token}/data.json", own_data.get_json),
        _page("/preferences/{token}/erase", own_data.get_erase, own_data.post_erase),
        _page("/issues/{slug}/", issue.get),
        _page("/archive/", archive.get),
        *(_page(f"/archive/feed.{kind}", feeds.get, kind=kind) for kind in feeds.WRITERS),
        _page("/media/{name}", files.media),
        _page("/static/{name}", files.style),
        _page("/robots.txt", files.robots),
        _page("/favicon.ico", files.no_icon),
        _page("/health", health.get),
        Route("/hooks/{provider}", hooks.post, methods=["POST"]),
        *(_page(path, _slash(site.base)) for path in ("/archive", "/issues/{slug}")),
        *(_page(path, _no_slash(site.base)) for path in ("/join/", "/join/{list}/", "/link/")),
    ]


def _page(
    path: str, get: Endpoint, post: Endpoint | None = None, *, from_anywhere: bool = False, kind: str = ""
) -> Route:
    async def answer(request: Request) -> Response:
        if kind:
            request.path_params["kind"] = kind
        if request.method == "POST" and post is not None:
            return await (post if from_anywhere else own_forms_only(post))(request)
        return await get(request)

    return Route(path, answer, methods=["GET", "POST"] if post else ["GET"], name=path.strip("/") or "home")


def _slash(base: str) -> Endpoint:
    async def lead_on(request: Request) -> Response:
        return RedirectResponse(f"{base.rstrip('/')}{_path(request)}/", 308)

    return lead_on


def _no_slash(base: str) -> Endpoint:
    async def lead_on(request: Request) -> Response:
        return RedirectResponse(f"{base.rstrip('/')}{_path(request).rstrip('/')}", 308)

    return lead_on


def _path(request: Request) -> str:
    """Give the path as a link on this site: what begins with two slashes would lead to another one."""
    return "/" + request.url.path.lstrip("/")


def _lifespan(site: Site) -> Callable[[Starlette], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def living(_app: Starlette) -> AsyncIterator[None]:
        anyio.to_thread.current_default_thread_limiter().total_tokens = THREADS
        yield
        await site.departures.finish()

    return living


async def _refuse(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    headers = dict(error.headers or {}) if isinstance(error, HTTPException) else {}
    return _error(request, status, headers)


async def _wait(request: Request, _error_of_store: Exception) -> Response:
    return _error(request, 503, {"retry-after": "30"})


async def _fail(request: Request, _error_of_ours: Exception) -> Response:
    return _error(request, 500, {})


def _error(request: Request, status: int, headers: dict[str, str]) -> Response:
    if request.url.path.startswith("/hooks/"):
        return PlainTextResponse(f"{status}\n", status, headers)
    return site_of(request).pages.show(request, "error.html.j2", status=status, headers=headers, code=status)
