"""What a well-known mail client hides of a long message: the place where it stops, and what lies behind."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from newsletter.cli.preview.markup import Kind, Position, Token, joined, tokens, with_attribute
from newsletter.dispatch import CLIPPED_AT

LINE: Final = "data-clip-line"
BEHIND: Final = "data-clipped"
"""Attributes that mark the line, and what lies behind it."""


@dataclass(frozen=True, slots=True)
class Cut:
    """Where a message is cut off.

    Args:
        token: The number of the token that the cut is in or before.
        offset: Characters of that token, a piece of text, that are still shown.
    """

    token: int
    offset: int


def find_cut(html: str, limit: int = CLIPPED_AT) -> Cut | None:
    """Find the last place within so many bytes where text may stand; None where all of it fits."""
    if len(html.encode()) <= limit:
        return None
    place, last, used = Position(), Cut(0, 0), 0
    for number, token in enumerate(tokens(html)):
        if place.flows:
            last = Cut(number, 0)
        size = len(token.source.encode())
        if used + size > limit:
            if place.flows and token.kind is Kind.TEXT:
                return Cut(number, _fitting(token.source, limit - used))
            return last
        used += size
        place.enter(token)
    return last


def mark_clipped(html: str, limit: int = CLIPPED_AT) -> str:
    """Draw a line where a message is cut off, and mark what lies behind; leave a message that fits as it is."""
    cut = find_cut(html, limit)
    return html if cut is None else joined(_marked(html, cut))


def _marked(html: str, cut: Cut) -> Iterator[Token]:
    place, depth = Position(), 0
    for number, token in enumerate(tokens(html)):
        if number == cut.token:
            yield Token(Kind.TEXT, token.source[: cut.offset])
            yield Token(Kind.OTHER, f"<span {LINE}></span>")
            token = Token(token.kind, token.source[cut.offset :], token.name)  # noqa: PLW2901
        if number < cut.token:
            yield token
        else:
            yield _behind(token, place, depth)
            depth = _depth(token, depth)
        place.enter(token)


def _behind(token: Token, place: Position, depth: int) -> Token:
    if depth:
        return token
    if token.kind is Kind.START:
        return with_attribute(token, BEHIND, "")
    if token.kind is Kind.TEXT and token.source.strip() and place.flows:
        return Token(Kind.TEXT, f"<span {BEHIND}>{token.source}</span>")
    return token


def _depth(token: Token, depth: int) -> int:
    # How many elements are open that began behind the line; the outermost of them is marked.
    if token.opens:
        return depth + 1
    return max(depth - 1, 0) if token.kind is Kind.END else depth


def _fitting(text: str, size: int) -> int:
    shown = text.encode()[:size].decode("utf-8", "ignore")
    reference = shown.rfind("&")
    # A character reference is not cut through.
    inside = reference >= 0 and ";" not in shown[reference:] and len(shown) - reference < 12
    return reference if inside else len(shown)
