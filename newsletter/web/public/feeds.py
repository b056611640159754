"""The feeds of the archive."""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from newsletter.web.archive import feeds
from newsletter.web.public.archive import open_archive
from newsletter.web.public.caching import unchanged, with_tag

SECONDS = 900
WRITERS = {"rss": (feeds.rss, "application/rss+xml"), "atom": (feeds.atom, "application/atom+xml")}


async def get(request: Request) -> Response:
    """Give one."""
    site = open_archive(request)
    kind = request.path_params["kind"]
    write, media_type = WRITERS[kind]
    settings = site.there.settings
    volumes = await run_in_threadpool(site.library.listed)
    content = write(
        settings,
        site.pages.usual,
        volumes,
        f"{settings.public_url}archive/feed.{kind}",
        lambda slug: f"{settings.public_url}issues/{slug}/",
    )
    headers = with_tag(content, seconds=SECONDS, changed_at=feeds.updated(volumes))
    if unchanged(request, headers):
        return Response(status_code=304, headers=headers)
    return Response(content, media_type=f"{media_type}; charset=utf-8", headers=headers)
