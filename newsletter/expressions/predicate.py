"""Compiles expressions to Python: functions of one subscriber's values, made for running once per reader."""

import operator
import re
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias, cast

from newsletter.expressions import tree
from newsletter.expressions.parse import Expression
from newsletter.expressions.tree import Condition, ValueNode
from newsletter.expressions.types import Type, Value, text_of

Values: TypeAlias = Mapping[str, Value]
Predicate: TypeAlias = Callable[[Values], bool]
Evaluator: TypeAlias = Callable[[Values], Value]

_OPERATORS: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "lt": operator.lt,
    "lteq": operator.le,
    "gt": operator.gt,
    "gteq": operator.ge,
}

_WORD_START: Final = re.compile(r"([-\s({\[<]+)")
"""Where Jinja's `title` filter starts a new word."""

_FILTERS: Final[Mapping[str, Callable[[str], str]]] = {
    "upper": str.upper,
    "lower": str.lower,
    "capitalize": str.capitalize,
    "trim": str.strip,
    "title": lambda text: "".join(part[:1].upper() + part[1:].lower() for part in _WORD_START.split(text)),
}


def predicate(expression: Expression) -> Predicate:
    """Compile a condition. A field that is missing from the values counts as not known."""
    return _condition(cast("Condition", expression.tree))


def evaluator(expression: Expression) -> Evaluator:
    """Compile a value."""
    return _value(cast("ValueNode", expression.tree))


def _condition(node: Condition) -> Predicate:  # noqa: C901 - one case for each kind of node
    match node:
        case tree.Fixed(holds):
            return lambda _values: holds
        case tree.Truth(name, kind):
            if kind is Type.DATE:
                return lambda values: values.get(name) is not None
            return lambda values: bool(values.get(name))
        case tree.Present(name, kind):
            if kind is Type.TEXT_SET:
                return lambda values: bool(values.get(name))
            return lambda values: values.get(name) is not None
        case tree.Comparison():
            return _comparison(node)
        case tree.Membership(name, _, constants):
            members = frozenset(constants)
            return lambda values: values.get(name) in members
        case tree.Containment(name, text):
            return lambda values: text in cast("frozenset[str]", values.get(name) or ())
        case tree.Not(inner):
            opposite = _condition(inner)
            return lambda values: not opposite(values)
        case tree.All(conditions):
            every = [_condition(one) for one in conditions]
            return lambda values: all([one(values) for one in every])  # noqa: C419 - quicker
        case tree.Any(conditions):
            several = [_condition(one) for one in conditions]
            return lambda values: any([one(values) for one in several])  # noqa: C419 - quicker


def _comparison(node: tree.Comparison) -> Predicate:
    name, constant = node.field, node.constant
    if node.operator == "eq":
        return lambda values: values.get(name) == constant
    if node.operator == "ne":
        return lambda values: values.get(name) != constant
    compare = _OPERATORS[node.operator]

    def holds(values: Values) -> bool:
        value = values.get(name)
        return value is not None and compare(value, constant)

    return holds


def _value(node: ValueNode) -> Evaluator:
    match node:
        case tree.Literal(constant):
            return lambda _values: constant
        case tree.FieldValue(name):
            return lambda values: values.get(name)
        case tree.Fallback():
            return _fallback(node)
        case tree.Concatenation(parts):
            several = [_value(part) for part in parts]
            return lambda values: "".join([text_of(one(values)) for one in several])
        case tree.Choice(condition, first, second):
            holds, yes, no = _condition(condition), _value(first), _value(second)
            return lambda values: yes(values) if holds(values) else no(values)
        case tree.Filtered(inner, name):
            change, evaluate = _FILTERS[name], _value(inner)
            return lambda values: change(text_of(evaluate(values)))
        case tree.Joined(name, separator):
            return lambda values: separator.join(sorted(cast("frozenset[str]", values.get(name) or ())))


def _fallback(node: tree.Fallback) -> Evaluator:
    first, second = _value(node.value), _value(node.otherwise)
    if node.always:
        return lambda values: first(values) or second(values)

    def evaluate(values: Values) -> Value:
        value = first(values)
        return second(values) if value is None else value

    return evaluate
