"""Where the parts of an expression stand: Jinja's syntax tree knows lines only, and a person looks for columns."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import takewhile
from typing import Any, Final, TypeAlias

from jinja2 import nodes

from newsletter.errors import Place

Where: TypeAlias = Place | Callable[[int], Place]
"""Where a source starts, or a function that tells where each of its characters stands in a file."""

_TOKEN: Final = re.compile(r"""'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|\d[\w.]*|\w+|\S""", re.DOTALL)
_WORDS: Final[dict[bool | None, tuple[str, ...]]] = {
    True: ("true", "True"),
    False: ("false", "False"),
    None: ("none", "None"),
}


def place_at(where: Where, source: str, position: int) -> Place:
    """Give the place of a character of a source; without its column where only the start's is known."""
    if not isinstance(where, Place):
        return where(position)
    before = source[:position]
    lines = before.count("\n")
    if lines and where.line is not None:
        return replace(where, line=where.line + lines, column=None)
    column = None if where.column is None else where.column + len(before)
    return replace(where, column=column)


def behind(where: Where, source: str, position: int) -> Where:
    """Tell where the rest of a source stands that starts at a position."""
    if isinstance(where, Place):
        return place_at(where, source, position)
    return lambda further: where(position + further)


def position_of(node: nodes.Node, syntax: nodes.Expr, source: str) -> int:
    """Find where a part of an expression stands: its own name or constant, or else the first one in it.

    Args:
        syntax: The whole expression, of which the node is a part.
    """
    inside = {id(one) for one in (node, *node.find_all(nodes.Node))}
    first = None
    for one, position in _positions(syntax, source):
        if one is node:
            return position
        if first is None and id(one) in inside:
            first = position
    return first or 0


def _positions(syntax: nodes.Expr, source: str) -> Iterator[tuple[nodes.Node, int]]:
    """Go through the names and constants of an expression and through its words side by side."""
    tokens = list(_TOKEN.finditer(source))
    index = 0
    for node, fits in _marks(syntax):
        found = next((number for number in range(index, len(tokens)) if fits(tokens[number][0])), None)
        if found is None:
            return
        yield node, tokens[found].start()
        # Jinja reads texts that stand side by side as one.
        texts = takewhile(lambda token: _is_text(token[0]), tokens[found + 1 :]) if _is_text(tokens[found][0]) else ()
        index = found + 1 + len(list(texts))


def _marks(syntax: nodes.Expr) -> Iterator[tuple[nodes.Node, Callable[[str], bool]]]:
    """Give what has a name or is a constant, in the order of the source, with what tells its word."""
    waiting: list[Any] = [syntax]
    while waiting:
        here = waiting.pop()
        if isinstance(here, tuple):
            yield here
        else:
            waiting.extend(reversed(_parts(here)))


def _parts(node: nodes.Node) -> list[Any]:
    match node:
        case nodes.Name():
            return [(node, node.name.__eq__)]
        case nodes.Const():
            return [(node, _constant(node.value))]
        case nodes.Getattr():
            return [node.node, (node, node.attr.__eq__)]
        case nodes.Filter() | nodes.Test():
            inner = [] if node.node is None else [node.node]
            return [*inner, (node, node.name.partition(".")[0].__eq__), *node.args, *node.kwargs]
        case nodes.CondExpr():
            return [node.expr1, node.test, *([] if node.expr2 is None else [node.expr2])]
        case _:
            return list(node.iter_child_nodes())


def _constant(value: object) -> Callable[[str], bool]:
    if isinstance(value, str):
        return _is_text
    if value is None or isinstance(value, bool):
        return _WORDS[value].__contains__
    return lambda token: token[0].isdigit()


def _is_text(token: str) -> bool:
    return len(token) > 1 and token[0] in "'\""
