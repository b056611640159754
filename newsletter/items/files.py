"""Items as Markdown files with front matter: read, changed, and written back without losing anything."""

import io
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from ruamel.yaml import YAML

from newsletter.documents import parse_yaml, read_text, split_front_matter, validate
from newsletter.errors import ContentError
from newsletter.items.model import Item, Quote
from newsletter.items.schema import KINDS

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
            "the front matter is empty", where=document.place(), remedy="Add 'kind: article' and 'title: …'."
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
    return validate(matter, document, context).read(parts.body, context)


def change_item(text: str, name: str, changes: Mapping[str, Any]) -> str:
    """Change values in the front matter of an item's file.

    Everything else stays: comments, the order of keys, keys that nobody knows, and the body byte for byte. Without
    a change the text comes back as it was.

    Args:
        changes: From key to plain data; None takes the key away.

    Raises:
        ContentError: The file has no front matter that can be read.
    """
    parts = split_front_matter(text, name)
    yaml = YAML(typ="rt")
    yaml.preserve_quotes = True
    yaml.width = 10_000
    yaml.allow_unicode = True
    yaml.indent(mapping=2, sequence=4, offset=2)
    loaded = yaml.load(parts.matter) if parts.matter.strip() else {}
    before = parse_yaml(parts.matter, name, first_line=2).data or {}
    differing = {key: value for key, value in changes.items() if before.get(key) != value}
    if not differing:
        return text
    for key, value in differing.items():
        if value is None:
            loaded.pop(key, None)
        else:
            loaded[key] = value
    written = io.StringIO()
    yaml.dump(loaded, written)
    matter = written.getvalue()
    if "\r\n" in text[: parts.start]:
        matter = matter.replace("\r\n", "\n").replace("\n", "\r\n")
    end = parts.start + len(parts.matter)
    rest = text[end:]
    if parts.matter:
        matter = matter.rstrip("\r\n")
    return text[: parts.start] + matter + rest


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
