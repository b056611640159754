"""Compiles made-up issues, for looking at templates without anybody's content."""

from newsletter.expressions import Schema
from newsletter.issues import Issue
from newsletter.media import Collected
from newsletter.render import Masthead, Template, compile_issue
from newsletter.render.slots import Parts, Slot
from newsletter.settings import Settings


def sample_html(issue: Issue, template: Template, settings: Settings, schema: Schema) -> str:
    """Compile an issue and fill it as for a reader who sees everything.

    Raises:
        TemplateError: The template cannot show it; names file, line and column.
    """
    compiled = compile_issue(issue, template, _masthead(settings), schema, Collected())
    return _filled(compiled.variants[0].html)


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
        else "https://example.org/"
        if isinstance(part, Slot)
        else ""
        if part.negated
        else _filled(part.parts)
        for part in parts
    )
