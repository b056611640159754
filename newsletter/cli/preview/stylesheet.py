"""Style sheets as blocks and declarations, read as forgivingly as a browser reads them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

_COMMENT: Final = re.compile(r"/\*.*?(?:\*/|\Z)|<!--|-->", re.DOTALL)
_PIECE: Final = re.compile(r"\"(?:\\.|[^\"\\])*\"?|'(?:\\.|[^'\\])*'?|\\.|.", re.DOTALL)
_NESTING: Final = ("@media", "@supports", "@layer", "@container")


@dataclass(frozen=True, slots=True)
class Block:
    """A rule: selectors or an at-rule, and what stands between its braces.

    Args:
        body: Declarations as text, or the rules within.
    """

    prelude: str
    body: "str | tuple[Rule, ...]"


@dataclass(frozen=True, slots=True)
class Statement:
    """An at-rule without braces, such as `@import`."""

    text: str


Rule = Block | Statement


def rules(css: str) -> tuple[Rule, ...]:
    """Read a style sheet; comments are left out."""
    return tuple(_rules(_COMMENT.sub(" ", css)))


def write(parts: tuple[Rule, ...]) -> str:
    """Write rules as a style sheet, one a line."""
    return "\n".join(_written(part) for part in parts)


def declarations(body: str) -> Iterator[tuple[str, str]]:
    """Give property and value of each declaration; what is none is left out."""
    for part in split(body, ";"):
        name, colon, value = part.partition(":")
        if colon and name.strip():
            yield name.strip().lower(), value.strip()


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


def _rules(css: str) -> Iterator[Rule]:
    position = 0
    while position < len(css):
        end, sign = _next(css, position, "{;")
        prelude = css[position:end].strip()
        if sign != "{":
            if prelude.startswith("@"):
                yield Statement(prelude)
            position = end + 1
            continue
        closing = _closing(css, end + 1)
        body = css[end + 1 : closing].strip()
        nested = prelude.lower().startswith(_NESTING)
        yield Block(prelude.lstrip("} \n"), tuple(_rules(body)) if nested else body)
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
