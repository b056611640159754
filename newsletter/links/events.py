"""Reads what a page says of events: schema.org data in JSON-LD, as search engines read them."""

import json
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, time
from html.parser import HTMLParser
from typing import Any, Final

_JSON_LD: Final = "application/ld+json"
_WRAPPING: Final = re.compile(r"^\s*(?://\s*)?(?:<!--|<!\[CDATA\[)|(?://\s*)?(?:-->|\]\]>)\s*;?\s*$")
_HOLDERS: Final = ("@graph", "mainEntity", "itemListElement", "item", "subEvent", "event", "events")
_WORD: Final = re.compile(r"\w{4,}")
_LARGEST: Final = 5000
"""Objects that are looked at in one page."""


@dataclass(frozen=True, slots=True)
class PageEvent:
    """An event as a page tells of it.

    Args:
        name: Empty where the page gives none.
        start: None where it is not told, or cannot be read. One without a zone is local.
        status: As schema.org calls it, such as `EventCancelled`; empty where it is not told.
        attendance: Likewise, such as `OnlineEventAttendanceMode`.
        urls: The addresses that it says to have.
    """

    name: str
    start: date | datetime | None
    status: str
    attendance: str
    urls: frozenset[str] = frozenset()


def events_of(html: str) -> tuple[PageEvent, ...]:
    """Give the events that a page tells of, each once; what cannot be read is passed over."""
    page = _Scripts()
    with suppress(AssertionError):  # what the parser says of some odd declarations; what stood before them is read
        page.feed(html)
        page.close()
    return tuple(dict.fromkeys(_event(one) for script in page.scripts for one in _objects(_read(script))))


def event_among(
    events: Iterable[PageEvent], name: str, start: date | datetime, urls: frozenset[str]
) -> PageEvent | None:
    """Find an event among those of its page.

    One that stands there alone need only share a word with it, or have no name; of several, its name or its day tells
    which one it is. Where that leaves more than one, nobody can tell.

    Args:
        urls: The addresses of the page.
    """
    known = tuple(events)
    if len(known) == 1:
        (alone,) = known
        near = not alone.name or _words(alone.name) & _words(name) or _same(alone.name, name)
        return alone if near or _on_day(alone, start) or alone.urls & urls else None
    named = [one for one in known if _same(one.name, name)]
    that_day = [one for one in named or known if _on_day(one, start)]
    for few in (that_day, named):
        if len(few) == 1:
            return few[0]
    return None


class _Scripts(HTMLParser):
    """Collects the data that stand in a page."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.scripts: list[str] = []
        self._inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        kind = (dict(attrs).get("type") or "").partition(";")[0].strip().lower()
        self._inside = tag == "script" and kind == _JSON_LD
        if self._inside:
            self.scripts.append("")

    def handle_endtag(self, tag: str) -> None:
        self._inside = self._inside and tag != "script"

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.scripts[-1] += data


def _read(script: str) -> Any:
    try:
        return json.loads(_WRAPPING.sub("", script), strict=False)
    except (ValueError, RecursionError):
        return None


def _objects(data: Any) -> Iterator[dict[str, Any]]:
    """Give the events within data, those in lists and in what holds others too."""
    waiting, seen = [data], 0
    while waiting and seen < _LARGEST:
        one = waiting.pop(0)
        seen += 1
        if isinstance(one, list):
            waiting[:0] = one[:_LARGEST]
        elif isinstance(one, dict):
            if any(_term(kind).endswith("Event") for kind in _several(one.get("@type"))):
                yield one
            waiting[:0] = [one[holder] for holder in _HOLDERS if holder in one]


def _event(data: dict[str, Any]) -> PageEvent:
    urls = [*_several(data.get("url")), *_several(data.get("@id")), *_several(data.get("mainEntityOfPage"))]
    return PageEvent(
        name=" ".join(_text(data.get("name")).split()),
        start=_moment(_text(data.get("startDate"))),
        status=_term(data.get("eventStatus")),
        attendance=_term(data.get("eventAttendanceMode")),
        urls=frozenset(filter(None, map(_text, urls))),
    )


def _several(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _text(value: Any) -> str:
    """Give a value as words, from the forms that JSON-LD has for it; empty for anything else."""
    first = next(iter(_several(value)), None)
    if isinstance(first, dict):
        first = first.get("@value", first.get("@id"))
    return first.strip() if isinstance(first, str) else ""


def _term(value: Any) -> str:
    """Give a term of schema.org without the address before it."""
    return re.split(r"[/:#]", _text(value))[-1]


def _moment(written: str) -> date | datetime | None:
    """Read a day or a moment. Midnight is how many pages write a day without an hour."""
    try:
        moment = datetime.fromisoformat(written)
    except ValueError:
        return None
    return moment.date() if moment.time() == time() else moment


def _same(one: str, other: str) -> bool:
    return bool(one) and re.findall(r"\w+", one.casefold()) == re.findall(r"\w+", other.casefold())


def _words(name: str) -> set[str]:
    return set(_WORD.findall(name.casefold()))


def _on_day(event: PageEvent, start: date | datetime) -> bool:
    return event.start is not None and _day(event.start) == _day(start)


def _day(moment: date | datetime) -> date:
    return moment.date() if isinstance(moment, datetime) else moment
