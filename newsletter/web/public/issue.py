"""The web version of an issue: as it was sent, for nobody in particular."""

from collections.abc import Callable, Mapping
from html import escape
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from newsletter.web.archive.library import Volume
from newsletter.web.archive.marking import EventState, Links, for_anybody, read_state
from newsletter.web.languages import known, words
from newsletter.web.public.caching import unchanged, with_tag
from newsletter.web.site import Site, site_of

_POLICY: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' https: data:; form-action 'none'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
"""What is shown is a message: it brings its own style along, and its pictures from where they are published."""
SECONDS: Final = 300


async def get(request: Request) -> Response:
    """Show an issue that has gone out."""
    site = site_of(request)
    volume = await run_in_threadpool(site.library.find, request.path_params["slug"])
    if volume is None:
        raise HTTPException(404)
    html = await run_in_threadpool(page_of, site, volume)
    headers = with_tag(html.encode(), seconds=SECONDS)
    if unchanged(request, headers):
        return Response(status_code=304, headers=headers)
    headers["content-security-policy"] = _POLICY
    if not volume.is_listed or not site.there.settings.web.archive:
        headers["x-robots-tag"] = "noindex"
    return HTMLResponse(html, headers=headers)


def page_of(site: Site, volume: Volume, links: Links | None = None, *, is_alone: bool = False) -> str:
    """Write the page of an issue.

    Args:
        links: Where it leads on to; None takes the form to join and the archive.
        is_alone: Whether it stands among files, and does not say where the site has it.
    """
    there, language = site.there, volume.shown.language
    spoken = words(known(language) or site.pages.usual)
    lists = [there.definitions.lists[name] for name in sorted(volume.edition.lists & there.definitions.lists.keys())]
    instead = spoken.gettext("This is the web version of %(name)s.") % {"name": there.settings.name}
    reasons = {reason: instead for one in lists if (reason := one.reason.said(language))}
    target = there.media_target()
    now = there.clock()

    def state_of(name: str) -> EventState | None:
        content = target.get(name)
        return read_state(content, now) if content is not None else None

    # Pictures and calendars that lie on this site are taken from it, whatever name it is reached by.
    own = f"{there.settings.public_url}media/"
    sent = site.library.html_of(volume)
    if there.settings.media_url == own:
        sent = sent.replace(own, f"{site.base}media/")
    html = for_anybody(sent, links or _links(site, spoken.gettext), reasons, state_of, spoken.gettext)
    return html if is_alone else _with_head(html, site, volume)


def _links(site: Site, say: Callable[[str], str]) -> Links:
    base = site.base
    onward = "archive/" if site.there.settings.web.archive else ""
    return Links(f"{base}join", say("Subscribe"), f"{base}{onward}", say("All issues"))


def _with_head(html: str, site: Site, volume: Volume) -> str:
    """Tell search engines and readers of feeds what this is."""
    base = site.there.settings.public_url
    properties: Mapping[str, str] = {
        "og:type": "article",
        "og:title": volume.shown.subject,
        "og:site_name": site.there.settings.name,
        "og:url": f"{base}issues/{volume.slug}/",
        "article:published_time": volume.out_at.isoformat(),
    }
    told = "".join(f'<meta property="{name}" content="{escape(value)}">' for name, value in properties.items())
    told += f'<meta name="description" content="{escape(volume.summary)}">'
    told += f'<link rel="canonical" href="{escape(base)}issues/{volume.slug}/">'
    if site.there.settings.web.archive:
        told += f'<link rel="alternate" type="application/atom+xml" href="{escape(base)}archive/feed.atom">'
    before, mark, after = html.partition("</head>")
    return f"{before}{told}{mark}{after}" if mark else html
