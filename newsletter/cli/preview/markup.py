"""HTML as a row of tokens: what is not changed stays as it was, to the byte."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import Enum
from html import escape, unescape
from typing import Final

VOID: Final = frozenset(
    ("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr")
)
"""Elements without an end tag."""
_RAW: Final = ("style", "title", "textarea", "script")
_STRUCTURE: Final = frozenset({"table", "thead", "tbody", "tfoot", "tr", "colgroup", "head", "html", *_RAW})
_TOKEN: Final = re.compile(
    r"<!--.*?-->|<!--.*|<[!?][^>]*>|</?[a-zA-Z](?:\"[^\"]*\"|'[^']*'|[^'\">])*>|[^<]+|<", re.DOTALL
)
_NAME: Final = re.compile(r"</?([a-zA-Z][^\s/>]*)")
_ATTRIBUTE: Final = re.compile(r"\s+([^\s=/>\"']+)(?:\s*=\s*(\"[^\"]*\"|'[^']*'|[^\s>\"']+))?")


class Kind(Enum):
    """What a token is."""

    START = "start"
    END = "end"
    TEXT = "text"
    RAW = "raw"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of HTML.

    Args:
        name: Of the element, in lower case; of raw text the element that it stands in.
    """

    kind: Kind
    source: str
    name: str = ""

    @property
    def opens(self) -> bool:
        """Whether an end tag is still to come."""
        return self.kind is Kind.START and self.name not in VOID and not self.source.endswith("/>")


def tokens(html: str) -> Iterator[Token]:
    """Take HTML apart; the tokens joined are the HTML again."""
    position = 0
    # Every character begins a token, so that this ends where the HTML does.
    while found := _TOKEN.match(html, position):
        token = _token(found[0])
        yield token
        position = found.end()
        if token.kind is Kind.START and token.name in _RAW:
            ending = re.compile(f"</{token.name}(?=[\\s>])", re.IGNORECASE).search(html, position)
            end = ending.start() if ending else len(html)
            if end > position:
                yield Token(Kind.RAW, html[position:end], token.name)
            position = end


def joined(parts: Iterable[Token]) -> str:
    """Put tokens together."""
    return "".join(part.source for part in parts)


def attributes(token: Token) -> dict[str, str]:
    """Give a start tag's attributes; names in lower case, values as they are meant."""
    found = _ATTRIBUTE.finditer(token.source, _name_end(token))
    return {one[1].lower(): unescape(_unquoted(one[2] or "")) for one in reversed(list(found))}


def with_attribute(token: Token, name: str, value: str | None) -> Token:
    """Give a start tag with another value of an attribute, or with None without it."""
    written = "" if value is None else f' {name}="{escape(value)}"'
    done = False

    def change(found: re.Match[str]) -> str:
        nonlocal done
        if found[1].lower() != name:
            return found[0]
        kept, done = "" if done else written, True
        return kept

    start = _name_end(token)
    rest = _ATTRIBUTE.sub(change, token.source[start:])
    return replace(token, source=token.source[:start] + ("" if done else written) + rest)


class Position:
    """Where one is among the elements while reading tokens."""

    def __init__(self) -> None:
        self.elements: list[str] = []

    def enter(self, token: Token) -> None:
        """Take note of a token that was read; an end tag closes what was left open within its element."""
        if token.opens:
            self.elements.append(token.name)
        elif token.kind is Kind.END and token.name in self.elements:
            while self.elements.pop() != token.name:
                pass

    @property
    def flows(self) -> bool:
        """Whether text may stand here: not between the rows and cells of a table, nor outside the body."""
        return "body" in self.elements and self.elements[-1] not in _STRUCTURE


def visible_text(html: str) -> Iterator[str]:
    """Give the pieces of text in the body, as they are meant."""
    place = Position()
    for token in tokens(html):
        if token.kind is Kind.TEXT and "body" in place.elements:
            yield unescape(token.source)
        place.enter(token)


def _token(source: str) -> Token:
    named = _NAME.match(source)
    if source.startswith("<!--") or (source.startswith("<") and named is None and len(source) > 1):
        return Token(Kind.OTHER, source)
    if named is None or not source.endswith(">"):
        return Token(Kind.TEXT, source)
    return Token(Kind.END if source.startswith("</") else Kind.START, source, named[1].lower())


def _name_end(token: Token) -> int:
    named = _NAME.match(token.source)
    return named.end() if named else 0


def _unquoted(value: str) -> str:
    return value[1:-1] if value[:1] in ("'", '"') else value
