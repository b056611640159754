"""Writes the text part from the issue itself: for those who read plain text, and for screen readers that prefer it."""

import textwrap
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from newsletter.expressions import Expression
from newsletter.items import Article, Event, EventStatus, Item, Person, Publication, Quote, Registration
from newsletter.render.dates import event_date, event_moved, format_day, until
from newsletter.render.prepare import visible
from newsletter.render.rendering import Rendering
from newsletter.render.sealing import condition_of, opened
from newsletter.render.slots import Condition, ReaderLink
from newsletter.render.translations import Translations
from newsletter.render.views import EntryView, IssueView, Masthead, SectionView, body_lines

WIDTH: Final = 72
_JOIN: Final = "\x1f"
"""Joins a line with the next one; no text can hold it."""
_QUOTES: Final = {"nl": ("‘", "’"), "en": ("“", "”")}
_STATUS: Final = {
    EventStatus.FULL: "Full",
    EventStatus.MOVED: "Moved",
    EventStatus.CANCELLED: "Cancelled",
}


def write_text(
    issue: IssueView,
    intro: Sequence[str],
    masthead: Masthead,
    translations: Translations,
    rendering: Rendering,
    bodies: Collection[str],
) -> str:
    """Write the text part; slots and the borders of blocks stand in it as tokens.

    Args:
        intro: Its lines.
        bodies: The anchors of the entries whose body the HTML shows.

    Returns:
        Lines of at most 72 characters where words and links allow, each ended by `\\n`.
    """
    writer = _Writer(translations, rendering, masthead.time_zone, bodies)
    lines = [*writer.masthead(issue, intro, masthead)]
    for section in issue.sections:
        lines += writer.restricted(condition_of(section), writer.section(opened(section)))
    lines += writer.footer(masthead)
    # The end of a block stands before the next line, so that the block takes its last line end with it.
    return "\n".join(lines).replace(f"{_JOIN}\n", "") + "\n"


@dataclass(frozen=True, slots=True)
class _Writer:
    words: Translations
    rendering: Rendering
    time_zone: str
    bodies: Collection[str]

    def masthead(self, issue: IssueView, intro: Sequence[str], masthead: Masthead) -> Iterator[str]:
        yield from _underlined(masthead.name, "=")
        number = [self.words.gettext("newsletter %(number)s") % {"number": issue.number}] if issue.number else []
        yield " · ".join([*number, format_day(issue.date, "full", self.words)])
        yield ""
        if intro:
            yield from intro
            yield ""

    def restricted(self, condition: Expression | None, lines: Iterable[str]) -> Iterator[str]:
        if condition is None:
            yield from lines
            return
        start, end = self.rendering.begin(Condition(condition))
        first = True
        for line in lines:
            yield f"{start}{line}" if first else line
            first = False
        yield f"{end}{_JOIN}"

    def section(self, section: SectionView) -> Iterator[str]:
        yield ""
        if section.title:
            yield from _underlined(section.title, "-")
            yield ""
        for entry in section.entries:
            yield from self.restricted(condition_of(entry), self.entry(opened(entry)))
        if section.calendar_url:
            yield f"{self.words.gettext('Several dates at once')}: <{section.calendar_url}>"
            yield ""

    def entry(self, entry: EntryView) -> Iterator[str]:
        item = entry.item
        yield from _wrapped(self._headline(item))
        yield from self._facts(item)
        if item.lead:
            yield from _wrapped(item.lead)
        if isinstance(item, Article) and item.quote:
            yield from self._quote(item.quote)
        if entry.anchor in self.bodies and item.body.strip():
            yield ""
            yield from body_lines(entry, WIDTH)
        yield from self._links(entry)
        yield ""

    def footer(self, masthead: Masthead) -> Iterator[str]:
        yield "-- "
        if masthead.list_reason:
            yield from _wrapped(masthead.list_reason)
        for words, name in (
            ("Preferences", "preferences"),
            ("Unsubscribe", "unsubscribe"),
            ("Read on the web", "web"),
        ):
            yield f"{self.words.gettext(words)}: <{self.rendering.slot(ReaderLink(name))}>"
        yield from _wrapped(f"{masthead.organisation}, {masthead.postal_address}")

    def _headline(self, item: Item) -> str:
        if isinstance(item, Event) and item.status in _STATUS:
            return f"[{self.words.gettext(_STATUS[item.status])}] {item.title}"
        return item.title

    def _facts(self, item: Item) -> Iterator[str]:
        if isinstance(item, Article) and item.byline:
            names = self.words.comma.join(self._person(person) for person in item.byline)
            yield from _wrapped(self.words.gettext("By %(names)s") % {"names": names})
        elif isinstance(item, Event):
            yield from self._event_facts(item)
        elif isinstance(item, Publication):
            yield from self._publication_facts(item)

    def _event_facts(self, event: Event) -> Iterator[str]:
        yield from _wrapped(event_date(event, self.words, self.time_zone))
        if event.previous_start and event.status is EventStatus.MOVED:
            yield from _wrapped(event_moved(event, self.words, self.time_zone))
        if event.place:
            yield from _wrapped(event.place)
        if event.organiser:
            yield from _wrapped(self.words.gettext("Organised by %(name)s") % {"name": event.organiser})
        if event.price:
            yield from _wrapped(event.price)

    def _publication_facts(self, publication: Publication) -> Iterator[str]:
        pages = publication.pages
        counted = (
            self.words.ngettext("%(number)s page", "%(number)s pages", pages) % {"number": pages} if pages else None
        )
        facts = [
            publication.genre,
            self.words.comma.join(person.name for person in publication.authors) or None,
            publication.publisher,
            counted,
        ]
        line = " · ".join(fact for fact in facts if fact)
        if line:
            yield from _wrapped(line)

    def _quote(self, quote: Quote) -> Iterator[str]:
        left, right = _QUOTES.get(self.words.locale.language, _QUOTES["en"])
        yield ""
        yield from _wrapped(f"{left}{quote.text}{right}", indent="    ")
        speaker = self.words.comma.join(part for part in (quote.speaker, quote.role) if part)
        if speaker:
            yield from _wrapped(f"— {speaker}", indent="    ")
        yield ""

    def _person(self, person: Person) -> str:
        parts = self.words.comma.join(part for part in (person.role, person.organisation) if part)
        return f"{person.name} ({parts})" if parts else person.name

    def _links(self, entry: EntryView) -> Iterator[str]:
        item = entry.item
        if isinstance(item, Event):
            if item.online:
                yield f"{self.words.gettext('Take part online')}: <{item.online}>"
            if item.open_for_registration and item.registration:
                yield from self._registration(item.registration)
            if entry.calendar_url:
                cancelled = item.status is EventStatus.CANCELLED
                put = "Remove from calendar" if cancelled else "Add to calendar"
                yield f"{self.words.gettext(put)}: <{entry.calendar_url}>"
        if item.link:
            yield f"{_one_line(item.link_text or self.words.gettext('Read more'))}: <{item.link}>"

    def _registration(self, registration: Registration) -> Iterator[str]:
        words = self.words.gettext("Register")
        if registration.deadline:
            by = until(registration.deadline, self.words, self.time_zone)
            words = self.words.gettext("Register %(until)s") % {"until": by}
        if registration.url:
            yield f"{words}: <{registration.url}>"
        elif registration.deadline:
            yield words


def _underlined(text: str, with_: str) -> Iterator[str]:
    lines = list(_wrapped(text))
    yield from lines
    if lines:
        yield with_ * max(map(len, lines))


def _one_line(text: str) -> str:
    return " ".join(visible(text).split())


def _wrapped(text: str, indent: str = "") -> Iterator[str]:
    yield from textwrap.wrap(
        _one_line(text),
        WIDTH,
        initial_indent=indent,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
