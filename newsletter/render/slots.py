"""What a compiled text consists of: literals, slots for one reader's values, and blocks that may be switched off.

While an issue is rendered, slots and the borders of blocks travel as tokens: `zq`, the issue's nonce, a letter, a
number, `z`. They are alphanumeric, so that Jinja, MJML, premailer, Markdown and URL encoding all leave them alone,
and nobody who does not know the nonce can forge one. Here tokens become parts again, and the place where a slot
ended up fixes how its values are escaped.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from html import escape
from typing import Final, TypeAlias
from urllib.parse import quote

from newsletter import errors
from newsletter.expressions import Expression

SLOT, BEGIN, END, DROP, DROPPED = "s", "b", "e", "d", "x"


class Place(StrEnum):
    """Where a slot ended up; fixes how its values are escaped."""

    MARKUP = "m"
    """HTML text or an attribute that is no link."""
    LINK = "l"
    """A whole link: http, https or mailto, or nothing."""
    LINK_PART = "p"
    """A component of a link."""
    PLAIN = "t"
    """The text part, or a header before it is encoded."""


@dataclass(frozen=True, slots=True)
class ReaderLink:
    """A link of the reader's own, such as the one to unsubscribe by; made by whoever merges.

    Args:
        place: Where a template asks for it.
    """

    name: str
    place: errors.Place = field(default=errors.NOWHERE, compare=False)


Value: TypeAlias = Expression | ReaderLink


@dataclass(frozen=True, slots=True)
class Slot:
    """The place of one recipient's value."""

    value: Value
    place: Place


@dataclass(frozen=True, slots=True)
class Block:
    """Parts that only some readers get."""

    condition: Expression
    negated: bool
    parts: "Parts"


Part: TypeAlias = str | Slot | Block
Parts: TypeAlias = tuple[Part, ...]


def walk(parts: Parts) -> Iterator[Slot | Block]:
    """Give every slot and block, those inside of blocks too, in their order."""
    for part in parts:
        if isinstance(part, str):
            continue
        yield part
        if isinstance(part, Block):
            yield from walk(part.parts)


@dataclass(frozen=True, slots=True)
class Condition:
    """What switches a block: an expression, or its negation (what stands behind `else`)."""

    expression: Expression
    negated: bool = False

    @property
    def key(self) -> str:
        """Name the question that both the condition and its negation answer."""
        return self.expression.source


@dataclass(frozen=True, slots=True)
class Tokens:
    """The tokens of one rendering, and what each of them stands for."""

    nonce: str
    values: tuple[Value, ...]
    conditions: tuple[Condition, ...]

    @property
    def pattern(self) -> re.Pattern[str]:
        """Match any token of this rendering; groups: letter, number."""
        return token_pattern(self.nonce)

    @property
    def rest_pattern(self) -> re.Pattern[str]:
        """Match what is left of a token that something has changed or cut."""
        return re.compile(f"zq{self.nonce[:4]}", re.IGNORECASE)


def token(nonce: str, letter: str, number: int) -> str:
    """Write a token."""
    return f"zq{nonce}{letter}{number}z"


def token_pattern(nonce: str) -> re.Pattern[str]:
    """Match the tokens with this nonce; groups: letter, number."""
    return re.compile(rf"zq{nonce}([sbedx])(\d+)z")


def border_pattern(nonce: str) -> re.Pattern[str]:
    """Match the tokens that begin or end a block; group: number."""
    return re.compile(rf"zq{nonce}[be](\d+)z")


def slot_pattern(nonce: str) -> re.Pattern[str]:
    """Match the tokens of readers' values."""
    return re.compile(rf"zq{nonce}s\d+z")


def drop(text: str, nonce: str) -> str:
    """Take out what stands in blocks that are switched off for good in this rendering."""
    if f"zq{nonce}{DROP}" not in text:
        return text
    kept: list[str] = []
    depth = position = 0
    for match in re.finditer(rf"zq{nonce}([{DROP}{DROPPED}])\d+z", text):
        if depth == 0:
            kept.append(text[position : match.start()])
        depth += 1 if match[1] == DROP else -1
        position = match.end()
    kept.append(text[position:])
    return "".join(kept)


def split_plain(text: str, tokens: Tokens) -> Parts:
    """Split a text without markup into its parts."""
    return _split(text, tokens, lambda _text, _start, _end: Place.PLAIN)


def split_markup(html: str, tokens: Tokens) -> Parts:
    """Split finished HTML into its parts.

    Raises:
        MisplacedSlot: A value ended up in a style, a script, or at the start of a longer link.
        BrokenToken: A token was changed or cut.
    """
    return _split(html, tokens, place_in_markup)


class MisplacedSlot(ValueError):
    """One reader's value stands where none may stand."""

    def __init__(self, value: Value, reason: str) -> None:
        super().__init__(reason)
        self.value = value


class BrokenToken(ValueError):
    """Something has changed or cut a token: what one reader's value would have become of is not known."""


_LINKS = frozenset({"href", "src", "background", "action"})
_ATTRIBUTE = re.compile(r'([\w:-]+)\s*=\s*"([^"]*)\Z')


def place_in_markup(html: str, start: int, end: int) -> Place:
    """Tell where a slot stands in serialised HTML, in which `<` and `>` are escaped inside attributes.

    Raises:
        ValueError: A value may not stand there; says why.
    """
    opened = html.rfind("<", 0, start)
    if html.rfind(">", 0, start) > opened:
        if html.rfind("<style", 0, start) > html.rfind("</style", 0, start):
            raise ValueError("a value cannot stand in a style sheet")
        return Place.MARKUP
    attribute = _ATTRIBUTE.search(html[opened:start])
    if attribute is None:
        raise ValueError("a value may be an attribute's value, not its name")
    name, before = attribute[1].lower(), attribute[2]
    if name == "style" or name.startswith("on"):
        raise ValueError(f"a value cannot stand in a {name} attribute")
    if name not in _LINKS:
        return Place.MARKUP
    if before:
        return Place.LINK_PART
    if html.startswith('"', end):
        return Place.LINK
    raise ValueError("a link that starts with a reader's value must be that value as a whole")


PlaceFinder: TypeAlias = Callable[[str, int, int], Place]


def _split(text: str, tokens: Tokens, place: PlaceFinder) -> Parts:
    stack: list[tuple[int, list[Part]]] = [(-1, [])]
    position = 0
    for match in tokens.pattern.finditer(text):
        parts = stack[-1][1]
        if position < match.start():
            parts.append(text[position : match.start()])
        position = match.end()
        letter, number = match[1], int(match[2])
        if letter == SLOT:
            parts.append(_slot(text, match, tokens.values[number], place))
        elif letter == BEGIN:
            stack.append((number, []))
        else:
            opened, inner = stack.pop() if len(stack) > 1 else (-1, [])
            if opened != number:
                raise BrokenToken("the borders of a block stand in the wrong order")
            condition = tokens.conditions[number]
            if inner:
                stack[-1][1].append(Block(condition.expression, condition.negated, tuple(inner)))
    if len(stack) != 1:
        raise BrokenToken("a block has lost its end")
    if position < len(text):
        stack[0][1].append(text[position:])
    if tokens.rest_pattern.search(tokens.pattern.sub("", text)):
        raise BrokenToken("a part of a token is left")
    return tuple(stack[0][1])


def _slot(text: str, match: re.Match[str], value: Value, place: PlaceFinder) -> Slot:
    try:
        found = place(text, match.start(), match.end())
    except ValueError as error:
        raise MisplacedSlot(value, str(error)) from error
    if found is Place.LINK_PART and isinstance(value, ReaderLink):
        raise MisplacedSlot(value, "a reader's own link must be the whole link")
    return Slot(value, found)


_SCHEMES = ("https://", "http://", "mailto:")
_BREAKS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_MARKUP = re.compile("[&<>\"']")


def escaper(place: Place) -> Callable[[str], str]:
    """Give what escapes readers' values for where they go; control characters and line breaks become spaces.

    A value is data, so whatever looks like markup or an expression in it stays text.
    """
    return _ESCAPERS[place]


def escape_for(place: Place, value: str) -> str:
    """Escape one reader's value for where it goes; see `escaper`."""
    return _ESCAPERS[place](value)


def _plain(value: str) -> str:
    if value.isprintable():
        return value
    return _BREAKS.sub(" ", value).encode("utf-8", "replace").decode("utf-8")


def _markup(value: str) -> str:
    value = _plain(value)
    return escape(value, quote=True) if _MARKUP.search(value) else value


def _link(value: str) -> str:
    value = _plain(value)
    if not value.startswith(_SCHEMES) and not value.lower().startswith(_SCHEMES):
        return ""
    return escape(value, quote=True) if _MARKUP.search(value) else value


def _link_part(value: str) -> str:
    return quote(_plain(value), safe="")


_ESCAPERS: Final[Mapping[Place, Callable[[str], str]]] = {
    Place.MARKUP: _markup,
    Place.LINK: _link,
    Place.LINK_PART: _link_part,
    Place.PLAIN: _plain,
}
