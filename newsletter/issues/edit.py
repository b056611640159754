"""Changes issues as files: each change is written in one step and leaves every other byte as it was."""

import copy
import fcntl
import json
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

from newsletter.documents import read_text, validate
from newsletter.errors import ContentError, Place
from newsletter.issues.files import ISSUE_FILE, IssueMatter, issue_folder
from newsletter.issues.outline import Outline, Piece
from newsletter.items import Item, Publication, item_from_text, read_item
from newsletter.workspace import Workspace, write_atomically

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


def new_issue(workspace: Workspace, slug: str, *, subject: str, day: date, template: str, language: str) -> Path:
    """Make an issue that only waits for items.

    Raises:
        ContentError: The name will not do, or is taken.
    """
    name = f"issues/{slug}/{ISSUE_FILE}"
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]*", slug):
        raise ContentError(
            f"{slug!r} is no name for an issue",
            where=Place(name),
            remedy="Use small letters, digits and hyphens, such as 2024-02-20-newsletter-12.",
        )
    target = workspace.issues / slug / ISSUE_FILE
    if target.exists():
        raise ContentError("there is such an issue already", where=Place(name), remedy="Choose another name.")
    words = _SKELETON["nl" if language.startswith("nl") else "en"]
    text = words.format(
        subject=json.dumps(subject, ensure_ascii=False),
        day=day.isoformat(),
        template=template,
        language=language,
    )
    write_atomically(target, text.encode())
    return target


def add_item(
    workspace: Workspace, slug: str, source: Path, *, section: str | None, at: int | None, time_zone: str
) -> Position:
    """Copy a Markdown file, with its pictures, into an issue and put it into a section.

    Args:
        section: Its number from 1, or its title; None chooses the one whose layout fits the kind of item.
        at: Position from 1; None puts it at the end.

    Raises:
        ContentError: The file, the issue or the section is not as it should be. Nothing was changed then.
    """
    folder = issue_folder(workspace, slug)
    text = read_text(source, str(source))
    item = item_from_text(text, str(source), time_zone)
    with _edited(folder, slug) as outline:
        number = _find_section(outline, section, item)
        position = _place_in(outline, number, at)
        file = _free_name(folder, source.name)
        for name in _local_files(item):
            _copy(source.parent / name, folder / name, str(source))
        write_atomically(folder / file, text.encode())
        outline.paste(number, position, Piece((_scalar(file),)))
        expected = _inserter(number, position, file)
        _keep(folder, slug, outline, expected)
        return _position(outline, number, position)


def move_item(workspace: Workspace, slug: str, entry: str, *, section: str | None, at: int | None) -> Position:
    """Move an entry within its section or to another.

    Args:
        entry: Its file's name, or its number such as "2.3".

    Raises:
        ContentError: There is no such entry, section or position.
    """
    folder = issue_folder(workspace, slug)
    with _edited(folder, slug) as outline:
        number, position = _find_entry(outline, entry)
        target = number if section is None else _find_section(outline, section, None)
        piece = outline.cut(number, position)
        place = _place_in(outline, target, at)
        outline.paste(target, place, piece)

        def expected(data: Any) -> None:
            moved = data["sections"][number]["items"].pop(position)
            _items(data, target).insert(place, moved)

        _keep(folder, slug, outline, expected)
        return _position(outline, target, place)


def remove_item(workspace: Workspace, slug: str, entry: str, *, delete_file: bool) -> str:
    """Take an entry out of an issue.

    Args:
        delete_file: Delete the item's file too; otherwise it stays in the folder and can be added again.

    Returns:
        The file's name.

    Raises:
        ContentError: There is no such entry.
    """
    folder = issue_folder(workspace, slug)
    with _edited(folder, slug) as outline:
        number, position = _find_entry(outline, entry)
        file = outline.files(number)[position]
        outline.cut(number, position)

        def expected(data: Any) -> None:
            data["sections"][number]["items"].pop(position)

        _keep(folder, slug, outline, expected)
        if delete_file:
            (folder / file).unlink(missing_ok=True)
        return file


def restore_item(
    workspace: Workspace, slug: str, file: str, *, section: str | None, at: int | None, time_zone: str
) -> Position:
    """Put an item whose file lies in the issue's folder, but which was taken out, back into a section.

    Raises:
        ContentError: There is no such file, it is no item, or it stands in the issue already.
    """
    folder = issue_folder(workspace, slug)
    path = folder / file
    if not path.resolve().is_relative_to(folder.resolve()):
        raise ContentError(f"{file!r} does not lie in the issue's folder", remedy="Use 'newsletter issue add'.")
    item = read_item(path, f"issues/{slug}/{file}", time_zone)
    with _edited(folder, slug) as outline:
        if any(file in outline.files(number) for number in range(len(outline.data.get("sections") or []))):
            raise ContentError(f"{file!r} stands in the issue already", remedy="Use 'newsletter issue move'.")
        number = _find_section(outline, section, item)
        position = _place_in(outline, number, at)
        outline.paste(number, position, Piece((_scalar(file),)))
        _keep(folder, slug, outline, _inserter(number, position, file))
        return _position(outline, number, position)


@contextmanager
def _edited(folder: Path, slug: str) -> Iterator[Outline]:
    """Open an issue for one edit at a time."""
    name = f"issues/{slug}/{ISSUE_FILE}"
    lock = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        outline = Outline(read_text(folder / ISSUE_FILE, name), name)
        validate(IssueMatter, outline.document)
        yield outline
    finally:
        os.close(lock)


def _keep(folder: Path, slug: str, outline: Outline, change: Callable[[Any], None]) -> None:
    """Write the edited text, if it means what it should."""
    name = f"issues/{slug}/{ISSUE_FILE}"
    before = read_text(folder / ISSUE_FILE, name)
    expected = copy.deepcopy(Outline(before, name).data)
    change(expected)
    if _without_empty(outline.data) != _without_empty(expected):
        raise ContentError(
            "this file is written in a way that cannot be edited safely",
            where=Place(name),
            remedy="Nothing was changed. Move the lines by hand, or write one '- ' line for each item.",
        )
    write_atomically(folder / ISSUE_FILE, outline.text.encode())


def _without_empty(data: Any) -> Any:
    copied = copy.deepcopy(data)
    for section in copied.get("sections") or []:
        section["items"] = section.get("items") or []
    return copied


def _inserter(number: int, position: int, file: str) -> Callable[[Any], None]:
    def insert(data: Any) -> None:
        _items(data, number).insert(position, file)

    return insert


def _items(data: Any, number: int) -> list[Any]:
    section = data["sections"][number]
    section["items"] = section.get("items") or []
    items: list[Any] = section["items"]
    return items


def _find_section(outline: Outline, wanted: str | None, item: Item | None) -> int:
    sections = outline.data.get("sections") or []
    if not sections:
        raise ContentError(
            "the issue has no sections",
            where=outline.document.place(),
            remedy="Write one under 'sections:' first.",
        )
    if wanted is None:
        layouts = PREFERRED_LAYOUTS[item.kind] if item else ()
        fitting = (n for layout in layouts for n, one in enumerate(sections) if one["layout"] == layout)
        return next(fitting, len(sections) - 1)
    if wanted.isdigit() and 0 < int(wanted) <= len(sections):
        return int(wanted) - 1
    for number, one in enumerate(sections):
        if wanted.casefold() in ((one.get("title") or "").casefold(), one["layout"].casefold()):
            return number
    named = ", ".join(f"{n} {one.get('title') or one['layout']}" for n, one in enumerate(sections, 1))
    raise ContentError(
        f"there is no section {wanted!r}",
        where=outline.document.place(("sections",)),
        remedy=f"There are: {named}.",
    )


def _find_entry(outline: Outline, wanted: str) -> tuple[int, int]:
    sections = outline.data.get("sections") or []
    numbered = re.fullmatch(r"(\d+)\.(\d+)", wanted)
    files = [outline.files(number) for number in range(len(sections))]
    if numbered:
        number, position = int(numbered[1]) - 1, int(numbered[2]) - 1
        if 0 <= number < len(files) and 0 <= position < len(files[number]):
            return number, position
    for number, names in enumerate(files):
        for name in (wanted, f"{wanted}.md"):
            if name in names:
                return number, names.index(name)
    raise ContentError(
        f"there is no item {wanted!r} in this issue",
        where=outline.document.place(("sections",)),
        remedy="Name its file, or its number such as 2.3; 'newsletter issue show' lists both.",
    )


def _place_in(outline: Outline, number: int, at: int | None) -> int:
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


def _position(outline: Outline, number: int, position: int) -> Position:
    section = outline.data["sections"][number]
    return Position(number + 1, position + 1, section.get("title") or section["layout"])


def _free_name(folder: Path, name: str) -> str:
    stem, suffix = Path(name).stem, Path(name).suffix or ".md"
    candidate, number = f"{stem}{suffix}", 2
    while (folder / candidate).exists():
        candidate, number = f"{stem}-{number}{suffix}", number + 1
    return candidate


def _local_files(item: Item) -> list[str]:
    names = [item.image.source] if item.image else []
    if isinstance(item, Publication) and item.file:
        names.append(item.file)
    return [name for name in names if "://" not in name]


def _copy(source: Path, target: Path, name: str) -> None:
    try:
        content = source.read_bytes()
    except OSError as error:
        raise ContentError(
            f"the file {source.name!r} that it names cannot be read: {error.strerror}",
            where=Place(name),
            remedy="Put it beside the item, or correct its name.",
        ) from error
    if target.exists() and target.read_bytes() != content:
        raise ContentError(
            f"the issue has another file called {target.name!r}",
            where=Place(name),
            remedy="Rename the picture, in the item too.",
        )
    write_atomically(target, content)


def _scalar(file: str) -> str:
    return file if re.fullmatch(r"[A-Za-z0-9][\w./-]*", file) else json.dumps(file, ensure_ascii=False)


_SKELETON: Final = {
    "nl": """\
# De onderwerpregel. {{{{ subscriber.first_name }}}} mag erin staan.
subject: {subject}
# De regel die mailprogramma's achter het onderwerp tonen; 40 tot 90 tekens.
preheader: ""
# Het nummer van deze editie, als u nummert.
# number: 1
date: {day}
language: {language}
template: {template}

# Een of twee zinnen vooraf, in Markdown.
intro: ""

sections:
  - layout: lead
    items: []

  - title: Nieuws
    layout: news
    items: []

  - title: Agenda
    layout: agenda
    items: []

  - title: Publicaties
    layout: publications
    items: []
""",
    "en": """\
# The subject line. {{{{ subscriber.first_name }}}} may stand in it.
subject: {subject}
# The line that mail programs show behind the subject; 40 to 90 characters.
preheader: ""
# The number of this edition, if you number them.
# number: 1
date: {day}
language: {language}
template: {template}

# A sentence or two beforehand, in Markdown.
intro: ""

sections:
  - layout: lead
    items: []

  - title: News
    layout: news
    items: []

  - title: Agenda
    layout: agenda
    items: []

  - title: Publications
    layout: publications
    items: []
""",
}
