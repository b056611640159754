"""Files: the pictures, documents and calendars of issues, as they were published; our style; what robots may read."""

import re
from pathlib import PurePosixPath
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from newsletter.web.public.caching import unchanged, with_tag
from newsletter.web.site import site_of

KINDS: Final = {
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".png": "image/png",
    ".gif": "image/gif",
    ".webp": "image/webp",
    ".avif": "image/avif",
    ".pdf": "application/pdf",
    ".ics": "text/calendar; charset=utf-8",
}
"""What is shown in the browser; everything else is only to be saved."""
_NAME: Final = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,200}")
_CALENDAR: Final = ".ics"
_FOR_LONG: Final = 31_536_000
_FOR_SHORT: Final = 300
_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'none'"


async def media(request: Request) -> Response:
    """Give a published file. All but calendars are named by their content, and so never change."""
    site, name = site_of(request), request.path_params["name"]
    if not _NAME.fullmatch(name):
        raise HTTPException(404)
    content = await run_in_threadpool(site.there.media_target().get, name)
    if content is None:
        raise HTTPException(404)
    ending = PurePosixPath(name).suffix.lower()
    headers = with_tag(content, seconds=_FOR_SHORT if ending == _CALENDAR else _FOR_LONG)
    if ending != _CALENDAR:
        headers["cache-control"] += ", immutable"
    headers |= {"content-security-policy": _POLICY, "cross-origin-resource-policy": "cross-origin"}
    if unchanged(request, headers):
        return Response(status_code=304, headers=headers)
    if ending not in KINDS:
        headers["content-disposition"] = "attachment"
    headers["content-type"] = KINDS.get(ending, "application/octet-stream")
    return Response(content, headers=headers)


async def style(request: Request) -> Response:
    """Give the style sheet."""
    pages = site_of(request).pages
    if request.path_params["name"] != pages.style_name:
        raise HTTPException(404)
    headers = {"cache-control": f"public, max-age={_FOR_LONG}, immutable"}
    return Response(pages.style, media_type="text/css", headers=headers)


async def robots(request: Request) -> Response:
    """Tell robots what is not for them."""
    base = site_of(request).base
    closed = ("leave/", "return/", "preferences/", "confirm/", "link", "hooks/")
    lines = ["User-agent: *", *(f"Disallow: {base}{path}" for path in closed)]
    return PlainTextResponse("\n".join(lines) + "\n", headers={"cache-control": "public, max-age=86400"})


async def no_icon(request: Request) -> Response:  # noqa: ARG001 (a route's signature)
    """Answer browsers, which ask for one by themselves."""
    return Response(status_code=204, headers={"cache-control": "public, max-age=86400"})
