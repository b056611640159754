"""Finds the section, the entry and the position that an edit of an issue means."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, Final

from newsletter.errors import ContentError
from newsletter.issues.layouts import Kinds, cannot_show, shows
from newsletter.issues.outline import Outline

PREFERRED_LAYOUTS: Final = {
    "event": ("agenda",),
    "publication": ("publications",),
    "article": ("news", "story", "lead"),
}


@dataclass(frozen=True, slots=True)
class Position:
    """Where an entry stands: section and entry, both from 1."""

    section: int
    entry: int
    section_title: str

    def __str__(self) -> str:
        return f"{self.section}.{self.entry}"


def find_section(outline: Outline, wanted: str | None, kind: str | None, kinds: Kinds) -> int:
    """Find a section by its number from 1, its title or its layout; without one of these, by the kind of item.

    Args:
        kind: Of the item to be put there; None if nobody knows.

    Raises:
        ContentError: There is no such section, or its layout cannot show the item.
    """
    sections = outline.data.get("sections") or []
    if not sections:
        raise ContentError(
            "the issue has no sections",
            where=outline.document.place(),
            remedy="Write one under 'sections:' first.",
        )
    if wanted is None:
        return _fitting_section(outline, kind, kinds)
    number = _named_section(outline, wanted)
    if kind is not None and not shows(sections[number]["layout"], kind, kinds):
        others = ", ".join(_named(outline, number) for number in _showing(outline, kind, kinds))
        raise ContentError(
            cannot_show(sections[number]["layout"], kind),
            where=outline.document.place(("sections", number, "layout")),
            remedy=f"Choose a section that can: {others}." if others else _wanting(kind, kinds),
        )
    return number


def _fitting_section(outline: Outline, kind: str | None, kinds: Kinds) -> int:
    sections = outline.data["sections"]
    showing = list(_showing(outline, kind, kinds))
    if not showing:
        raise ContentError(
            f"no section of this issue can show an item of the kind {kind}",
            where=outline.document.place(("sections",)),
            remedy=_wanting(kind, kinds),
        )
    layouts = PREFERRED_LAYOUTS[kind] if kind else ()
    preferred = (number for layout in layouts for number in showing if sections[number]["layout"] == layout)
    return next(preferred, showing[0])


def _showing(outline: Outline, kind: str | None, kinds: Kinds) -> Iterator[int]:
    for number, one in enumerate(outline.data["sections"]):
        if kind is None or shows(one["layout"], kind, kinds):
            yield number


def _wanting(kind: str | None, kinds: Kinds) -> str:
    layouts = [layout for layout, shown in kinds.items() if kind in shown]
    such = f", such as {' or '.join(layouts)}" if layouts else ""
    return f"Write a section under 'sections:' first, with a layout that can{such}."


def _named_section(outline: Outline, wanted: str) -> int:
    sections = outline.data["sections"]
    if wanted.isdigit() and 0 < int(wanted) <= len(sections):
        return int(wanted) - 1
    for number, one in enumerate(sections):
        if wanted.casefold() in ((one.get("title") or "").casefold(), one["layout"].casefold()):
            return number
    named = ", ".join(_named(outline, number) for number in range(len(sections)))
    raise ContentError(
        f"there is no section {wanted!r}",
        where=outline.document.place(("sections",)),
        remedy=f"There are: {named}.",
    )


def _named(outline: Outline, number: int) -> str:
    section: dict[str, Any] = outline.data["sections"][number]
    return f"{number + 1} {section.get('title') or section['layout']}"


def find_entry(outline: Outline, wanted: str) -> tuple[int, int]:
    """Find an entry by its file's name, or by its number such as "2.3".

    Raises:
        ContentError: There is none.
    """
    sections = outline.data.get("sections") or []
    numbered = re.fullmatch(r"(\d+)\.(\d+)", wanted)
    files = [outline.files(number) for number in range(len(sections))]
    if numbered:
        number, position = int(numbered[1]) - 1, int(numbered[2]) - 1
        if 0 <= number < len(files) and 0 <= position < len(files[number]):
            return number, position
    for number, names in enumerate(files):
        for name in (PurePosixPath(wanted).as_posix(), f"{wanted}.md"):
            if name in names:
                return number, names.index(name)
    raise ContentError(
        f"there is no item {wanted!r} in this issue",
        where=outline.document.place(("sections",)),
        remedy="Name its file, or its number such as 2.3; 'newsletter issue show' lists both.",
    )


def place_in(outline: Outline, number: int, at: int | None) -> int:
    """Turn a position from 1 in a section into one from 0; None means the end.

    Raises:
        ContentError: The section is shorter.
    """
    count = len(outline.files(number))
    if at is None:
        return count
    if not 1 <= at <= count + 1:
        raise ContentError(
            f"section {number + 1} has no position {at}",
            where=outline.document.place(("sections", number)),
            remedy=f"Choose one from 1 to {count + 1}.",
        )
    return at - 1


def position_at(outline: Outline, number: int, position: int) -> Position:
    """Say where an entry stands."""
    section = outline.data["sections"][number]
    return Position(number + 1, position + 1, section.get("title") or section["layout"])


def find_file(outline: Outline, file: str) -> tuple[int, int] | None:
    """Find the entry of a file; None if the issue has none."""
    for number in range(len(outline.data.get("sections") or [])):
        names = outline.files(number)
        if file in names:
            return number, names.index(file)
    return None
