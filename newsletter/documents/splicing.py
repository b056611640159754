"""Changes to a part of a YAML text that leave every other character as it was."""

import re
from collections.abc import Iterable, Sequence
from typing import Final, TypeAlias

from newsletter.documents.nodes import Node, find_mark

Span: TypeAlias = tuple[int, int]

_BREAK: Final = re.compile(r"\r\n|\n|\r")
_REST: Final = re.compile(r"[ \t]*(?:#[^\r\n]*)?(?=[\r\n]|\Z)")


def changed(text: str, splices: Iterable[tuple[int, int, str]]) -> str:
    """Put new texts in the place of spans that do not overlap."""
    for start, end, new in sorted(splices, reverse=True):
        text = text[:start] + new + text[end:]
    return text


def line_start(text: str, position: int) -> int:
    """Find the beginning of the line that a position is on."""
    return max(text.rfind("\n", 0, position), text.rfind("\r", 0, position)) + 1


def line_end(text: str, position: int, *, beyond: bool = False) -> int:
    """Find the end of the line that a position is on.

    Args:
        beyond: Behind its line break, where there is one.
    """
    found = _BREAK.search(text, position)
    if found is None:
        return len(text)
    return found.end() if beyond else found.start()


def break_near(text: str, position: int) -> str:
    """Give the line break that ends the line of a position, or the nearest above it."""
    found = _BREAK.search(text, position) or next(iter(_BREAK.findall(text[:position])[-1:]), None)
    return (found if isinstance(found, str) else found[0]) if found else "\n"


def add_to_brackets(text: str, node: Node, spans: Sequence[Span], position: int, new: str, comment: str = "") -> str:
    """Put an element into a list or group in brackets, before the one at a position or at the end.

    Args:
        spans: Of the elements that are there; of a key and its value together.
        comment: To follow it on its line, with the blanks before it.
    """
    close = node.end - 1
    if not spans:
        opened = node.content + 1
        blank = not text[opened:close].strip()
        closing = _break_and_indent(text, close) if comment else ""
        return changed(text, [(opened if blank else close, close, new + comment + closing)])
    if position < len(spans):
        start = spans[position][0]
        if _begins_line(text, start):
            return changed(text, [(start, start, f"{new},{comment}{_break_and_indent(text, start)}")])
        return changed(text, [(start, start, f"{new}, {comment}")])
    start, end = spans[-1]
    comma = find_mark(text, end, close, ",")
    behind = end if comma is None else comma + 1
    if _has_own_line(text, start, behind):
        at = line_end(text, behind)
        last = f"{_break_and_indent(text, start)}{new}{'' if comma is None else ','}{comment}"
        return changed(text, [(end, at, f"{',' if comma is None else ''}{text[end:at]}{last}")])
    return changed(text, [(behind, behind, f", {new}{comment}" if comma is None else f" {new},{comment}")])


def remove_from_brackets(text: str, node: Node, spans: Sequence[Span], position: int) -> str:
    """Take an element out of a list or group in brackets."""
    close = node.end - 1
    start, end = spans[position]
    following = spans[position + 1][0] if position + 1 < len(spans) else close
    comma = find_mark(text, end, following, ",")
    before = find_mark(text, spans[position - 1][1], start, ",") if position else None
    behind = end if comma is None else comma + 1
    splices: list[tuple[int, int, str]]
    if _has_own_line(text, start, behind):
        splices = [(line_start(text, start), line_end(text, behind, beyond=True), "")]
        if comma is None and before is not None:
            splices.append((before, before + 1, ""))
    elif comma is not None and following != close and text[behind:following].strip(" \t") == "":
        splices = [(start, following, "")]
    elif comma is None and before is not None:
        bare = not text[before + 1 : start].strip()
        splices = [(before, end, "")] if bare else [(before, before + 1, ""), (start, end, "")]
    else:
        bare = before is not None and not text[before + 1 : start].strip()
        splices = [(before + 1 if bare and before is not None else start, behind, "")]
    result = changed(text, splices)
    opened, closed = node.content + 1, close - (len(text) - len(result))
    return result if result[opened:closed].strip() else result[:opened] + result[closed:]


def _begins_line(text: str, position: int) -> bool:
    return not text[line_start(text, position) : position].strip()


def _has_own_line(text: str, start: int, behind: int) -> bool:
    """Whether an element begins its line, and nothing but a comment follows it and its comma there."""
    return _begins_line(text, start) and _REST.match(text, behind) is not None


def _break_and_indent(text: str, start: int) -> str:
    begun = line_start(text, start)
    return break_near(text, start) + text[begun : begun + len(text[begun:start]) - len(text[begun:start].lstrip())]
