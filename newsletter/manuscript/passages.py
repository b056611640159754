"""What a manuscript is: sheets, which are files, and passages, which are the texts in them that readers see."""

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property
from pathlib import Path

from newsletter.documents import Document, KeyPath
from newsletter.errors import Place
from newsletter.issues import Entry
from newsletter.manuscript.masking import masked, without_code
from newsletter.manuscript.mending import Fix


class Role(StrEnum):
    """What a passage is to its readers."""

    SUBJECT = "subject"
    PREHEADER = "preheader"
    INTRO = "intro"
    SECTION_TITLE = "section title"
    TITLE = "title"
    LEAD = "lead"
    BODY = "body"
    QUOTE = "quote"
    LINK_TEXT = "link text"


@dataclass(frozen=True)
class Sheet:
    """A file of an issue.

    Args:
        name: As a person in the workspace would name it.
        text: Without a byte order mark.
        document: Its YAML, or its front matter.
        body_start: Where the Markdown below the front matter begins; the length of the text where there is none.
    """

    name: str
    path: Path
    text: str
    document: Document
    body_start: int

    @cached_property
    def _line_starts(self) -> tuple[int, ...]:
        return (0, *(found.end() for found in re.finditer(r"\r\n|\n|\r", self.text)))

    def place(self, *path: str | int, key: bool = False) -> Place:
        """Give the place of a value, or of its key; of the nearest thing around it where it does not exist."""
        return self.document.place(path, key=key)

    def place_at(self, position: int, field: str | None = None) -> Place:
        """Give the place of a character."""
        starts = self._line_starts
        line = bisect_right(starts, position) - 1
        return Place(self.name, line + 1, position - starts[line] + 1, field=field)


@dataclass(frozen=True)
class Passage:
    """A text that readers see.

    Args:
        text: As it was read: without quotes and folded lines.
        start: Where it stands in the text of its sheet; without its quotes.
        end: Behind its last character.
        path: Of its key in the sheet; empty for a body.
        section: The section's number, from 0.
        entry: The item that it belongs to.
        markdown: Whether it is written in Markdown.
    """

    role: Role
    text: str
    sheet: Sheet
    start: int
    end: int
    path: KeyPath = ()
    section: int | None = None
    entry: Entry | None = None
    markdown: bool = False

    @property
    def place(self) -> Place:
        """Where it begins."""
        if self.path:
            return self.sheet.place(*self.path)
        return replace(self.sheet.place_at(self.start), field=self.role.value)

    @property
    def block(self) -> str:
        """The item that it belongs to, by its title."""
        return self.entry.item.title if self.entry else ""

    @cached_property
    def prose(self) -> str:
        """The text as it stands in the file, with a mark for each character that is no prose.

        A space between two words may be a line end with blanks around it.
        """
        return masked(self.sheet.text[self.start : self.end], markdown=self.markdown)

    @cached_property
    def source(self) -> str:
        """The text as it stands in the file, with addresses and markup too; only code is marked."""
        text = self.sheet.text[self.start : self.end]
        return without_code(text) if self.markdown else text

    def find(self, pattern: re.Pattern[str], *, in_source: bool = False) -> Iterator["Found"]:
        """Find a pattern in the prose, or in the source."""
        for match in pattern.finditer(self.source if in_source else self.prose):
            if match[0]:
                yield Found(self, match)

    def between(self, start: int, end: int, new: str) -> Fix:
        """Offer to put other words in the place of some of the prose."""
        old = self.sheet.text[self.start + start : self.start + end]
        return Fix(self.sheet.name, self.sheet.path, self.start + start, old, new, self.path)

    def place_in(self, position: int) -> Place:
        """Give the place of a character of the prose."""
        field = ".".join(str(part + 1) if isinstance(part, int) else part for part in self.path) or self.role.value
        return self.sheet.place_at(self.start + position, field)


@dataclass(frozen=True, slots=True)
class Found:
    """Words that were found in a passage."""

    passage: Passage
    match: re.Match[str]

    @property
    def text(self) -> str:
        """The words, with single spaces."""
        return " ".join(self.match[0].split())

    @property
    def place(self) -> Place:
        """Where they stand."""
        return self.passage.place_in(self.match.start())

    def fix(self, new: str, group: int | str = 0) -> Fix:
        """Offer to put other words in their place, or in that of one group of the pattern."""
        start, end = self.match.span(group)
        return self.passage.between(start, end, new)


@dataclass(frozen=True)
class Manuscript:
    """The files of an issue, and all texts in them that readers see, in the order of the issue.

    Args:
        sheet: `issue.yaml`.
        items: The items' files, by their names in the issue.
    """

    sheet: Sheet
    items: Mapping[str, Sheet]
    passages: tuple[Passage, ...]

    def of(self, *roles: Role) -> Iterator[Passage]:
        """Give the passages of some roles; of all where none is named."""
        return (passage for passage in self.passages if not roles or passage.role in roles)

    def place(self, entry: Entry, *path: str | int) -> Place:
        """Give the place of a key in an item's file."""
        return self.items[entry.file].place(*path)
