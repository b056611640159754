"""What an issue is: sections of items, each perhaps for some readers only."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TypeAlias

from newsletter.errors import Place
from newsletter.expressions import Expression
from newsletter.items import Item

Day: TypeAlias = date


@dataclass(frozen=True, slots=True)
class Entry:
    """One item in a section, as this issue shows it.

    `item` has this issue's overrides of title, lead and image applied already; `own_title` is what its file calls it
    where the issue calls it otherwise. `file` is relative to the issue's folder.
    """

    file: str
    item: Item
    visible_to: Expression | None = None
    own_title: str | None = None


@dataclass(frozen=True, slots=True)
class Section:
    """A titled run of items, shown in one of the template's layouts."""

    layout: str
    title: str | None
    entries: tuple[Entry, ...]
    visible_to: Expression | None = None


@dataclass(frozen=True, slots=True)
class Issue:
    """One edition, read whole: `issue.yaml` and the items beside it.

    `subject`, `preheader` and `intro` may hold values for one reader: `{{ subscriber.first_name }}`.
    `intro` is Markdown. `language` is a BCP 47 tag. `places` tells where these three stand in the file, where it names
    them.
    """

    slug: str
    folder: Path
    subject: str
    preheader: str
    number: str | None
    date: Day
    language: str
    template: str
    intro: str
    sections: tuple[Section, ...]
    places: Mapping[str, Place] = field(default_factory=dict, compare=False, repr=False)
