"""Expressions on the reader, taken apart: what can be bound while rendering is; what is left waits for the reader.

`{% if item.topics[0] in subscriber.topics %}` in a loop becomes one condition for each item: `item.topics[0]` is a
hole, filled with a constant each time. What a constant decides by itself is decided then.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from jinja2 import Environment, nodes
from jinja2.parser import Parser
from jinja2.runtime import Undefined

from newsletter.errors import Place
from newsletter.expressions import Expression

SUBSCRIBER: Final = "subscriber"
LINKS: Final = "links"
FIRST, LAST = "_newsletter_first_", "_newsletter_last_"
"""Functions that tell of a loop's item whether it is the first or last that a reader sees."""

_HOLE: Final = "_newsletter_hole_{}_"


@dataclass(frozen=True, slots=True)
class LateExpression:
    """An expression on the reader, with holes for the parts that are bound while rendering."""

    tree: nodes.Expr
    place: Place


def is_late(node: nodes.Node) -> bool:
    """Tell whether something depends on the reader."""
    names = [node] if isinstance(node, nodes.Name) else node.find_all(nodes.Name)
    return any(name.name in (SUBSCRIBER, LINKS, FIRST, LAST) for name in names)


def cut_holes(node: nodes.Expr, holes: list[nodes.Expr]) -> nodes.Expr:
    """Copy an expression, with every largest part that is bound while rendering replaced by a hole."""
    if not is_late(node) or _asks_for_position(node):
        if isinstance(node, nodes.Const):
            return node
        holes.append(node)
        return nodes.Name(_HOLE.format(len(holes) - 1), "load", lineno=node.lineno)
    return _copy(node, lambda child: cut_holes(child, holes))


def fill(node: nodes.Expr, holes: Sequence[Any]) -> nodes.Expr:
    """Copy an expression with its holes filled: by a constant, or by an expression of its own."""
    if isinstance(node, nodes.Name) and node.name.startswith(_HOLE.split("{", 1)[0]):
        value = holes[int(node.name.rstrip("_").rsplit("_", 1)[1])]
        if isinstance(value, Expression):
            return _parsed(value.source)
        return nodes.Const(value, lineno=node.lineno)
    return _copy(node, lambda child: fill(child, holes))


def simplified(node: nodes.Expr, *, condition: bool) -> nodes.Expr:
    """Decide what `and`, `or`, `not` and `if` can be decided of by their constant sides, as Jinja itself would.

    Args:
        condition: Only the truth of the expression matters, so that a constant becomes true or false.
    """
    if isinstance(node, nodes.Not):
        inner = simplified(node.node, condition=True)
        return nodes.Const(not _truth(inner)) if _is_constant(inner) else nodes.Not(inner, lineno=node.lineno)
    if isinstance(node, (nodes.And, nodes.Or)):
        left = simplified(node.left, condition=condition)
        if not _is_constant(left):
            return type(node)(left, simplified(node.right, condition=condition), lineno=node.lineno)
        decides = _truth(left) is isinstance(node, nodes.Or)
        return left if decides else simplified(node.right, condition=condition)
    if isinstance(node, nodes.CondExpr):
        return _simplified_choice(node, condition=condition)
    return nodes.Const(_truth(node)) if condition and _is_constant(node) else node


def refuse_undefined(tree: nodes.Expr) -> None:
    """Raise the undefined value's own error, if one is still needed after simplification."""
    for constant in [tree] if isinstance(tree, nodes.Const) else tree.find_all(nodes.Const):
        if isinstance(constant.value, Undefined):
            str(constant.value)


def call(name: str, *arguments: nodes.Expr, line: int) -> nodes.Call:
    """Write a call of one of our own functions."""
    written = nodes.Call(nodes.Name(name, "load"), list(arguments), [], None, None)
    written.set_lineno(line, override=False)
    return written


def _asks_for_position(node: nodes.Expr) -> bool:
    return isinstance(node, nodes.Call) and isinstance(node.node, nodes.Name) and node.node.name in (FIRST, LAST)


def _parsed(source: str) -> nodes.Expr:
    return Parser(Environment(autoescape=True), source, state="variable").parse_expression()


def _simplified_choice(node: nodes.CondExpr, *, condition: bool) -> nodes.Expr:
    test = simplified(node.test, condition=True)
    if _is_constant(test):
        chosen = node.expr1 if _truth(test) else node.expr2
        return simplified(chosen, condition=condition) if chosen is not None else nodes.Const("")
    other = simplified(node.expr2, condition=condition) if node.expr2 is not None else None
    return nodes.CondExpr(test, simplified(node.expr1, condition=condition), other, lineno=node.lineno)


def _is_constant(node: nodes.Expr) -> bool:
    return isinstance(node, nodes.Const)


def _truth(node: nodes.Expr) -> bool:
    return bool(node.value) if isinstance(node, nodes.Const) else False


_Node = TypeVar("_Node", bound=nodes.Node)
_Change = Callable[[nodes.Expr], nodes.Expr]


def _copy(node: _Node, change: _Change) -> _Node:
    values: list[Any] = []
    for name in node.fields:
        value = getattr(node, name)
        several = isinstance(value, list)
        values.append([_changed(item, change) for item in value] if several else _changed(value, change))
    return type(node)(*values, lineno=node.lineno, environment=node.environment)


def _changed(value: Any, change: _Change) -> Any:
    if isinstance(value, nodes.Expr):
        return change(value)
    return _copy(value, change) if isinstance(value, nodes.Node) else value
