"""Changes issues as files: each change is written in one step and leaves every other byte as it was."""

import copy
import fcntl
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath
from typing import Any

from newsletter.documents import Document, read_text, validate
from newsletter.errors import ContentError, NewsletterError
from newsletter.issues.files import ISSUE_FILE, issue_folder
from newsletter.issues.finding import Position, find_entry, find_file, find_section, place_in, position_at
from newsletter.issues.incoming import copies_of, name_for, read_incoming
from newsletter.issues.layouts import ALL_KINDS, Kinds
from newsletter.issues.outline import Outline, Piece
from newsletter.issues.schema import IssueMatter, is_item_file, repeats
from newsletter.items import read_item
from newsletter.workspace import Workspace, write_atomically


def add_items(
    workspace: Workspace,
    slug: str,
    sources: Sequence[Path],
    *,
    section: str | None,
    at: int | None,
    time_zone: str,
    kinds: Kinds = ALL_KINDS,
) -> tuple[Position, ...]:
    """Copy Markdown files, with their pictures, into an issue and put them into sections: all of them or none.

    Args:
        section: Its number from 1, or its title or layout; None chooses for each the one whose layout fits its kind.
        at: Position of the first from 1; None puts them at the end.

    Raises:
        ContentError: A file, the issue or the section is not as it should be. Nothing was changed then.
    """
    folder = issue_folder(workspace, slug)
    incoming = read_incoming(sources, time_zone)
    with _edited(folder, slug) as outline:
        files: dict[Path, bytes] = {}
        inserted: list[tuple[int, str]] = []
        changes: list[Callable[[Any], None]] = []
        for order, one in enumerate(incoming):
            number = find_section(outline, section, one.item.kind, kinds)
            position = place_in(outline, number, None if at is None else at + order)
            name = name_for(one, folder, slug, outline, files)
            files |= copies_of(one, folder, name, files)
            outline.paste(number, position, Piece.of_file(name))
            inserted.append((number, name))
            changes.append(_inserter(number, position, name))

        def expected(data: Any) -> None:
            for change in changes:
                change(data)

        _assert_meant(outline, inserted[0][0] if inserted else None, expected)
        with _added(files):
            write_atomically(folder / ISSUE_FILE, outline.content)
        return tuple(position_at(outline, number, outline.files(number).index(name)) for number, name in inserted)


def move_item(
    workspace: Workspace, slug: str, entry: str, *, section: str | None, at: int | None, kinds: Kinds = ALL_KINDS
) -> Position:
    """Move an entry within its section or to another.

    Args:
        entry: Its file's name, or its number such as "2.3".

    Raises:
        ContentError: There is no such entry, section or position, or the section's layout cannot show the item.
    """
    folder = issue_folder(workspace, slug)
    with _edited(folder, slug) as outline:
        number, position = find_entry(outline, entry)
        kind = _kind_of(folder / outline.files(number)[position])
        target = number if section is None else find_section(outline, section, kind, kinds)
        piece = outline.cut(number, position)
        place = place_in(outline, target, at)
        outline.paste(target, place, piece)

        def expected(data: Any) -> None:
            moved = data["sections"][number]["items"].pop(position)
            _items(data, target).insert(place, moved)

        _assert_meant(outline, number, expected)
        write_atomically(folder / ISSUE_FILE, outline.content)
        return position_at(outline, target, place)


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
        number, position = find_entry(outline, entry)
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
    workspace: Workspace,
    slug: str,
    file: str,
    *,
    section: str | None,
    at: int | None,
    time_zone: str,
    kinds: Kinds = ALL_KINDS,
) -> Position:
    """Put an item whose file lies in the issue's folder, but which was taken out, back into a section.

    Raises:
        ContentError: There is no such file, it is no item, it stands in the issue already, or the section's layout
            cannot show it.
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
        if find_file(outline, name) is not None:
            raise ContentError(f"{file!r} stands in the issue already", remedy="Use 'newsletter issue move'.")
        number = find_section(outline, section, item.kind, kinds)
        position = place_in(outline, number, at)
        outline.paste(number, position, Piece.of_file(name))
        _assert_meant(outline, number, _inserter(number, position, name))
        write_atomically(folder / ISSUE_FILE, outline.content)
        return position_at(outline, number, position)


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


def _kind_of(file: Path) -> str | None:
    """Tell the kind of an item; an entry whose file cannot be read can still be moved."""
    try:
        return read_item(file, file.name, "UTC").kind
    except NewsletterError:
        return None


def _assert_meant(outline: Outline, section: int | None, change: Callable[[Any], None]) -> None:
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
