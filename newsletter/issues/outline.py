"""The text of `issue.yaml` as lines with known meaning: entries can be cut and pasted, and nothing else moves."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from newsletter.documents import Document, parse_yaml
from newsletter.errors import ContentError

_PAIRS: Final = {"[": "]", "{": "}"}


@dataclass(frozen=True, slots=True)
class Piece:
    """The text of one entry, without its dash: its lines, with the indentation of the first taken off the others."""

    lines: tuple[str, ...]


class Outline:
    """The text of an issue, open for cutting and pasting entries.

    Args:
        text: The whole file.
        name: The file as a person would name it.
    """

    def __init__(self, text: str, name: str) -> None:
        self.text = text
        self.name = name
        self.line_end = "\r\n" if "\r\n" in text else "\n"
        self.document: Document = parse_yaml(text, name)

    @property
    def data(self) -> Any:
        """What the text means."""
        return self.document.data

    def files(self, section: int) -> list[str]:
        """Name the files of a section's entries."""
        entries = self.data["sections"][section].get("items") or []
        return [entry if isinstance(entry, str) else entry["file"] for entry in entries]

    def cut(self, section: int, position: int) -> Piece:
        """Take an entry out."""
        if self._is_flow(section):
            start, end, elements = self._flow(section)
            piece = Piece((elements.pop(position),))
            self._replace(start, end, f"[{', '.join(elements)}]")
            return piece
        lines = self._lines()
        first, last = self._span(section, position)
        piece = _piece(lines[first:last])
        if len(self.files(section)) == 1:
            key_line, key_column = self.document.key_places["sections", section, "items"]
            line = lines[key_line - 1]
            colon = line.index(":", key_column - 1) + 1
            lines[key_line - 1] = f"{line[:colon]} []{line[colon:]}"
        del lines[first:last]
        self._set("".join(lines))
        return piece

    def paste(self, section: int, position: int, piece: Piece) -> None:
        """Put an entry in before the one at a position, or at the end."""
        count = len(self.files(section))
        if count == 0:
            self._paste_first(section, piece)
            return
        if self._is_flow(section):
            self._paste_flow(section, position, piece)
            return
        lines = self._lines()
        if position < count:
            at, dash = self._span(section, position)[0], self._dash_column(section, position)
        else:
            at, dash = self._span(section, count - 1)[1], self._dash_column(section, count - 1)
        if at == len(lines) and lines and not lines[-1].endswith("\n"):
            lines[-1] += self.line_end
            new = self._written(piece, dash)
            new[-1] = new[-1].rstrip("\r\n")
        else:
            new = self._written(piece, dash)
        lines[at:at] = new
        self._set("".join(lines))

    def _paste_flow(self, section: int, position: int, piece: Piece) -> None:
        if len(piece.lines) > 1:
            raise ContentError(
                "an entry of several lines does not fit into a list in brackets",
                where=self.document.place(("sections", section, "items")),
                remedy="Write that list with one '- ' line for each item first.",
            )
        start, end, elements = self._flow(section)
        elements.insert(position, piece.lines[0].strip())
        self._replace(start, end, f"[{', '.join(elements)}]")

    def _paste_first(self, section: int, piece: Piece) -> None:
        """Paste into a section that has no list of items yet, or an empty one in brackets."""
        if self._is_flow(section):
            start, end, _ = self._flow(section)
            self.text = self.text[:start].rstrip(" ") + self.text[end:]
        lines = self._lines()
        keys = self.data["sections"][section]
        places = [self.document.key_places["sections", section, key] for key in keys]
        column = places[0][1] - 1
        if "items" in keys:
            at = self.document.key_places["sections", section, "items"][0]
            new: list[str] = []
        else:
            at = max(self._end_of(line - 1, column) for line, _ in places)
            new = [f"{' ' * column}items:{self.line_end}"]
        if at == len(lines) and not lines[-1].endswith("\n"):
            lines[-1] += self.line_end
        lines[at:at] = new + self._written(piece, column + 2)
        self._set("".join(lines))

    def _written(self, piece: Piece, dash: int) -> list[str]:
        indent = " " * dash
        first, *others = piece.lines
        body = [f"{indent}- {first}", *(f"{indent}  {line}" if line else "" for line in others)]
        return [line + self.line_end for line in body]

    def _is_flow(self, section: int) -> bool:
        place = self.document.places.get(("sections", section, "items"))
        if place is None:
            return False
        line = self._lines()[place[0] - 1]
        return line[place[1] - 1 : place[1]] == "["

    def _flow(self, section: int) -> tuple[int, int, list[str]]:
        line, column = self.document.places["sections", section, "items"]
        start = sum(map(len, self._lines()[: line - 1])) + column - 1
        elements: list[str] = []
        depth, quote, begun = 0, "", start + 1
        for position in range(start, len(self.text)):
            character = self.text[position]
            if quote:
                quote = "" if character == quote else quote
            elif character in "'\"":
                quote = character
            elif character in _PAIRS:
                depth += 1
            elif character in _PAIRS.values():
                depth -= 1
            if (character == "," and depth == 1 and not quote) or depth == 0:
                elements.append(self.text[begun:position].strip())
                begun = position + 1
            if depth == 0:
                return start, position + 1, [element for element in elements if element]
        raise ContentError("the list has no end", where=self.document.place(("sections", section, "items")))

    def _dash_column(self, section: int, position: int) -> int:
        line = self._lines()[self._dash_line(section, position)]
        return len(line) - len(line.lstrip(" "))

    def _dash_line(self, section: int, position: int) -> int:
        lines = self._lines()
        line, column = self.document.places["sections", section, "items", position]
        at = line - 1
        while not re.match(r" *-(\s|$)", lines[at][: max(column - 1, 0)] or "x") and at > 0:
            at -= 1
            column = len(lines[at]) + 1
        return at

    def _span(self, section: int, position: int) -> tuple[int, int]:
        first = self._dash_line(section, position)
        return first, self._end_of(first, self._dash_column(section, position) + 1)

    def _end_of(self, first: int, indent: int) -> int:
        """Find the line after what begins on a line and goes on as long as lines are indented as far."""
        lines = self._lines()
        end = first + 1
        for number in range(first + 1, len(lines)):
            stripped = lines[number].strip()
            depth = len(lines[number]) - len(lines[number].lstrip(" "))
            if stripped and depth < indent:
                break
            if stripped and not (stripped.startswith("#")):
                end = number + 1
        return end

    def _lines(self) -> list[str]:
        return self.text.splitlines(keepends=True)

    def _replace(self, start: int, end: int, new: str) -> None:
        self._set(self.text[:start] + new + self.text[end:])

    def _set(self, text: str) -> None:
        self.text = text
        self.document = parse_yaml(text, self.name)


def _piece(lines: Sequence[str]) -> Piece:
    first = lines[0].rstrip("\r\n")
    dash = first.index("-")
    content = dash + 1 + len(first[dash + 1 :]) - len(first[dash + 1 :].lstrip(" "))
    others = (line.rstrip("\r\n") for line in lines[1:])
    return Piece(
        (
            first[content:],
            *(line[content:] if not line[:content].strip() else line.strip() for line in others),
        )
    )
