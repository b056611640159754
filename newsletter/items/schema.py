"""What the front matter of an item may hold: the border between a file and an item."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from difflib import get_close_matches
from pathlib import PurePosixPath
from typing import Annotated, Any, Final, Literal, TypeAlias
from unicodedata import category
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    model_validator,
)

from newsletter.documents import Day, Text
from newsletter.items import model

# An address ends up in an attribute of HTML, and in a text that people read: what would end the one, or turn the other
# around, has no place in it. An apostrophe is part of many addresses, and stays.
_NOT_IN_ADDRESSES: Final = frozenset('"<>`\\')
_UNSEEN: Final = frozenset(("Cc", "Cf", "Cs", "Zl", "Zp", "Zs"))


def _wrong(message: str, remedy: str, key: str = "") -> ValueError:
    """Say what is wrong in the form that `documents.explain` takes apart; `key` is the one to point at."""
    return ValueError(f"{message}|{remedy}|{key}")


def _web_address(value: str) -> str:
    strange = next((c for c in value if c in _NOT_IN_ADDRESSES or category(c) in _UNSEEN), None)
    if strange is not None:
        raise _wrong(
            f"the character {strange!r} cannot stand in a web address", "Delete it, or write it with a percent sign."
        )
    try:
        parts = urlsplit(value)
        whole = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        whole = False
    if not whole:
        raise _wrong(f"{value!r} is no web address", "Write it whole: https://….")
    return value


def _picture(value: str) -> str:
    if "://" in value:
        return _web_address(value)
    return _inside(value)


def _file(value: str) -> str:
    if "://" in value:
        raise _wrong(f"{value!r} is a web address and no file beside the item", "Write it as 'url'.")
    return _inside(value)


def _inside(value: str) -> str:
    path = PurePosixPath(value)
    if not value or path.is_absolute() or ".." in path.parts or "\\" in value:
        raise _wrong(f"{value!r} does not lie in the item's folder", "Put the file beside the item and name it.")
    return value


def _moment(value: Any) -> Any:
    """Read "2024-03-07", "2024-03-07 09:30" and the long forms of ISO 8601."""
    if isinstance(value, (date, datetime)):
        return value
    if value is None:
        raise _wrong("the date is missing", "Write 2024-03-07, or 2024-03-07 09:30.")
    if not isinstance(value, str):
        raise _wrong(f"{value!r} is no date", "Write 2024-03-07, or 2024-03-07 09:30.")
    try:
        return date.fromisoformat(value) if len(value) == 10 else datetime.fromisoformat(value)
    except ValueError:
        raise _wrong(f"{value!r} is no date", "Write 2024-03-07, or 2024-03-07 09:30.") from None


def _number(value: Any) -> Any:
    """Refuse true and false, which Python counts as 1 and 0."""
    if isinstance(value, bool):
        raise _wrong(f"{str(value).lower()} is no number", "Write a whole number.")
    return value


WebAddress: TypeAlias = Annotated[str, AfterValidator(_web_address)]
Count: TypeAlias = Annotated[int, Field(gt=0, le=100_000), BeforeValidator(_number)]
Moment: TypeAlias = Annotated[date | datetime, BeforeValidator(_moment)]


class _Group(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PersonGroup(_Group):
    name: Text
    role: Text | None = None
    organisation: Text | None = None

    def read(self) -> model.Person:
        return model.Person(self.name, self.role, self.organisation)


class ImageGroup(_Group):
    source: Annotated[str, AfterValidator(_picture)]
    alt: str
    credit: Text | None = None

    @model_validator(mode="before")
    @classmethod
    def _explain_alt(cls, value: Any) -> Any:
        if isinstance(value, Mapping) and "source" in value and "alt" not in value:
            raise _wrong(
                "the picture has no 'alt'",
                "Say in 'alt' what it shows, for who cannot see it; 'alt: \"\"' if it only decorates.",
            )
        return value

    def read(self) -> model.Image:
        return model.Image(self.source, self.alt, self.credit)


class QuoteGroup(_Group):
    text: Text
    speaker: Text | None = None
    role: Text | None = None

    def read(self) -> model.Quote:
        return model.Quote(self.text, self.speaker, self.role)


class RegistrationGroup(_Group):
    url: WebAddress | None = None
    deadline: Moment | None = None


class _Matter(BaseModel):
    """Keys that every kind of item has. Keys nobody knows are kept, unless they look like a slip of the pen."""

    model_config = ConfigDict(extra="allow", frozen=True)

    title: Text
    topics: tuple[Text, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _catch_slips(cls, value: Any) -> Any:
        if isinstance(value, Mapping):
            for key in value:
                near = get_close_matches(str(key), cls.model_fields, n=1, cutoff=0.8)
                if key not in cls.model_fields and near:
                    raise _wrong(f"the key {key!r} is not known", f"Did you mean {near[0]!r}?", str(key))
        return value

    @property
    def extra(self) -> dict[str, Any]:
        return dict(self.model_extra or {})


class ArticleMatter(_Matter):
    """The front matter of an article."""

    kind: Literal["article"]
    lead: Text | None = None
    byline: tuple[PersonGroup, ...] = ()
    date: Day | None = None
    url: WebAddress | None = None
    link_text: Text | None = None
    image: ImageGroup | None = None
    quote: QuoteGroup | None = None

    def read(self, body: str, _info: Mapping[str, Any]) -> model.Article:
        """Make the item."""
        return model.Article(
            title=self.title,
            lead=self.lead,
            byline=tuple(person.read() for person in self.byline),
            date=self.date,
            url=self.url,
            link_text=self.link_text,
            image=self.image.read() if self.image else None,
            topics=self.topics,
            quote=self.quote.read() if self.quote else None,
            body=body,
            extra=self.extra,
        )


class EventMatter(_Matter):
    """The front matter of an event; times without an offset are local in `time_zone`."""

    kind: Literal["event"]
    start: Moment
    end: Moment | None = None
    time_zone: str | None = None
    place: Text | None = None
    online: WebAddress | None = None
    organiser: Text | None = None
    registration: RegistrationGroup | None = None
    price: Text | None = None
    status: model.EventStatus = model.EventStatus.CONFIRMED
    previous_start: Moment | None = None
    uid: Text | None = None
    lead: Text | None = None
    url: WebAddress | None = None
    link_text: Text | None = None
    image: ImageGroup | None = None

    @model_validator(mode="after")
    def _check_times(self, info: ValidationInfo) -> "EventMatter":
        zone = self._zone(info.context or {})
        start, end = localise(self.start, zone, "start") or self.start, localise(self.end, zone, "end")
        localise(self.previous_start, zone, "previous_start")
        if self.registration:
            localise(self.registration.deadline, zone, "registration")
        if end is None:
            return self
        if isinstance(start, datetime) != isinstance(end, datetime):
            raise _wrong("start and end are of two kinds", "Give both a time, or neither for a whole day.", "end")
        if _is_before(end, start):
            raise _wrong(f"the end ({self.end}) is before the start ({self.start})", "Correct one of them.", "end")
        return self

    def _zone(self, context: Mapping[str, Any]) -> ZoneInfo:
        name = self.time_zone or context.get("time_zone", "UTC")
        try:
            return ZoneInfo(name)
        except (KeyError, ValueError, OSError):
            raise _wrong(
                f"the time zone {name!r} is not known", "Write one such as Europe/Amsterdam.", "time_zone"
            ) from None

    def read(self, body: str, context: Mapping[str, Any]) -> model.Event:
        """Make the item."""
        zone = self._zone(context)
        registration = self.registration
        start = localise(self.start, zone) or self.start
        return model.Event(
            title=self.title,
            start=start,
            end=localise(self.end, zone),
            place=self.place,
            online=self.online,
            organiser=self.organiser,
            registration=model.Registration(registration.url, localise(registration.deadline, zone))
            if registration
            else None,
            price=self.price,
            status=self.status,
            previous_start=localise(self.previous_start, zone),
            uid=self.uid,
            lead=self.lead,
            url=self.url,
            link_text=self.link_text,
            image=self.image.read() if self.image else None,
            topics=self.topics,
            body=body,
            extra=self.extra,
        )


class PublicationMatter(_Matter):
    """The front matter of a publication."""

    kind: Literal["publication"]
    authors: tuple[PersonGroup, ...] = ()
    publisher: Text | None = None
    date: Day | None = None
    url: WebAddress | None = None
    file: Annotated[str, AfterValidator(_file)] | None = None
    cover: ImageGroup | None = None
    summary: Text | None = None
    genre: Text | None = None
    pages: Count | None = None

    @model_validator(mode="after")
    def _check_link(self) -> "PublicationMatter":
        if not self.url and not self.file:
            raise _wrong("the publication cannot be reached", "Add 'url: https://…' or 'file: name.pdf'.")
        return self

    def read(self, body: str, _context: Mapping[str, Any]) -> model.Publication:
        """Make the item."""
        return model.Publication(
            title=self.title,
            authors=tuple(person.read() for person in self.authors),
            publisher=self.publisher,
            date=self.date,
            url=self.url,
            file=self.file,
            cover=self.cover.read() if self.cover else None,
            summary=self.summary,
            genre=self.genre,
            pages=self.pages,
            topics=self.topics,
            body=body,
            extra=self.extra,
        )


Matter: TypeAlias = ArticleMatter | EventMatter | PublicationMatter

KINDS: Final[Mapping[str, type[Matter]]] = {
    "article": ArticleMatter,
    "event": EventMatter,
    "publication": PublicationMatter,
}


def _is_before(one: date, other: date) -> bool:
    """Whether a day comes before another, or a moment before another one."""
    return one < other


def localise(moment: date | datetime | None, zone: ZoneInfo, key: str = "") -> date | datetime | None:
    """Put a time into a zone; one without an offset is meant by its clock, the first where it occurs twice.

    Raises:
        ValueError: The clock skips that time, or it is too far away to be told in other zones.
    """
    if not isinstance(moment, datetime):
        return moment
    aware = moment if moment.tzinfo else moment.replace(tzinfo=zone)
    try:
        shown = aware.astimezone(UTC).astimezone(zone)
    except OverflowError:
        raise _wrong(f"{moment} is too far away", "Correct the year.", key) from None
    if moment.tzinfo is None and shown.replace(tzinfo=None) != moment:
        raise _wrong(f"{moment} does not exist in {zone.key}", "The clock skips that hour; choose another.", key)
    return shown if moment.tzinfo else aware
