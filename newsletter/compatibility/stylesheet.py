"""Style sheets as blocks and declarations, read as forgivingly as a browser reads them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

_COMMENT: Final = re.compile(r"/\*.*?(?:\*/|\Z)|<!--|-->", re.DOTALL)
_PIECE: Final = re.compile(r"\"(?:\\.|[^\"\\])*\"?|'(?:\\.|[^'\\])*'?|\\.|.", re.DOTALL)
_NESTING: Final = ("@media", "@supports", "@layer", "@container")


@dataclass(frozen=True, slots=True)
class Block:
    """A rule: selectors or an at-rule, and what stands between its braces.

    Args:
        body: Declarations as text, or the rules within.
        start: Where its prelude begins in the sheet, in characters; of no matter for whether two rules are equal.
        inside: Where its body begins.
    """

    prelude: str
    body: "str | tuple[Rule, ...]"
    start: int = field(default=0, compare=False)
    inside: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Statement:
    """An at-rule without braces, such as `@import`."""

    text: str
    start: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Declaration:
    """A property with its value.

    Args:
        start: Where its name begins in the body, in characters.
    """

    name: str
    value: str
    start: int


Rule = Block | Statement


def rules(css: str) -> tuple[Rule, ...]:
    """Read a style sheet; comments are left out."""
    return tuple(_rules(_COMMENT.sub(lambda found: " " * len(found[0]), css), 0))


def write(parts: tuple[Rule, ...]) -> str:
    """Write rules as a style sheet, one a line."""
    return "\n".join(_written(part) for part in parts)


def declarations(body: str) -> Iterator[tuple[str, str]]:
    """Give property and value of each declaration; what is none is left out."""
    return ((one.name, one.value) for one in placed_declarations(body))


def placed_declarations(body: str) -> Iterator[Declaration]:
    """Give each declaration with its place; what is none is left out."""
    position = 0
    for part in split(body, ";"):
        name, colon, value = part.partition(":")
        if colon and name.strip():
            indent = len(part) - len(part.lstrip())
            yield Declaration(name.strip().lower(), value.strip(), position + indent)
        position += len(part) + 1


def split(text: str, separator: str) -> tuple[str, ...]:
    """Split where a separator stands outside strings and brackets."""
    parts, depth = [""], 0
    for found in _PIECE.finditer(text):
        piece = found[0]
        depth += (piece in ("(", "[")) - (piece in (")", "]") and depth > 0)
        if piece == separator and not depth:
            parts.append("")
        else:
            parts[-1] += piece
    return tuple(parts)


def _rules(css: str, offset: int) -> Iterator[Rule]:
    """Read rules.

    Args:
        offset: Where the text begins in the sheet.
    """
    position = 0
    while position < len(css):
        end, sign = _next(css, position, "{;")
        prelude = css[position:end].lstrip("} \t\r\n\f")
        start = offset + end - len(prelude)
        prelude = prelude.rstrip()
        if sign != "{":
            if prelude.startswith("@"):
                yield Statement(prelude, start)
            position = end + 1
            continue
        closing = _closing(css, end + 1)
        body = css[end + 1 : closing]
        inside = offset + end + 1 + len(body) - len(body.lstrip())
        body = body.strip()
        nested = prelude.lower().startswith(_NESTING)
        yield Block(prelude, tuple(_rules(body, inside)) if nested else body, start, inside)
        position = closing + 1


def _next(css: str, start: int, signs: str) -> tuple[int, str]:
    for found in _PIECE.finditer(css, start):
        if found[0] in signs:
            return found.start(), found[0]
    return len(css), ""


def _closing(css: str, start: int) -> int:
    depth = 1
    while depth:
        end, sign = _next(css, start, "{}")
        if not sign:
            return end
        depth += 1 if sign == "{" else -1
        start = end + 1
    return end


def _written(rule: Rule) -> str:
    if isinstance(rule, Statement):
        return f"{rule.text};"
    body = rule.body if isinstance(rule.body, str) else write(rule.body)
    return f"{rule.prelude} {{ {body} }}"
