"""What an article, an event and a publication are."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any, TypeAlias

Day: TypeAlias = date


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who wrote or said something."""

    name: str
    role: str | None = None
    organisation: str | None = None


@dataclass(frozen=True, slots=True)
class Image:
    """A picture: a path relative to the item's file, or an absolute URL.

    `alt` says what it shows; empty only for a picture that adds nothing to the words beside it.
    """

    source: str
    alt: str
    credit: str | None = None


@dataclass(frozen=True, slots=True)
class Quote:
    """What somebody said, without quotation marks: the template adds those of its language."""

    text: str
    speaker: str | None = None
    role: str | None = None


@dataclass(frozen=True, slots=True)
class Article:
    """News: something that happened or was said, with who wrote it down."""

    title: str
    lead: str | None = None
    byline: tuple[Person, ...] = ()
    date: Day | None = None
    url: str | None = None
    link_text: str | None = None
    image: Image | None = None
    topics: tuple[str, ...] = ()
    quote: Quote | None = None
    body: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)

    kind = "article"

    @property
    def link(self) -> str | None:
        """Where to read on."""
        return self.url


class EventStatus(StrEnum):
    """How an event stands; anything but confirmed is said in words before its title."""

    CONFIRMED = "confirmed"
    MOVED = "moved"
    FULL = "full"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Registration:
    """Where and until when one can register."""

    url: str | None = None
    deadline: date | datetime | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """A meeting or a course.

    `start` and `end` are both dates (all day; the end is the last day, inclusive) or both aware datetimes.
    `previous_start` tells where a moved event stood before. `uid` is what calendars know the event by, where it has
    such a name already.
    """

    title: str
    start: date | datetime
    end: date | datetime | None = None
    place: str | None = None
    online: str | None = None
    organiser: str | None = None
    registration: Registration | None = None
    price: str | None = None
    status: EventStatus = EventStatus.CONFIRMED
    previous_start: date | datetime | None = None
    uid: str | None = None
    lead: str | None = None
    url: str | None = None
    link_text: str | None = None
    image: Image | None = None
    topics: tuple[str, ...] = ()
    body: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)

    kind = "event"

    @property
    def link(self) -> str | None:
        """Where to read on."""
        return self.url

    @property
    def open_for_registration(self) -> bool:
        """Whether somebody can still register."""
        return self.registration is not None and self.status not in (EventStatus.FULL, EventStatus.CANCELLED)

    @property
    def all_day(self) -> bool:
        """Whether the event has days but no hours."""
        return not isinstance(self.start, datetime)

    @property
    def byline(self) -> tuple[Person, ...]:
        """Nobody: layouts for every kind of item ask for it."""
        return ()

    @property
    def quote(self) -> Quote | None:
        """None: layouts for every kind of item ask for it."""
        return None


@dataclass(frozen=True, slots=True)
class Publication:
    """A report, guide or book that one can read elsewhere."""

    title: str
    authors: tuple[Person, ...] = ()
    publisher: str | None = None
    date: Day | None = None
    url: str | None = None
    file: str | None = None
    cover: Image | None = None
    summary: str | None = None
    genre: str | None = None
    pages: int | None = None
    topics: tuple[str, ...] = ()
    body: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)

    kind = "publication"

    @property
    def link(self) -> str | None:
        """Where to read it: its page, or the document itself."""
        return self.url or self.file

    @property
    def lead(self) -> str | None:
        """The summary, under the name that every kind of item has for its opening words."""
        return self.summary

    @property
    def image(self) -> Image | None:
        """The cover, under the name that every kind of item has for its picture."""
        return self.cover

    @property
    def byline(self) -> tuple[Person, ...]:
        """The authors, under the name that every kind of item has for who wrote it."""
        return self.authors

    @property
    def quote(self) -> Quote | None:
        """None: layouts for every kind of item ask for it."""
        return None

    @property
    def link_text(self) -> str | None:
        """None: the words of the template are used."""
        return None


Item: TypeAlias = Article | Event | Publication
