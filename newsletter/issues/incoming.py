"""Files on their way into an issue: what they are called there, and the pictures that come with them."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from newsletter.documents import read_text, split_front_matter
from newsletter.errors import ContentError, NewsletterError, Place, raise_all
from newsletter.issues.finding import find_file, position_at
from newsletter.issues.outline import Outline
from newsletter.items import Item, item_from_text, local_files, pictures_in, place_in_item


@dataclass(frozen=True, slots=True)
class Incoming:
    """A Markdown file that is to become an item of an issue.

    Args:
        name: The file as a person named it.
    """

    source: Path
    name: str
    content: bytes
    item: Item


def read_incoming(sources: Sequence[Path], time_zone: str) -> tuple[Incoming, ...]:
    """Read files that are to become items.

    Raises:
        ContentError: One cannot be read, is no item or is named twice. The problems of all are raised together.
    """
    found: list[Incoming] = []
    problems: list[NewsletterError] = []
    met: set[Path] = set()
    for source in sources:
        name = str(source)
        if source.resolve() in met:
            problems.append(ContentError("the file is named twice", where=Place(name), remedy="Name it once."))
            continue
        met.add(source.resolve())
        try:
            text = read_text(source, name, keep_mark=True)
            item = item_from_text(text.removeprefix("\ufeff"), name, time_zone)
        except NewsletterError as error:
            problems.append(error)
        else:
            found.append(Incoming(source, name, text.encode(), item))
    raise_all(problems)
    return tuple(found)


def name_for(one: Incoming, folder: Path, slug: str, outline: Outline, added: Mapping[Path, bytes]) -> str:
    """Choose a name that an issue can hold: that of the very same file where it lies there, or else one that is free.

    Args:
        added: What comes into the issue in the same edit.

    Raises:
        ContentError: The very same file stands in the issue already.
    """
    names = _names(one.source.name)
    while True:
        name = next(names)
        path = folder / name
        entry = find_file(outline, name)
        content = added[path] if path in added else _content(path)
        if content is None and entry is None:
            return name
        if content != one.content:
            continue
        if entry is None:
            return name
        position = position_at(outline, *entry)
        raise ContentError(
            f"the very same file stands in the issue already: {name} is {position} ({position.section_title})",
            where=Place(one.name),
            remedy=f"Move it with 'newsletter issue move {slug} {name}', or give the new item another text.",
        )


def _names(name: str) -> Iterator[str]:
    """Give one name after the other, without an end."""
    path = Path(re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\\]", "-", name))
    suffix = path.suffix if path.suffix.lower() == ".md" else ".md"
    yield f"{path.stem}{suffix}"
    number = 2
    while True:
        yield f"{path.stem}-{number}{suffix}"
        number += 1


def _content(path: Path) -> bytes | None:
    """Give what lies at a path: None where it is free, and no bytes for a folder."""
    if not path.exists():
        return None
    return path.read_bytes() if path.is_file() else b""


def copies_of(one: Incoming, folder: Path, name: str, added: Mapping[Path, bytes]) -> dict[Path, bytes]:
    """Give the files that an item brings into an issue; those that lie there already are none.

    Raises:
        ContentError: A file that the item names cannot be read, or the issue has another of that name.
    """
    found = {folder / name: one.content}
    for needed, place in _needed(one):
        source, target = one.source.parent / needed, folder / needed
        try:
            content = source.read_bytes()
        except OSError as error:
            raise ContentError(
                f"the file {needed!r} that it names cannot be read: {error.strerror}",
                where=place,
                remedy="Put it beside the item, or correct its name.",
            ) from error
        present = added[target] if target in added else _content(target)
        if present is not None and present != content:
            raise ContentError(
                f"the issue has another file called {needed!r}",
                where=place,
                remedy="Rename the picture, in the item too.",
            )
        found[target] = content
    return {path: content for path, content in found.items() if not path.exists()}


def _needed(one: Incoming) -> Iterator[tuple[str, Place]]:
    """Name the files beside an item that it cannot be shown without, each with the place where it names them."""
    for key, needed in local_files(one.item):
        yield needed, place_in_item(one.source, one.name, key)
    before = split_front_matter(one.content.decode().removeprefix("\ufeff"), one.name).body_line - 1
    for picture in pictures_in(one.item.body):
        if picture.is_beside:
            yield picture.file_in(one.source.parent), Place(one.name, before + picture.line)
