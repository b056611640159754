"""The nodes of a YAML text, each with the span of the text that it takes up."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, NoReturn

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from newsletter.errors import ContentError, Place

DEPTH_LIMIT: Final = 40
_KEPT: Final = 128
_LONGEST_KEPT: Final = 20_000
"""Texts that are kept composed, and how many characters they may have: the front matter of an issue's items, which
one command looks at several times."""
_BREAK: Final = r"(?:\r\n|\n|\r)"
_NOT_PRINTABLE: Final = re.compile(r"[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ANCHOR: Final = re.compile(r"&[^\s,\[\]{}]+(?:\s+(?:#.*)?)*")
_BLANK_LINES: Final = re.compile(rf"{_BREAK}(?:[ \t]*{_BREAK})*[ \t]*\Z")
_LAST_BREAK: Final = re.compile(rf"{_BREAK}\Z")


@dataclass(frozen=True, slots=True)
class Node:
    """A scalar, a sequence, a mapping, or an alias of one of them.

    Args:
        start: Where it begins in the text, with its anchor.
        content: Where it begins behind its anchor.
        end: Behind its last character; comments and blank lines that follow are not part of it.
        line: Its line and column, both from 1, in the file.
        value: The text of a scalar, or the name of an alias.
        style: Of a scalar: the quote or block indicator it is written with; empty for a plain one.
        flow: Whether a collection stands in brackets.
        elements: Of a sequence.
        pairs: The keys and values of a mapping.
        target: What an alias stands for.
    """

    kind: str
    start: int
    content: int
    end: int
    line: int
    column: int
    value: str = ""
    style: str = ""
    flow: bool = False
    elements: tuple["Node", ...] = ()
    pairs: tuple[tuple["Node", "Node"], ...] = ()
    target: "Node | None" = None

    @property
    def resolved(self) -> "Node":
        """The node itself, or the one that it is an alias of."""
        return self.target or self


def compose(text: str, name: str, first_line: int = 1) -> Node | None:
    """Read a YAML text as nodes; None if it holds nothing but comments.

    Args:
        name: The file's name, for messages.
        first_line: The number of the text's first line in that file.

    Raises:
        ContentError: It is not YAML, or uses tags, which no file here needs.
    """
    return _composed(text, name, first_line) if len(text) <= _LONGEST_KEPT else _compose(text, name, first_line)


def _compose(text: str, name: str, first_line: int) -> Node | None:
    strange = _NOT_PRINTABLE.search(text)
    if strange:
        line, column = line_and_column(text, strange.start())
        raise ContentError(
            f"the control character U+{ord(strange[0]):04X}",
            where=Place(name, line + first_line - 1, column),
            remedy="Delete that character.",
        )
    try:
        return _Composer(text, name, first_line - 1).document()
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = (error.problem or error.context or "this is not YAML").split("\n")[0]
        raise ContentError(
            problem.strip(),
            where=Place(name, mark.line + first_line, mark.column + 1) if mark else Place(name, first_line),
            remedy="Mend that line; texts with ': ' or '#' in them need quotes.",
        ) from error
    except (YAMLError, ValueError, RecursionError) as error:
        raise ContentError(
            f"this is not YAML: {error}", where=Place(name, first_line), remedy="Mend the file."
        ) from error


_composed: Final = lru_cache(maxsize=_KEPT)(_compose)


def line_and_column(text: str, position: int) -> tuple[int, int]:
    """Give the line and column, both from 1, of a position."""
    return text.count("\n", 0, position) + 1, position - (text.rfind("\n", 0, position) + 1) + 1


def find_mark(text: str, start: int, end: int, mark: str) -> int | None:
    """Find a mark such as a comma or a dash between two nodes, where only comments can stand besides."""
    for found in re.compile(rf"#[^\r\n]*|{re.escape(mark)}").finditer(text, start, end):
        if found[0] == mark:
            return found.start()
    return None


class _Composer:
    def __init__(self, text: str, name: str, offset: int) -> None:
        self.text = text
        self.name = name
        self.offset = offset
        self.anchors: dict[str, Node | None] = {}
        self.events: Iterator[Any] = YAML(typ="safe", pure=True).parse(text)

    def document(self) -> Node | None:
        root: Node | None = None
        for event in self.events:
            if isinstance(event, DocumentStartEvent):
                if root is not None:
                    self._refuse(event, "a second document begins here", "Delete the line of three dashes.")
                if event.version not in (None, (1, 2)):
                    self._refuse(event, "this is no YAML 1.2", "Delete the line that begins with %YAML.")
            elif isinstance(event, ScalarEvent | AliasEvent | SequenceStartEvent | MappingStartEvent):
                root = self._node(event, 0, 0)
        return None if root is None or (root.kind == "scalar" and root.start == root.end) else root

    def _node(self, event: Any, depth: int, after: int) -> Node:
        """Compose the node that an event begins.

        Args:
            after: The end of the node before it.
        """
        if depth > DEPTH_LIMIT:
            self._refuse(event, "too much is nested here", "Write it out.")
        if isinstance(event, AliasEvent):
            return self._alias(event)
        if event.tag is not None or event.ctag is not None:
            tag = re.compile(r"![^\s,\[\]{}]*").search(self.text, event.start_mark.index)
            self._refuse(
                event,
                f"the tag {tag[0] if tag else '!'!r} does not belong here",
                "Write plain texts, numbers, lists and keys, without an exclamation mark before them.",
            )
        if event.anchor:
            self.anchors[event.anchor] = None
        if isinstance(event, ScalarEvent):
            node = self._scalar(event, after)
        elif isinstance(event, SequenceStartEvent):
            node = self._sequence(event, depth)
        else:
            node = self._mapping(event, depth)
        if event.anchor:
            self.anchors[event.anchor] = node
        return node

    def _alias(self, event: Any) -> Node:
        if event.anchor not in self.anchors:
            self._refuse(event, f"nothing before this is called &{event.anchor}", "Write out what is meant.")
        target = self.anchors[event.anchor]
        if target is None:
            self._refuse(event, f"*{event.anchor} stands inside of what it repeats", "Write out what is meant.")
        start, end, line, column = self._span(event)
        return Node("alias", start, start, end, line, column, value=event.anchor, target=target)

    def _scalar(self, event: Any, after: int) -> Node:
        start, end, line, column = self._span(event)
        if event.value == "" and not event.style:
            start = start if event.anchor else after
            end = start + (len(event.anchor) + 1 if event.anchor else 0)
            line, column = line_and_column(self.text, start)
            return Node("scalar", start, end, end, line + self.offset, column)
        content = self._content(event)
        if event.style and event.style in "|>":
            header = self.text[content:end].split(maxsplit=1)[0]
            tail = (_LAST_BREAK if "+" in header else _BLANK_LINES).search(self.text[content:end])
            end = content + tail.start() if tail else end
        return Node("scalar", start, content, end, line, column, event.value, event.style or "")

    def _sequence(self, event: Any, depth: int) -> Node:
        start, end, line, column = self._span(event)
        elements: list[Node] = []
        for inner in self.events:
            if isinstance(inner, SequenceEndEvent):
                end = inner.end_mark.index if event.flow_style else elements[-1].end
                break
            after = elements[-1].end if elements else self._content(event)
            dash = find_mark(self.text, after, inner.start_mark.index, "-")
            elements.append(self._node(inner, depth + 1, after if dash is None else dash + 1))
        content = self._content(event)
        return Node("sequence", start, content, end, line, column, flow=event.flow_style, elements=tuple(elements))

    def _mapping(self, event: Any, depth: int) -> Node:
        start, end, line, column = self._span(event)
        pairs: list[tuple[Node, Node]] = []
        for inner in self.events:
            if isinstance(inner, MappingEndEvent):
                braced = event.flow_style and self.text[inner.start_mark.index : inner.end_mark.index] == "}"
                end = inner.end_mark.index if braced or not pairs else pairs[-1][1].end
                break
            key = self._node(inner, depth + 1, pairs[-1][1].end if pairs else self._content(event))
            following = next(self.events)
            colon = find_mark(self.text, key.end, following.start_mark.index, ":")
            value = self._node(following, depth + 1, key.end if colon is None else colon + 1)
            pairs.append((key, value))
        content = self._content(event)
        return Node("mapping", start, content, end, line, column, flow=event.flow_style, pairs=tuple(pairs))

    def _span(self, event: Any) -> tuple[int, int, int, int]:
        mark = event.start_mark
        return mark.index, event.end_mark.index, mark.line + 1 + self.offset, mark.column + 1

    def _content(self, event: Any) -> int:
        start: int = event.start_mark.index
        anchor = _ANCHOR.match(self.text, start) if event.anchor else None
        return anchor.end() if anchor else start

    def _refuse(self, event: Any, message: str, remedy: str) -> NoReturn:
        _, _, line, column = self._span(event)
        raise ContentError(message, where=Place(self.name, line, column), remedy=remedy)
