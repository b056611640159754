"""Compiles made-up issues, for looking at templates without anybody's content."""

from datetime import timedelta
from typing import Final

from newsletter.expressions import Schema
from newsletter.issues import Issue
from newsletter.media import CACHE_FOLDER, Collected, Copies, PictureCache, collect
from newsletter.render import Masthead, Template, compile_issue
from newsletter.render.slots import Parts, Slot
from newsletter.settings import Settings
from newsletter.workspace import Workspace

NO_LOGO: Final = Collected()
SITE: Final = "https://example.org/"
"""Where all links of a sample lead, and where its files are said to lie."""


def sample_html(issue: Issue, template: Template, settings: Settings, schema: Schema, logo: Collected = NO_LOGO) -> str:
    """Compile an issue and fill it as for a reader who sees everything.

    Args:
        logo: The files of the theme's logo, if it has any.

    Raises:
        ContentError: A file of the logo cannot be shown.
        TemplateError: The template cannot show it; names file, line and column.
    """
    compiled = compile_issue(issue, template, _masthead(settings), schema, logo)
    return _filled(compiled.variants[0].html)


def collect_logo(workspace: Workspace, template: Template) -> Collected:
    """Find the files of a theme's logo; their addresses are made up, as all of a sample are."""
    cache = picture_cache(workspace)
    nothing_from_elsewhere = Copies(cache.folder / "copies", timedelta(), frozenset())
    return collect(template.logos.values(), cache, nothing_from_elsewhere, base=SITE, paper=template.paper)


def picture_cache(workspace: Workspace) -> PictureCache:
    """Open what is remembered of a workspace's pictures."""
    return PictureCache(workspace.state / CACHE_FOLDER)


def _masthead(settings: Settings) -> Masthead:
    return Masthead(
        name=settings.name,
        organisation=settings.sender.organisation or settings.name,
        postal_address=settings.sender.postal_address,
        url=settings.public_url,
        list_name="Gallery",
        list_reason="You get this because it is an example.",
        time_zone=settings.time_zone,
    )


def _filled(parts: Parts) -> str:
    return "".join(
        part
        if isinstance(part, str)
        else SITE
        if isinstance(part, Slot)
        else ""
        if part.negated
        else _filled(part.parts)
        for part in parts
    )
