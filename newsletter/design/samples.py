"""Made-up items in every state that a template must be able to show."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from newsletter.issues import Entry, Issue, Section
from newsletter.items import Article, Event, EventStatus, Image, Item, Person, Publication, Quote, Registration
from newsletter.render import Template

PICTURE: Final = "https://example.org/picture.svg"
COVER: Final = "https://example.org/cover.svg"
LINK: Final = "https://example.org/"
TODAY: Final = date(2024, 2, 20)

_HERE: Final = ZoneInfo("Europe/Amsterdam")
_LONG_WORD: Final = "Arbeidsongeschiktheidsverzekeringsmaatschappijdirecteurensalarissen"
_LONG_TITLE: Final = (
    "A very long title that somebody has written without any thought for those who read it on a small telephone, and "
    "that still has to be shown whole, with every word of it in its place"
)
_LEAD: Final = "Two or three lines say what happened, to whom, and why it matters to who reads this."
_BODY: Final = """The first paragraph, with **bold**, *italic* and [a link](https://example.org/).

## A heading within

- One of two.
- The other one.

> Somebody said this.
> — Somebody, director
"""
_ARABIC: Final = Article(
    title="اجتماع الشبكة في أوتريخت",
    lead="يجتمع الشركاء مرة كل شهر لمناقشة القضايا التي تهم الجميع في المدينة.",
    byline=(Person("ليلى منصور", "منسقة"),),
    url=LINK,
    link_text="اقرأ القصة كاملة عن اجتماع الشبكة",
    quote=Quote("نعمل معًا منذ عشر سنوات.", "ليلى منصور", "منسقة"),
    topics=("شبكة",),
    body="الفقرة الأولى من النص.\n\n- واحد\n- اثنان\n",
)
_PLAIN: Final = Event("An event as planned", datetime(2024, 3, 7, 9, 30, tzinfo=_HERE), place="Utrecht", url=LINK)

ARTICLES: Final[Sequence[Article]] = (
    Article("With a picture", _LEAD, (Person("Noor Winters", "editor", "The Network"),), url=LINK, topics=("news",),
            image=Image(PICTURE, "Ships in a harbour at dusk", "R. de Vries"), body=_BODY,
            link_text="Read what was found, and where"),
    Article("Without a picture, by two people", _LEAD, (Person("Noor Winters", "editor"), Person("Jan Smit")), url=LINK,
            body=_BODY),
    Article("With something that was said", _LEAD, url=LINK, body=_BODY,
            quote=Quote("We did this together.", "Aukje de Boer", "director")),
    Article("With something that nobody in particular said", quote=Quote("So they say."), body=_BODY),
    Article("A title and nothing else"),
    Article(_LONG_TITLE, _LEAD, (Person("Noor Winters"),), url=LINK, body=_BODY),
    Article(_LONG_WORD, f"{_LONG_WORD} and {_LONG_WORD}.", (Person(_LONG_WORD),), url=LINK),
)  # fmt: skip

EVENTS: Final[Sequence[Event]] = (
    _PLAIN,
    replace(_PLAIN, title="With a date to register before", end=datetime(2024, 3, 7, 17, 0, tzinfo=_HERE),
            registration=Registration(LINK, date(2024, 3, 1)), price="€ 45", organiser="The Network", lead=_LEAD),
    replace(_PLAIN, title="Full", status=EventStatus.FULL, registration=Registration(LINK)),
    replace(_PLAIN, title="Moved", status=EventStatus.MOVED, registration=Registration(LINK),
            previous_start=datetime(2024, 3, 1, 9, 30, tzinfo=_HERE)),
    replace(_PLAIN, title="Cancelled", status=EventStatus.CANCELLED, registration=Registration(LINK)),
    replace(_PLAIN, title="All day", start=date(2024, 3, 8)),
    replace(_PLAIN, title="Several days", start=date(2024, 3, 30), end=date(2024, 4, 2)),
    replace(_PLAIN, title="Online only", place=None, online=LINK),
    replace(_PLAIN, title="Here and online", online=LINK),
    replace(_PLAIN, title="In another time zone", place="New York",
            start=datetime(2024, 3, 7, 9, 30, tzinfo=ZoneInfo("America/New_York"))),
    replace(_PLAIN, title=_LONG_TITLE, status=EventStatus.MOVED),
    replace(_PLAIN, title=_LONG_WORD, place=_LONG_WORD),
    replace(_PLAIN, title="Without a link, with a picture", url=None, image=Image(PICTURE, "Ships at dusk"),
            body=_BODY),
)  # fmt: skip

PUBLICATIONS: Final[Sequence[Publication]] = (
    Publication("With a cover", (Person("Noor Winters"),), "The Network", url=LINK, cover=Image(COVER, ""),
                summary=_LEAD, genre="Report", pages=48),
    Publication("Without a cover", publisher="The Network", url=LINK, summary=_LEAD, genre="Guide", pages=1),
    Publication("A title and nothing else"),
    Publication(_LONG_TITLE, url=LINK, cover=Image(COVER, ""), genre="Report"),
    Publication(_LONG_WORD, url=LINK, cover=Image(COVER, ""), summary=_LONG_WORD),
)  # fmt: skip

_ITEMS: Final[dict[str, Sequence[Item]]] = {"article": ARTICLES, "event": EVENTS, "publication": PUBLICATIONS}


def sample_issue(template: Template, layouts: Sequence[str], language: str) -> Issue:
    """Make an issue that shows every item in every state that some layouts can show."""
    return _issue(template, tuple(_sections(template, layouts)), language)


def issue_from_the_right(template: Template) -> Issue:
    """Make an issue in a language that is written from right to left, in every layout."""
    sections = tuple(
        Section(layout, "القسم", tuple(Entry(f"{kind}.md", item) for kind, item in _arabic(template, layout)))
        for layout in template.manifest.layouts
    )
    return _issue(template, sections, "ar")


def _issue(template: Template, sections: tuple[Section, ...], language: str) -> Issue:
    return Issue(
        slug=f"gallery-{template.name}",
        folder=Path("gallery"),
        subject="Every part in every state",
        preheader="What a mail program shows beside the subject",
        number="12",
        date=TODAY,
        language=language,
        template=template.name,
        intro="A few words to begin with, and [a link](https://example.org/).",
        sections=sections,
    )


def _sections(template: Template, layouts: Sequence[str]) -> Iterator[Section]:
    for layout in layouts:
        for kind in template.manifest.kinds.get(layout, tuple(_ITEMS)):
            entries = tuple(Entry(f"{kind}-{number}.md", item) for number, item in enumerate(_ITEMS[kind]))
            yield Section(layout, f"{layout.capitalize()}: {kind}", entries)
        kind = template.manifest.kinds.get(layout, ("article",))[0]
        yield Section(layout, None, (Entry(f"{kind}-alone.md", _ITEMS[kind][0]),))


def _arabic(template: Template, layout: str) -> Iterator[tuple[str, Item]]:
    for kind in template.manifest.kinds.get(layout, tuple(_ITEMS)):
        item = _ITEMS[kind][1]
        if isinstance(item, Article):
            yield kind, _ARABIC
        else:
            yield kind, replace(item, title=_ARABIC.title)
