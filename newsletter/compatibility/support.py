"""The Can I Email data: features, mail clients, and how far each client supports each feature."""

import gzip
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any, Final

from newsletter.errors import Place, SettingsError

DATA: Final = Path(__file__).parents[1] / "data/caniemail.json.gz"

WORD_ENGINE: Final = frozenset({"outlook.windows", "outlook.windows-mail"})
"""Clients that draw with Microsoft Word and read what is written for it in comments; the data does not say so."""


class Level(StrEnum):
    """How far a client supports a feature."""

    YES = "yes"
    PARTLY = "partly"
    NO = "no"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Support:
    """What a client makes of a feature.

    Args:
        notes: What is to be known about it, in English.
        version: The client's latest version that was tested, or the month of the test; empty where none was.
        tested: The day on which the feature was last tested.
    """

    level: Level
    notes: tuple[str, ...]
    version: str
    tested: date

    @property
    def note(self) -> str:
        """The notes as one text."""
        return " ".join(self.notes)


@dataclass(frozen=True, slots=True)
class Feature:
    """Something that a message may use: an element, attribute, property, selector, unit or kind of picture.

    Args:
        slug: As Can I Email names it, such as "css-border-radius".
        category: "css", "html", "image" or "others".
        support: By the name of the client; a client that is missing was not tested.
    """

    slug: str
    title: str
    category: str
    tested: date
    support: Mapping[str, Support]

    @property
    def url(self) -> str:
        """Where people read more about it."""
        return f"https://www.caniemail.com/features/{self.slug}/"


@dataclass(frozen=True, slots=True)
class Client:
    """A mail client on one platform.

    Args:
        name: As settings and addresses write it, such as "gmail.android".
    """

    name: str
    family: str
    platform: str

    @property
    def title(self) -> str:
        """Its name as people know it; a platform that says it all stands alone."""
        stands_alone = self.platform.startswith(self.family) or self.platform == "Windows Mail"
        return self.platform if stands_alone else f"{self.family}, {self.platform}"


@dataclass(frozen=True, slots=True)
class Edition:
    """Where the data comes from, as its licence wants it said.

    Args:
        date: The day of the latest test in it.
    """

    source: str
    licence: str
    copyright: str
    date: date


@cache
def edition() -> Edition:
    """Say where the data comes from and how old it is."""
    data = _data()
    return Edition(data["source"], data["licence"], data["copyright"], date.fromisoformat(data["date"]))


@cache
def features() -> Mapping[str, Feature]:
    """Give every feature by its slug."""
    return {slug: _feature(slug, raw) for slug, raw in _data()["features"].items()}


def feature(slug: str) -> Feature:
    """Give a feature.

    Raises:
        KeyError: There is none of that name.
    """
    return features()[slug]


def support(slug: str, client: str) -> Support:
    """Say what a client makes of a feature; of a client that was not tested nothing is known.

    Raises:
        KeyError: There is no such feature.
    """
    found = feature(slug)
    return found.support.get(client) or Support(Level.UNKNOWN, (), "", found.tested)


@cache
def clients() -> Mapping[str, Client]:
    """Give every mail client by its name, in the order of their titles."""
    data = _data()
    names = {name for raw in data["features"].values() for name in raw["support"]}
    found = [_client(name, data["families"], data["platforms"]) for name in names]
    return {one.name: one for one in sorted(found, key=lambda one: one.title.casefold())}


def client(name: str) -> Client:
    """Give a mail client by the name that somebody typed.

    Raises:
        SettingsError: There is none of that name.
    """
    try:
        return clients()[name]
    except KeyError:
        near = get_close_matches(name, clients(), 3, 0.5) or ["gmail.desktop-webmail", "outlook.windows"]
        raise SettingsError(
            f"there is no mail client '{name}' in the data of {edition().date}",
            where=Place(field="preflight.clients"),
            remedy=f"Write one such as {', '.join(near)}.",
        ) from None


def chosen_clients(names: Iterable[str]) -> tuple[Client, ...]:
    """Give the mail clients that settings name: one such as "gmail.android", or all of a family such as "gmail".

    Raises:
        SettingsError: There is none of such a name.
    """
    families = {one.partition(".")[0] for one in clients()}
    wanted = {name if name in families else client(name).name for name in names}
    return tuple(one for one in clients().values() if wanted & {one.name, one.name.partition(".")[0]})


def _client(name: str, families: Mapping[str, str], platforms: Mapping[str, str]) -> Client:
    family, _, platform = name.partition(".")
    return Client(name, families.get(family, family), platforms.get(platform, platform))


_LEVELS: Final = {"y": Level.YES, "a": Level.PARTLY, "n": Level.NO, "u": Level.UNKNOWN}


def _feature(slug: str, raw: Mapping[str, Any]) -> Feature:
    tested = date.fromisoformat(raw["tested"])
    supported = {
        name: _support(version, value, raw["notes"], tested) for name, (version, value) in raw["support"].items()
    }
    return Feature(slug, raw["title"], raw["category"], tested, supported)


def _support(version: str, value: str, notes: Mapping[str, str], tested: date) -> Support:
    numbers = [part.strip() for part in value[1:].split("#")[1:]]
    return Support(_LEVELS[value[0]], tuple(notes[one] for one in numbers if one in notes), version, tested)


@cache
def _data() -> Any:
    return json.loads(gzip.decompress(DATA.read_bytes()))
