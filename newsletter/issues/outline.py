"""The text of `issue.yaml`, open for cutting and pasting entries; nothing else in it moves."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, Final

from newsletter.documents import (
    Document,
    KeyPath,
    Node,
    add_to_brackets,
    break_near,
    changed,
    compose,
    document_of,
    find_mark,
    line_end,
    line_start,
    remove_from_brackets,
    written,
)
from newsletter.errors import ContentError

_BREAK: Final = re.compile(r"\r\n|\n|\r")


@dataclass(frozen=True, slots=True)
class Piece:
    """The text of one entry.

    Args:
        lines: As it stands in a list with dashes, counted from the column of its dash.
        inline: As it stands in a list with brackets; None if it needs several lines.
        comment: What follows it there on its line, with the blanks before it.
    """

    lines: tuple[str, ...]
    inline: str | None
    comment: str = ""

    @classmethod
    def of_file(cls, file: str) -> "Piece":
        """Write the entry of a file, with nothing particular to it."""
        name = written(file, flow=True)
        return cls((f"- {name}",), name)


class Outline:
    """The text of an issue, open for cutting and pasting entries.

    Args:
        text: The whole file, perhaps with a byte order mark.
        name: The file as a person would name it.
    """

    def __init__(self, text: str, name: str) -> None:
        self.mark = text[: text.startswith("\ufeff")]
        self.name = name
        self._read(text.removeprefix("\ufeff"))
        self.before = self.document

    @property
    def content(self) -> bytes:
        """The whole file as it is written."""
        return (self.mark + self.text).encode()

    @property
    def data(self) -> Any:
        """What the text means."""
        return self.document.data

    def files(self, section: int) -> list[str]:
        """Name the files of a section's entries."""
        entries = self.data["sections"][section].get("items") or []
        names = (entry if isinstance(entry, str) else entry["file"] for entry in entries)
        return [PurePosixPath(name).as_posix() for name in names]

    def cut(self, section: int, position: int) -> Piece:
        """Take an entry out.

        Raises:
            ContentError: The list is written in a way that cannot be edited safely.
        """
        node = self._list(section)
        element = node.elements[position]
        if node.flow:
            piece = self._piece_in_brackets(node, position)
            self._set(section, remove_from_brackets(self.text, node, _spans(node), position))
            return piece
        dash = self._dash(node, position)
        first, last = line_start(self.text, dash), line_end(self.text, element.end, beyond=True)
        if self.text[first:dash].strip(" "):
            raise self.unsafe(section)
        piece = self._piece_of_lines(element, dash)
        if last == len(self.text) == line_end(self.text, element.end):
            first = self._before_break(first)
        splices = [(first, last, "")]
        if len(node.elements) == 1:
            splices.append(self._emptied(section, node))
        self._set(section, changed(self.text, splices))
        return piece

    def paste(self, section: int, position: int, piece: Piece) -> None:
        """Put an entry in before the one at a position, or at the end.

        Raises:
            ContentError: The list is written in a way that cannot be edited safely.
        """
        if not self.files(section):
            self._paste_first(section, piece)
            return
        node = self._list(section)
        if node.flow:
            self._paste_into_brackets(section, node, position, piece)
            return
        count = len(node.elements)
        dash = self._dash(node, min(position, count - 1))
        column = dash - line_start(self.text, dash)
        at = line_start(self.text, dash) if position < count else line_end(self.text, node.end, beyond=True)
        self._set(section, self._with_lines(at, _indented(piece, column)))

    def unsafe(self, section: int | None = None) -> ContentError:
        """Say that the text cannot be edited safely; at a section if it is known."""
        path: KeyPath = () if section is None else ("sections", section)
        return ContentError(
            "this is written in a way that cannot be edited safely",
            where=self.document.place(path),
            remedy="Nothing was changed. Move the lines by hand, or write one '- ' line for each item.",
        )

    def _paste_first(self, section: int, piece: Piece) -> None:
        """Paste into a section that has no list of items yet, or an empty one."""
        group = self._node(("sections", section))
        found = self._pair(group, "items")
        if group.flow:
            new = f"items: [{self._inline(section, piece)}]"
            spans = [(key.start, value.end) for key, value in group.pairs]
            if found is None:
                self._set(section, add_to_brackets(self.text, group, spans, len(spans), new))
            else:
                self._set(section, changed(self.text, [(found[0].start, found[1].end, new)]))
            return
        column = group.column - 1
        if found is None:
            at = line_end(self.text, group.end, beyond=True)
            self._set(section, self._with_lines(at, [f"{' ' * column}items:", *_indented(piece, column + 2)]))
            return
        key, value = found
        if value.flow and "#" in self.text[value.start : value.end]:
            self._paste_into_brackets(section, value, 0, piece)
            return
        start, end = self._blank_around(key, value)
        at = line_end(self.text, end, beyond=True)
        text = self._with_lines(at, _indented(piece, column + 2))
        self._set(section, changed(text, [(start, end, "")]))

    def _paste_into_brackets(self, section: int, node: Node, position: int, piece: Piece) -> None:
        new = self._inline(section, piece)
        self._set(section, add_to_brackets(self.text, node, _spans(node), position, new, piece.comment))

    def _inline(self, section: int, piece: Piece) -> str:
        if piece.inline is None:
            raise ContentError(
                "an entry of several lines does not fit into a list in brackets",
                where=self.document.place(("sections", section)),
                remedy="Nothing was changed. Write that list with one '- ' line for each item first.",
            )
        return piece.inline

    def _piece_in_brackets(self, node: Node, position: int) -> Piece:
        element = node.elements[position]
        text = self.text[element.start : element.end]
        following = node.elements[position + 1].start if position + 1 < len(node.elements) else node.end - 1
        comma = find_mark(self.text, element.end, following, ",")
        alone = not self.text[line_start(self.text, element.start) : element.start].strip()
        comment = self._comment(element.end if comma is None else comma + 1) if alone else ""
        first, *others = _BREAK.split(text)
        lines = [f"- {first}", *(f"    {line.strip()}" for line in others)]
        return Piece((*lines[:-1], lines[-1] + comment), text, comment)

    def _piece_of_lines(self, element: Node, dash: int) -> Piece:
        column = dash - line_start(self.text, dash)
        lines = _BREAK.split(self.text[line_start(self.text, dash) : line_end(self.text, element.end)])
        cut = tuple(line[column:] if not line[:column].strip(" ") else line.lstrip(" ") for line in lines)
        text = self.text[element.start : element.end]
        if len(lines) > 1:
            return Piece(cut, None)
        inline = f"{{{text}}}" if element.kind == "mapping" and not element.flow else text
        return Piece(cut, inline, self._comment(element.end))

    def _comment(self, position: int) -> str:
        """Give the comment that follows on a line, with the blanks before it."""
        rest = self.text[position : line_end(self.text, position)]
        return rest.rstrip() if rest.lstrip().startswith("#") else ""

    def _emptied(self, section: int, node: Node) -> tuple[int, int, str]:
        """Say in brackets that a list with dashes holds nothing now."""
        pair = self._pair(self._node(("sections", section)), "items")
        colon = None if pair is None else find_mark(self.text, pair[0].end, node.start, ":")
        if colon is None or node.start != node.content:
            raise self.unsafe(section)
        return (colon + 1, colon + 1, " []")

    def _blank_around(self, key: Node, value: Node) -> tuple[int, int]:
        """Find what an empty list takes up, with the blanks before it, and its line if nothing else stands there."""
        start = value.start
        while start > key.end and self.text[start - 1] in " \t":
            start -= 1
        alone = start == line_start(self.text, start) and line_end(self.text, value.end) == value.end
        return (self._before_break(start) if alone else start), value.end

    def _before_break(self, position: int) -> int:
        if self.text[:position].endswith("\r\n"):
            return position - 2
        return position - 1 if self.text[:position].endswith(("\n", "\r")) else position

    def _with_lines(self, at: int, lines: Sequence[str]) -> str:
        """Put lines in where a line begins, or at the end; a text without a final line break gets none."""
        line_break = break_near(self.text, max(at - 2, 0))
        if at == len(self.text) and not self.text.endswith(("\n", "\r")):
            return self.text + "".join(line_break + line for line in lines)
        return self.text[:at] + "".join(line + line_break for line in lines) + self.text[at:]

    def _dash(self, node: Node, position: int) -> int:
        begun = node.elements[position - 1].end if position else node.content
        dash = find_mark(self.text, begun, node.elements[position].start, "-")
        return node.content if dash is None else dash

    def _list(self, section: int) -> Node:
        return self._node(("sections", section, "items"))

    def _node(self, path: KeyPath) -> Node:
        """Find a node by its path.

        Raises:
            ContentError: A reference stands in the way: an edit would change more than it should.
        """
        node = self.root
        for depth, part in enumerate(path, 1):
            pair = None if isinstance(part, int) else self._pair(node, part)
            found = pair[1] if pair else node.elements[int(part)]
            if found.kind == "alias":
                raise ContentError(
                    f"the reference *{found.value} cannot be edited",
                    where=self.document.place(path[:depth]),
                    remedy="Nothing was changed. Write out what it repeats.",
                )
            node = found
        return node

    def _pair(self, node: Node, key: str) -> tuple[Node, Node] | None:
        return next((pair for pair in node.pairs if pair[0].resolved.value == key), None)

    def _set(self, section: int, text: str) -> None:
        unsafe = self.unsafe(section)
        try:
            self._read(text)
        except ContentError as error:
            raise unsafe from error

    def _read(self, text: str) -> None:
        root = compose(text, self.name)
        self.document: Document = document_of(root, self.name)
        self.root: Node = root or Node("mapping", 0, 0, 0, 1, 1)
        self.text = text


def _spans(node: Node) -> list[tuple[int, int]]:
    return [(element.start, element.end) for element in node.elements]


def _indented(piece: Piece, column: int) -> list[str]:
    return [f"{' ' * column}{line}" if line else "" for line in piece.lines]
