"""Items as Markdown files with front matter, and the quotes in them."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from newsletter.documents import Document, KeyPath, parse_yaml, read_text, split_front_matter, validate
from newsletter.errors import ContentError, Place
from newsletter.items.markdown import line_too_deep
from newsletter.items.model import Item, Publication, Quote
from newsletter.items.schema import KINDS

LESS_DEEP: Final = "Write it with fewer lists, quotes or emphasis within one another."
_SPEAKER: Final = re.compile(r"^(?:—|–|--)\s*(.+)$")


def read_item(path: Path, name: str, time_zone: str) -> Item:
    """Read an item's file.

    Args:
        name: The file as a person would name it.
        time_zone: Of event times that name none.

    Raises:
        ContentError: It cannot be read, or something in it is not as it should be; names line and column.
    """
    return item_from_text(read_text(path, name), name, time_zone)


def item_from_text(text: str, name: str, time_zone: str) -> Item:
    """Read an item from a file's text; see `read_item`."""
    parts = split_front_matter(text, name)
    document = parse_yaml(parts.matter, name, first_line=2)
    data = document.data
    if not isinstance(data, dict):
        raise ContentError(
            "the front matter is empty" if data is None else "the front matter holds no keys with values",
            where=document.place(),
            remedy="Write 'kind: article', 'title: …' and so on, each on a line of its own.",
        )
    kind = data.get("kind")
    matter = KINDS.get(kind) if isinstance(kind, str) else None
    if matter is None:
        raise ContentError(
            "the key 'kind' is missing" if kind is None else f"there is no kind of item called {kind!r}",
            where=document.place(("kind",)),
            remedy="Write 'kind: article', 'kind: event' or 'kind: publication'.",
        )
    context = {"time_zone": time_zone}
    item = validate(matter, document, context).read(parts.body, context)
    line = line_too_deep(parts.body)
    if line is not None:
        raise ContentError(
            "the text is nested too deeply", where=Place(name, parts.body_line + line - 1, 1), remedy=LESS_DEEP
        )
    return item


def local_files(item: Item) -> tuple[tuple[KeyPath, str], ...]:
    """Name the pictures and documents that lie beside an item, each with the path of its key in the front matter."""
    publication = isinstance(item, Publication)
    found: list[tuple[KeyPath, str]] = []
    if item.image:
        found.append((("cover" if publication else "image", "source"), item.image.source))
    if isinstance(item, Publication) and item.file:
        found.append((("file",), item.file))
    return tuple((path, name) for path, name in found if "://" not in name)


def place_in_item(path: Path, name: str, key: KeyPath) -> Place:
    """Find the place of a value in an item's front matter.

    Args:
        name: The file as a person would name it.
        key: The path of the value's key.

    Raises:
        ContentError: The file cannot be read.
    """
    return _front_matter(path, name).place(key)


def place_of_value(path: Path, name: str, value: str, keys: Sequence[KeyPath]) -> Place | None:
    """Find where an item's front matter says something; None where none of these keys says it (any more).

    Args:
        name: The file as a person would name it.
        keys: Where to look, the first that says it counts.
    """
    try:
        document = _front_matter(path, name)
    except ContentError:
        return None
    return next((document.place(key) for key in keys if _value(document.data, key) == value), None)


def _front_matter(path: Path, name: str) -> Document:
    return parse_yaml(split_front_matter(read_text(path, name), name).matter, name, first_line=2)


def _value(data: Any, keys: KeyPath) -> Any:
    for key in keys:
        data = data.get(key) if isinstance(data, dict) else None
    return data


def quotes_in(body: str) -> tuple[Quote, ...]:
    """Find the quotes in a body: blockquotes, the last line of which names the speaker after a dash.

    "> — Aukje de Vries, staatssecretaris" gives a speaker and, behind the first comma, a role.
    """
    found: list[Quote] = []
    lines: list[str] = []
    for line in [*body.splitlines(), ""]:
        if line.lstrip().startswith(">"):
            lines.append(line.lstrip()[1:].strip())
        elif lines:
            found.append(_quote([one for one in lines if one]))
            lines = []
    return tuple(found)


def _quote(lines: list[str]) -> Quote:
    speaker = _SPEAKER.match(lines[-1]) if lines else None
    if speaker is None:
        return Quote(" ".join(lines))
    name, _, role = speaker[1].partition(",")
    return Quote(" ".join(lines[:-1]), name.strip(), role.strip() or None)
