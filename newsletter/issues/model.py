"""What an issue is: sections of items, each perhaps for some readers only."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TypeAlias

from newsletter.expressions import Expression
from newsletter.items import Item

Day: TypeAlias = date


@dataclass(frozen=True, slots=True)
class Entry:
    """One item in a section, as this issue shows it.

    `item` has this issue's overrides of title, lead and image applied already; `file` is relative to the
    issue's folder.
    """

    file: str
    item: Item
    visible_to: Expression | None = None


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
    `intro` is Markdown. `language` is a BCP 47 tag.
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
