"""What a template sees of an issue: its own words ready to be shown, and nothing that could change it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import TypeAlias

from markupsafe import Markup

from newsletter.errors import Place
from newsletter.expressions import Expression, parse_text
from newsletter.issues import Entry, Issue, Section
from newsletter.items import Image, Item, Publication
from newsletter.render.binding import Rendering
from newsletter.render.bodies import html_from_markdown

Day: TypeAlias = date

SECTION_HEADING = 2
ITEM_HEADING = 3


@dataclass(frozen=True, slots=True)
class Masthead:
    """Who sends, and to which list: what stands around the content.

    Args:
        name: The newsletter's name.
        organisation: Who is behind it.
        postal_address: One line.
        url: The public site, with a slash at the end.
        list_name: What its readers have joined.
        list_reason: Why they get this, a full sentence; may be empty.
    """

    name: str
    organisation: str
    postal_address: str
    url: str
    list_name: str = ""
    list_reason: str = ""


@dataclass(frozen=True)
class EntryView:
    """One item as the template shows it."""

    item: Item
    file: str
    anchor: str
    language: str
    visible_to: Expression | None

    @cached_property
    def html(self) -> Markup:
        """The body as safe HTML, its headings below the item's own."""
        return _markup(self.item.body, ITEM_HEADING + 1, self.language)


@dataclass(frozen=True, slots=True)
class SectionView:
    """One section as the template shows it."""

    title: str | None
    layout: str
    anchor: str
    entries: tuple[EntryView, ...]
    visible_to: Expression | None


@dataclass(frozen=True, slots=True)
class IssueView:
    """An issue as the template shows it; slots stand as tokens in subject, preheader and intro."""

    slug: str
    subject: Markup
    preheader: Markup
    number: str | None
    date: Day
    language: str
    intro: str
    intro_html: Markup
    sections: tuple[SectionView, ...]


def view_issue(issue: Issue, rendering: Rendering, images: Mapping[tuple[str, str], str]) -> IssueView:
    """Make the view of an issue for one rendering.

    Args:
        rendering: Takes the slots of subject, preheader and intro.
        images: Public URLs of local images, by item file and source.

    Raises:
        ExpressionError: A `{{ … }}` in subject, preheader or intro is outside the small language.
    """
    file = f"issues/{issue.slug}/issue.yaml"
    intro = with_slots(issue.intro, rendering, Place(file=file, field="intro"))
    return IssueView(
        slug=issue.slug,
        subject=Markup.escape(with_slots(issue.subject, rendering, Place(file=file, field="subject"))),
        preheader=Markup.escape(with_slots(issue.preheader, rendering, Place(file=file, field="preheader"))),
        number=issue.number,
        date=issue.date,
        language=issue.language,
        intro=intro,
        intro_html=_markup(intro, SECTION_HEADING, issue.language),
        sections=tuple(
            _section(section, number, issue.language, images) for number, section in enumerate(issue.sections, 1)
        ),
    )


def with_slots(text: str, rendering: Rendering, place: Place) -> str:
    """Put a token in the place of every `{{ … }}` of a text."""
    return "".join(
        part if isinstance(part, str) else str(rendering.slot(part))
        for part in parse_text(text, rendering.schema, place)
    )


def _section(section: Section, number: int, language: str, images: Mapping[tuple[str, str], str]) -> SectionView:
    entries = tuple(
        _entry(entry, f"item-{number}-{position}", language, images)
        for position, entry in enumerate(section.entries, 1)
    )
    return SectionView(section.title, section.layout, f"section-{number}", entries, section.visible_to)


def _entry(entry: Entry, anchor: str, language: str, images: Mapping[tuple[str, str], str]) -> EntryView:
    item = entry.item
    image = item.image
    url = images.get((entry.file, image.source)) if image else None
    if image and url:
        item = _with_image(item, replace(image, source=url))
    return EntryView(item, entry.file, anchor, language, entry.visible_to)


def _with_image(item: Item, image: Image) -> Item:
    return replace(item, cover=image) if isinstance(item, Publication) else replace(item, image=image)


def _markup(markdown: str, heading_level: int, language: str) -> Markup:
    if not markdown.strip():
        return Markup()
    html = html_from_markdown(markdown, heading_level=heading_level, language=language)
    return Markup(html)  # noqa: S704 - sanitised by html_from_markdown
