"""Changes issues as files: each change is written in one step and leaves every other byte as it was."""

import copy
import fcntl
import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Final
from urllib.parse import unquote

from newsletter.documents import Document, read_text, validate
from newsletter.errors import ContentError, NewsletterError, Place
from newsletter.issues.files import ISSUE_FILE, IssueMatter, is_item_file, issue_folder, repeats
from newsletter.issues.outline import Outline, Piece
from newsletter.items import Item, Publication, item_from_text, pictures_in, read_item
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
    text = read_text(source, str(source), keep_mark=True)
    item = item_from_text(text.removeprefix("\ufeff"), str(source), time_zone)
    with _edited(folder, slug) as outline:
        number = _find_section(outline, section, item)
        position = _place_in(outline, number, at)
        file = _free_name(folder, source.name, outline)
        files = {folder / file: text.encode()}
        for name in _local_files(item):
            files.update(_copy_of(source.parent / name, folder / name, str(source)))
        outline.paste(number, position, Piece.of_file(file))
        _assert_meant(outline, number, _inserter(number, position, file))
        with _added(files):
            write_atomically(folder / ISSUE_FILE, outline.content)
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

        _assert_meant(outline, number, expected)
        write_atomically(folder / ISSUE_FILE, outline.content)
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

        _assert_meant(outline, number, expected)
        write_atomically(folder / ISSUE_FILE, outline.content)
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
    name = PurePosixPath(file).as_posix()
    remedy = "Use 'newsletter issue add'."
    if ".." in PurePosixPath(name).parts or not (folder / name).resolve().is_relative_to(folder.resolve()):
        raise ContentError(f"{file!r} does not lie in the issue's folder", remedy=remedy)
    if not is_item_file(name):
        raise ContentError(f"{file!r} is no Markdown file", remedy=remedy)
    item = read_item(folder / name, f"issues/{slug}/{name}", time_zone)
    with _edited(folder, slug) as outline:
        if name in _all_files(outline):
            raise ContentError(f"{file!r} stands in the issue already", remedy="Use 'newsletter issue move'.")
        number = _find_section(outline, section, item)
        position = _place_in(outline, number, at)
        outline.paste(number, position, Piece.of_file(name))
        _assert_meant(outline, number, _inserter(number, position, name))
        write_atomically(folder / ISSUE_FILE, outline.content)
        return _position(outline, number, position)


@contextmanager
def _edited(folder: Path, slug: str) -> Iterator[Outline]:
    """Open an issue for one edit at a time."""
    name = f"issues/{slug}/{ISSUE_FILE}"
    lock = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        outline = Outline(read_text(folder / ISSUE_FILE, name, keep_mark=True), name)
        validate(IssueMatter, outline.document)
        yield outline
    finally:
        os.close(lock)


def _assert_meant(outline: Outline, section: int, change: Callable[[Any], None]) -> None:
    """Hold the edited text against what it should mean, and against what reading it asks for."""
    expected = copy.deepcopy(outline.before.data)
    change(expected)
    try:
        before, after = (set(_repeated(document)) for document in (outline.before, outline.document))
    except NewsletterError as error:
        raise outline.unsafe(section) from error
    if _without_empty(outline.data) != _without_empty(expected) or after - before:
        raise outline.unsafe(section)


def _repeated(document: Document) -> Iterator[str]:
    return (file for _, file in repeats(validate(IssueMatter, document)))


@contextmanager
def _added(files: Mapping[Path, bytes]) -> Iterator[None]:
    """Write new files, and take them away again if what follows fails."""
    made: list[Path] = []
    try:
        for path, content in files.items():
            made += [folder for folder in reversed(path.parents) if not folder.exists()]
            made.append(path)
            write_atomically(path, content)
        yield
    except BaseException:
        for path in reversed(made):
            with suppress(OSError):
                path.rmdir() if path.is_dir() else path.unlink()
        raise


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
        for name in (PurePosixPath(wanted).as_posix(), f"{wanted}.md"):
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


def _all_files(outline: Outline) -> set[str]:
    sections = outline.data.get("sections") or []
    return {file for number in range(len(sections)) for file in outline.files(number)}


def _free_name(folder: Path, name: str, outline: Outline) -> str:
    """Choose a name that an issue can hold and that nothing in it has."""
    path = Path(re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\\]", "-", name))
    suffix = path.suffix if path.suffix.lower() == ".md" else ".md"
    candidate, number = f"{path.stem}{suffix}", 2
    while (folder / candidate).exists() or candidate in _all_files(outline):
        candidate, number = f"{path.stem}-{number}{suffix}", number + 1
    return candidate


def _local_files(item: Item) -> list[str]:
    names = [item.image.source] if item.image else []
    if isinstance(item, Publication) and item.file:
        names.append(item.file)
    names += [unquote(one.source) for one in pictures_in(item.body) if one.is_beside]
    return list(dict.fromkeys(name for name in names if "://" not in name))


def _copy_of(source: Path, target: Path, name: str) -> dict[Path, bytes]:
    """Read a file that an item names; nothing if the issue has it already."""
    try:
        content = source.read_bytes()
    except OSError as error:
        raise ContentError(
            f"the file {source.name!r} that it names cannot be read: {error.strerror}",
            where=Place(name),
            remedy="Put it beside the item, or correct its name.",
        ) from error
    if not target.exists():
        return {target: content}
    if not target.is_file() or target.read_bytes() != content:
        raise ContentError(
            f"the issue has another file called {target.name!r}",
            where=Place(name),
            remedy="Rename the picture, in the item too.",
        )
    return {}
