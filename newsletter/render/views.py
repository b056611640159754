"""What a template sees of an issue: its own words ready to be shown, and nothing that could change it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from typing import Any, TypeAlias

from markupsafe import Markup

from newsletter.errors import Place, TemplateError
from newsletter.expressions import Expression, all_of, any_of, parse_text
from newsletter.issues import ISSUE_FILE, Entry, Issue, Section
from newsletter.items import Image, Item, Publication
from newsletter.media import Collected
from newsletter.render.bodies import html_from_markdown, text_from_markdown
from newsletter.render.pictures import Find, Picture
from newsletter.render.rendering import Rendering, current
from newsletter.render.sealing import Neighbours, Sealed, neighbours, sealed

Day: TypeAlias = date

SECTION_HEADING = 2
ITEM_HEADING = 3
WHOLE_WIDTH = 640
TEXT_WIDTH = 560
"""Of the column that texts stand in, without its sides."""
WIDEST_PICTURE = 2000


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
        time_zone: The readers' own.
        topics: What readers know topics as, by topic.
    """

    name: str
    organisation: str
    postal_address: str
    url: str
    list_name: str = ""
    list_reason: str = ""
    time_zone: str = "UTC"
    topics: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ShownImage(Image):
    """An item's picture, with what it takes to show it."""

    _collected: Collected = field(default_factory=Collected, compare=False, repr=False)
    _file: str = ""


def picture_of(image: Image, width: Any) -> Picture:
    """Give a picture for some width of the page, and remember that it is shown so.

    Raises:
        TemplateError: That is no width.
    """
    if isinstance(width, bool) or not isinstance(width, int) or not 0 < width <= WIDEST_PICTURE:
        raise TemplateError(
            f"a picture cannot be {width!r} wide",
            remedy=f"Name pixels of the page, 1 to {WIDEST_PICTURE}: picture(640).",
        )
    if isinstance(image, ShownImage):
        found = shown_picture(image._collected, image._file, image.source, width)  # noqa: SLF001 - hidden from templates only
        if found is not None:
            return replace(found, alt=image.alt)
    return Picture(image.source, width, None, image.alt)


def address_of(image: Image) -> str:
    """Give the address of a picture for the whole width of a message."""
    return picture_of(image, WHOLE_WIDTH).url


def pictures_of(collected: Collected, file: str) -> Find:
    """Make what gives the pictures that a file's text names, none of them wider than a text."""

    def find(source: str, alt: str) -> Picture | None:
        original = collected.pictures.get((file, source))
        found = shown_picture(
            collected, file, source, min(TEXT_WIDTH, original.facts.width) if original else TEXT_WIDTH
        )
        return replace(found, alt=alt) if found else None

    return find


def shown_picture(collected: Collected, file: str, source: str, width: int) -> Picture | None:
    """Give a picture as it is published, and remember that it is shown, or why it cannot be.

    Args:
        file: What names it.
        source: What it is named there.
        width: Of the page, in pixels.
    """
    variant = collected.variant(file, source, width)
    problem = collected.problems.get((file, source))
    if problem is not None:
        current.get().problems[file, source] = problem
    if variant is None:
        return None
    current.get().pictures.add(variant)
    facts = variant.original.facts
    height = max(1, round(width * facts.height / facts.width))
    return Picture(collected.url(variant.name), width, height, "")


@dataclass(frozen=True, slots=True)
class CalendarUrls:
    """Where an issue's calendar files lie.

    Args:
        entries: Of single events, by item file.
        sections: Of whole sections, by the file of each event in them.
    """

    entries: Mapping[str, str] = field(default_factory=dict)
    sections: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class EntryView:
    """One item as the template shows it.

    Args:
        visible_to: Who gets it; None for everybody.
        neighbours: Where it stands among the section's entries.
        calendar_url: An event's calendar file.
    """

    item: Item
    file: str
    anchor: str
    language: str
    visible_to: Expression | None
    neighbours: Neighbours
    calendar_url: str | None = None
    _collected: Collected = field(default_factory=Collected, compare=False, repr=False)

    @cached_property
    def html(self) -> Markup:
        """The body as safe HTML, its headings below the item's own; the text part then shows it too."""
        current.get().bodies.add(self.anchor)
        return _markup(self.item.body, ITEM_HEADING + 1, self.language, pictures_of(self._collected, self.file))


def body_lines(entry: EntryView, width: int) -> list[str]:
    """Write the body of an entry as lines of plain text."""
    pictures = pictures_of(entry._collected, entry.file)  # noqa: SLF001 - hidden from templates only
    return text_from_markdown(entry.item.body, width=width, pictures=pictures)


@dataclass(frozen=True, slots=True)
class SectionView:
    """One section as the template shows it.

    Args:
        entries: Those for some readers only are sealed.
        visible_to: Who gets it: whom its own condition and that of one of its entries holds for; None for everybody.
        neighbours: Where it stands among the issue's sections.
        calendar_url: A calendar file of the events that everybody gets who gets the section, if it has several.
    """

    title: str | None
    layout: str
    anchor: str
    entries: tuple[EntryView | Sealed, ...]
    visible_to: Expression | None
    neighbours: Neighbours
    calendar_url: str | None = None


@dataclass(frozen=True, slots=True)
class IssueView:
    """An issue as the template shows it; slots stand as tokens in subject, preheader and intro.

    Args:
        sections: Those that have entries; those for some readers only are sealed.
    """

    slug: str
    subject: Markup
    preheader: Markup
    number: str | None
    date: Day
    language: str
    intro_html: Markup
    sections: tuple[SectionView | Sealed, ...]


def view_issue(
    issue: Issue,
    rendering: Rendering,
    collected: Collected,
    calendar: CalendarUrls,
) -> IssueView:
    """Make the view of an issue for one rendering.

    Args:
        rendering: Takes the slots of subject, preheader and intro.
        collected: The issue's pictures and documents.
        calendar: Public URLs of calendar files.

    Raises:
        ExpressionError: A `{{ … }}` in subject, preheader or intro is outside the small language.
    """
    filled = [section for section in issue.sections if section.entries]
    conditions = [_who_gets(section) for section in filled]
    views = tuple(
        sealed(condition, _section(section, place, condition, issue.language, collected, calendar))
        for section, condition, place in zip(filled, conditions, neighbours(conditions), strict=True)
    )
    return IssueView(
        slug=issue.slug,
        subject=_line(issue, "subject", rendering),
        preheader=_line(issue, "preheader", rendering),
        number=issue.number,
        date=issue.date,
        language=issue.language,
        intro_html=rendering.tokened(
            _markup(intro_source(issue, rendering), SECTION_HEADING, issue.language, pictures_of(collected, ISSUE_FILE))
        ),
        sections=views,
    )


def subject_source(issue: Issue, rendering: Rendering) -> str:
    """Give the subject as plain text, its slots as tokens."""
    return with_slots(issue.subject, rendering, _place_of(issue, "subject"))


def intro_source(issue: Issue, rendering: Rendering) -> str:
    """Give the intro's Markdown, its slots as tokens."""
    return with_slots(issue.intro, rendering, _place_of(issue, "intro"))


def with_slots(text: str, rendering: Rendering, place: Place) -> str:
    """Put a token in the place of every `{{ … }}` of a text."""
    return "".join(
        part if isinstance(part, str) else str(rendering.slot(part))
        for part in parse_text(text, rendering.schema, place)
    )


def _line(issue: Issue, field: str, rendering: Rendering) -> Markup:
    text = with_slots(getattr(issue, field), rendering, _place_of(issue, field))
    return rendering.tokened(Markup.escape(text))


def _place_of(issue: Issue, field: str) -> Place:
    return issue.places.get(field, Place(file=f"issues/{issue.slug}/issue.yaml", field=field))


def _who_gets(section: Section) -> Expression | None:
    """Tell who gets a section: nobody gets a title with nothing below it."""
    conditions = [] if section.visible_to is None else [section.visible_to]
    of_entries = [entry.visible_to for entry in section.entries if entry.visible_to is not None]
    if len(of_entries) == len(section.entries):
        conditions.append(any_of(of_entries))
    return all_of(conditions) if conditions else None


def _section(
    section: Section,
    place: Neighbours,
    condition: Expression | None,
    language: str,
    collected: Collected,
    calendar: CalendarUrls,
) -> SectionView:
    number = place.position + 1
    places = neighbours([entry.visible_to for entry in section.entries])
    entries = tuple(
        sealed(
            entry.visible_to,
            _entry(entry, f"item-{number}-{beside.position + 1}", language, collected, beside, calendar),
        )
        for entry, beside in zip(section.entries, places, strict=True)
    )
    agenda = next((calendar.sections[one.file] for one in section.entries if one.file in calendar.sections), None)
    return SectionView(section.title, section.layout, f"section-{number}", entries, condition, place, agenda)


def _entry(
    entry: Entry,
    anchor: str,
    language: str,
    collected: Collected,
    place: Neighbours,
    calendar: CalendarUrls,
) -> EntryView:
    item = entry.item
    image = item.image
    if image is not None:
        item = _with_image(item, ShownImage(image.source, image.alt, image.credit, collected, entry.file))
    if isinstance(item, Publication) and item.file:
        document = collected.documents.get((entry.file, item.file))
        item = replace(item, file=collected.url(document.name) if document else None)
    file = calendar.entries.get(entry.file)
    return EntryView(item, entry.file, anchor, language, entry.visible_to, place, file, collected)


def _with_image(item: Item, image: Image) -> Item:
    return replace(item, cover=image) if isinstance(item, Publication) else replace(item, image=image)


def _markup(markdown: str, heading_level: int, language: str, pictures: Find) -> Markup:
    if not markdown.strip():
        return Markup()
    html = html_from_markdown(markdown, heading_level=heading_level, language=language, pictures=pictures)
    return Markup(html)  # noqa: S704 - sanitised by html_from_markdown
