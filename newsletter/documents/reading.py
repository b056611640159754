"""Files of YAML as plain data, with the place of everything in them.

What is read is plain data; beside it stands where each key and value came from, so that every later complaint can
name line and column. YAML 1.2: `no`, `on` and `12:30` are texts.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeAlias

from newsletter.documents.characters import positions_in
from newsletter.documents.nodes import DEPTH_LIMIT, Node, compose, line_and_column
from newsletter.documents.scalars import Scalars
from newsletter.errors import ContentError, Place

KeyPath: TypeAlias = tuple[str | int, ...]

NODE_LIMIT: Final = 50_000
SIZE_LIMIT: Final = 5_000_000


@dataclass(frozen=True)
class Document:
    """Data from a file, and where it stands there.

    Args:
        file: As a person would name it.
        data: Mappings, lists, texts, numbers, booleans, dates and None.
        places: Line and column of each key and value, both from 1, by path.
        nodes: What each value was read from, by path.
        text: What these nodes are spans of.
        first_line: The number of the text's first line in the file.
    """

    file: str
    data: Any
    places: Mapping[KeyPath, tuple[int, int]] = field(default_factory=dict)
    key_places: Mapping[KeyPath, tuple[int, int]] = field(default_factory=dict)
    nodes: Mapping[KeyPath, Node] = field(default_factory=dict, repr=False)
    text: str = field(default="", repr=False)
    first_line: int = 1

    def place(self, path: Sequence[str | int] = (), *, key: bool = False) -> Place:
        """Give the place of a value, or of its key; of the nearest thing around it where it does not exist."""
        parts = tuple(path)
        named = ".".join(str(part + 1) if isinstance(part, int) else part for part in parts) or None
        if key and parts in self.key_places:
            line, column = self.key_places[parts]
            return Place(self.file, line, column, field=named)
        while parts and parts not in self.places:
            parts = parts[:-1]
        line, column = self.places.get(parts, (1, 1))
        return Place(self.file, line, column, field=named)

    def place_within(self, path: KeyPath) -> Callable[[int], Place]:
        """Give what tells where each character of a text stands, by its position in the value: behind quotes and in
        blocks of several lines too.
        """
        around = self.place(path)
        node = self.nodes.get(path)
        if node is None or node.resolved.kind != "scalar" or not self.text:
            return lambda _position: around
        positions = positions_in(self.text, node.resolved)

        def place(position: int) -> Place:
            line, column = line_and_column(self.text, positions[min(position, len(positions) - 1)])
            return Place(self.file, line + self.first_line - 1, column, field=around.field)

        return place


def read_text(path: Path, name: str, *, keep_mark: bool = False) -> str:
    """Read a UTF-8 file; line ends stay as they are.

    Args:
        keep_mark: Keep a byte order mark, for a text that is written back; otherwise it is dropped.

    Raises:
        ContentError: The file is missing, too large, unreadable or in another encoding.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise ContentError(
            "the file does not exist", where=Place(name), remedy="Check the name, or put the file there."
        ) from error
    except OSError as error:
        raise ContentError(
            f"the file cannot be read: {error.strerror}", where=Place(name), remedy="Check its rights."
        ) from error
    if len(content) > SIZE_LIMIT:
        raise ContentError(f"the file has {len(content):,} bytes", where=Place(name), remedy="Make it smaller.")
    try:
        return content.decode("utf-8" if keep_mark else "utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start]
        line = before.count(b"\n") + 1
        raise ContentError(
            f"the byte 0x{content[error.start]:02x} is not UTF-8",
            where=Place(name, line, len(before) - (before.rfind(b"\n") + 1) + 1),
            remedy="Save the file as UTF-8.",
        ) from error


def read_yaml(path: Path, name: str) -> Document:
    """Read a YAML file.

    Raises:
        ContentError: It cannot be read, or is not YAML.
    """
    return parse_yaml(read_text(path, name), name)


def parse_yaml(text: str, name: str, first_line: int = 1) -> Document:
    """Read YAML.

    Args:
        name: The file's name, for messages.
        first_line: The number of the text's first line in that file.

    Raises:
        ContentError: It is not YAML, or names a key twice.
    """
    return document_of(compose(text, name, first_line), name, first_line, text)


def document_of(root: Node | None, name: str, first_line: int = 1, text: str = "") -> Document:
    """Read the data that nodes stand for.

    Args:
        text: What the nodes were read from, for `Document.place_within`.

    Raises:
        ContentError: A key occurs twice or is no text, or a date or number does not exist.
    """
    reader = _Reader(name)
    data = None if root is None else reader.plain(root, ())
    reader.places[()] = (first_line, 1)
    return Document(name, data, reader.places, reader.key_places, reader.nodes, text, first_line)


class _Reader:
    def __init__(self, name: str) -> None:
        self.name = name
        self.scalars = Scalars(name)
        self.places: dict[KeyPath, tuple[int, int]] = {}
        self.key_places: dict[KeyPath, tuple[int, int]] = {}
        self.nodes: dict[KeyPath, Node] = {}
        self.count = 0

    def plain(self, node: Node, path: KeyPath) -> Any:
        self.places[path] = (node.line, node.column)
        self.nodes[path] = node
        self.count += 1
        if self.count > NODE_LIMIT or len(path) > DEPTH_LIMIT:
            raise self._error(node, "too much is nested or repeated here", "Write it out.")
        found = node.resolved
        if found.kind == "mapping":
            return self._group(found, path)
        if found.kind == "sequence":
            return [self.plain(element, (*path, index)) for index, element in enumerate(found.elements)]
        return self.scalars.value(found)

    def _group(self, node: Node, path: KeyPath) -> dict[str, Any]:
        group: dict[str, Any] = {}
        for key_node, value in node.pairs:
            key = self._key(key_node)
            if key in group:
                raise self._error(key_node, f"the key {key!r} occurs twice here", "Remove one of the two.")
            self.key_places[*path, key] = (key_node.line, key_node.column)
            group[key] = self.plain(value, (*path, key))
        return group

    def _key(self, node: Node) -> str:
        found = node.resolved
        if found.kind != "scalar":
            raise self._error(node, "a list or a group of keys is no key", "Write one text; in quotes if need be.")
        if found.value == "<<" and not found.style:
            raise self._error(node, "keys cannot be taken over with '<<' here", "Write those keys out.")
        key = self.scalars.value(found)
        if not isinstance(key, str):
            raise self._error(node, f"the key {key!r} is no text", "Put it in quotes.")
        return key

    def _error(self, node: Node, message: str, remedy: str) -> ContentError:
        return ContentError(message, where=Place(self.name, node.line, node.column), remedy=remedy)
