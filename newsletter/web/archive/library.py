"""The issues that have gone out, rendered once and kept at hand for as long as they are the ones."""

import re
from collections import OrderedDict
from dataclasses import dataclass, replace
from datetime import datetime
from html import unescape
from threading import Lock
from typing import Final

from newsletter.dispatch import Edition, ShownEdition, Surroundings, editions, show_edition
from newsletter.web.archive.search import Index

MOST_KEPT: Final = 5000
"""How many issues are kept at hand with their texts, for the archive and its search."""
MOST_WHOLE: Final = 50
"""How many are kept whole, with their HTML."""

_HEADLINE: Final = re.compile(r"<h([1-3])\b(?P<attributes>[^>]*)>(?P<inside>.*?)</h\1>", re.DOTALL)
_TAG: Final = re.compile(r"<[^>]+>")
_STATUS: Final = re.compile(r'<span class="status".*?</span>', re.DOTALL)
_MOST_HEADLINES: Final = 4
_OF_SECTIONS: Final = "section-title"


@dataclass(frozen=True)
class Volume:
    """One issue that has gone out, as the archive shows it.

    Args:
        shown: Without its HTML, which the library gives.
        headlines: Of its first items, but for the one that is its subject.
        is_listed: Whether it stands in the archive and the feeds: it went to a whole list that is public.
    """

    edition: Edition
    shown: ShownEdition
    headlines: tuple[str, ...]
    is_listed: bool

    @property
    def slug(self) -> str:
        return self.edition.slug

    @property
    def out_at(self) -> datetime:
        return self.edition.out_at

    @property
    def summary(self) -> str:
        """Its headlines on one line."""
        return " · ".join(self.headlines)


class Library:
    """Everything that has gone out, looked up anew at each question and rendered once."""

    def __init__(self, there: Surroundings) -> None:
        self._there = there
        self._kept: OrderedDict[tuple[str, str, str], Volume] = OrderedDict()
        self._whole: OrderedDict[tuple[str, str, str], str] = OrderedDict()
        self._index: tuple[tuple[str, ...], Index] = ((), Index(()))
        self._lock = Lock()

    def find(self, slug: str) -> Volume | None:
        """Give one issue; None where none of that name has gone out."""
        with self._there.database.reading() as connection:
            edition = next((one for one in editions(connection) if one.slug == slug), None)
        return self._volume(edition) if edition else None

    def listed(self) -> tuple[Volume, ...]:
        """Give what stands in the archive, the newest first."""
        with self._there.database.reading() as connection:
            found = editions(connection)
        volumes = [self._volume(one) for one in found if self._is_public(one)]
        return tuple(one for one in volumes if one is not None)

    def html_of(self, volume: Volume) -> str:
        """Give an issue as it was sent, for nobody in particular; see `marking` for what becomes of it."""
        with self._lock:
            if (html := self._whole.get(_key(volume.edition))) is not None:
                return html
        with self._there.database.reading() as connection:
            shown = show_edition(connection, volume.edition)
        return self._keep_whole(volume.edition, shown.html if shown else "")

    def index(self, volumes: tuple[Volume, ...]) -> Index:
        """Give what finds words in some issues; made anew only when these are others than before."""
        key = tuple(f"{one.slug} {one.edition.content}" for one in volumes)
        with self._lock:
            if self._index[0] != key:
                self._index = key, Index([(one.shown.subject, one.shown.text) for one in volumes])
            return self._index[1]

    def _is_public(self, edition: Edition) -> bool:
        lists = self._there.definitions.lists
        return any(name in lists and lists[name].is_public for name in edition.lists)

    def _volume(self, edition: Edition) -> Volume | None:
        key = _key(edition)
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        with self._there.database.reading() as connection:
            shown = show_edition(connection, edition)
        if shown is None:
            return None
        self._keep_whole(edition, shown.html)
        volume = Volume(edition, replace(shown, html=""), _headlines(shown), self._is_public(edition))
        with self._lock:
            self._kept[key] = volume
            while len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
        return volume

    def _keep_whole(self, edition: Edition, html: str) -> str:
        with self._lock:
            self._whole[_key(edition)] = html
            while len(self._whole) > MOST_WHOLE:
                self._whole.popitem(last=False)
        return html


def _key(edition: Edition) -> tuple[str, str, str]:
    return (edition.slug, edition.content, edition.letterhead)


def _headlines(shown: ShownEdition) -> tuple[str, ...]:
    """Give the first headlines: all headings but the newsletter's, those of its sections, and what is the subject."""
    found = [
        " ".join(unescape(_TAG.sub("", _STATUS.sub("", one["inside"]))).split())
        for one in _HEADLINE.finditer(shown.html)
        if one[1] != "1" and _OF_SECTIONS not in one["attributes"]
    ]
    return tuple(line for line in found if line and line != shown.subject)[:_MOST_HEADLINES]
