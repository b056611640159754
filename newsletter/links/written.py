"""Finds the addresses that are written in the files of an issue, each with its place."""

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import accumulate
from typing import Any, Final

from markdown_it import MarkdownIt

from newsletter.documents import KeyPath
from newsletter.links.addresses import address_of
from newsletter.links.model import Spot
from newsletter.manuscript import Sheet

_ADDRESS: Final = re.compile(r"(?:https?://|mailto:|tel:)\S+", re.IGNORECASE)
_PICTURE: Final = "source"
_TARGET: Final = re.compile(
    r"""\]\(\s*(?:<(?P<bracketed>[^<>\n]*)>|(?P<plain>(?:[^\s()]|\([^\s()]*\))+))
      | ^[ ]{0,3}\[[^\]\n]+\]:\s*<?(?P<defined>[^\s<>]+)
      | <(?P<automatic>(?:https?|mailto|tel):[^<>\s]+)>
      | (?<![(<\w])(?P<bare>https?://[^\s<>()"\[\]]+[^\s<>()"\[\].,;:!?])
    """,
    re.VERBOSE | re.MULTILINE | re.IGNORECASE,
)


def spots_in(sheet: Sheet, block: str = "") -> Iterator[Spot]:
    """Find the addresses in a file: values of keys, and links in Markdown.

    What a link in Markdown leads to is given as it is written, whole or not; pictures are left out.

    Args:
        block: The item that the file holds, by its title.
    """
    for path, value in _texts(sheet.document.data, ()):
        if path[-1] == _PICTURE:
            continue
        if _ADDRESS.fullmatch(value):
            yield _value(sheet, path, value, block)
        elif "](" in value or "://" in value:
            yield from _in_markdown(sheet, value, _position(sheet, path), block, path)
    if sheet.text[sheet.body_start :].strip():
        yield from _in_markdown(sheet, sheet.text[sheet.body_start :], sheet.body_start, block, ())


def _texts(data: Any, path: KeyPath) -> Iterator[tuple[KeyPath, str]]:
    if isinstance(data, dict):
        for key, value in data.items():
            yield from _texts(value, (*path, key))
    elif isinstance(data, list):
        for number, value in enumerate(data):
            yield from _texts(value, (*path, number))
    elif isinstance(data, str) and path:
        yield path, data


def _value(sheet: Sheet, path: KeyPath, value: str, block: str) -> Spot:
    at = _position(sheet, path)
    at += sheet.text.startswith(("'", '"'), at)
    found = sheet.text.startswith(value, at)
    return Spot(sheet.place(*path), value, block, sheet, at if found else None, path)


def _in_markdown(sheet: Sheet, source: str, start: int, block: str, path: KeyPath) -> Iterator[Spot]:
    """Find links in a text that begins somewhere behind a position; a value may be folded or indented there."""
    links = links_in_markdown(source)
    field = ".".join(str(part + 1) if isinstance(part, int) else part for part in path) or "body"
    for found in _TARGET.finditer(source):
        group = found.lastgroup or ""
        written = found[group]
        if group != "bare" and address_of(written) not in links:
            continue
        at = start + found.start(group) if not path else sheet.text.find(written, start)
        if at < 0:
            yield Spot(sheet.place(*path), written, block, sheet, None, path)
            continue
        yield Spot(sheet.place_at(at, field), written, block, sheet, at, path)
        start = at + len(written) if path else start


def links_in_markdown(source: str) -> frozenset[str]:
    """Give where the links in a text in Markdown lead; code and pictures hold none."""
    return frozenset(
        str(child.attrGet("href"))
        for token in _markdown().parse(source)
        for child in token.children or []
        if child.type == "link_open"
    )


@lru_cache(maxsize=1)
def _markdown() -> MarkdownIt:
    return MarkdownIt("js-default", {"html": False, "linkify": False, "typographer": False})


def _position(sheet: Sheet, path: KeyPath) -> int:
    place = sheet.place(*path)
    return _line_start(sheet.text, place.line or 1) + (place.column or 1) - 1


def _line_start(text: str, line: int) -> int:
    starts = _line_starts(text)
    return starts[min(line, len(starts)) - 1]


@lru_cache(maxsize=8)
def _line_starts(text: str) -> tuple[int, ...]:
    return (0, *accumulate(len(part) for part in re.findall(r"[^\r\n]*(?:\r\n|\r|\n)", text)))
