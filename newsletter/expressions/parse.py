"""Reads an expression: by Jinja's own parser to its syntax tree, and from there to the small language.

Whatever is outside the small language is refused with its place and what to do instead.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from dataclasses import field as dataclass_field
from datetime import date
from difflib import get_close_matches
from functools import lru_cache
from typing import Final

from jinja2 import Environment, TemplateSyntaxError, nodes

from newsletter.errors import NOWHERE, ExpressionError, Place
from newsletter.expressions import tree
from newsletter.expressions.depth import nesting, room_for
from newsletter.expressions.tree import Condition, Constant, ValueNode
from newsletter.expressions.types import Field, Schema, Type

SUBSCRIBER: Final = "subscriber"
MAXIMUM_LENGTH: Final = 2_000
MAXIMUM_DEPTH: Final = 50
TEXT_FILTERS: Final = frozenset({"upper", "lower", "title", "capitalize", "trim"})


@dataclass(frozen=True, slots=True)
class Expression:
    """A checked expression; equal to another that means the same.

    Args:
        source: Its canonical form, which reads back as the same expression.
    """

    source: str
    tree: Condition | ValueNode = dataclass_field(compare=False)
    place: Place = dataclass_field(default=NOWHERE, compare=False)

    def __str__(self) -> str:
        return self.source


def parse(source: str, schema: Schema, place: Place = NOWHERE, *, trusted: bool = False) -> Expression:
    """Read a condition, such as `subscriber.region == "Noord"`.

    Args:
        place: Where the source starts.
        trusted: It is the source of an expression that was checked before, which may be longer and nested more
            deeply than a person may write: the limits do not hold for it.

    Raises:
        ExpressionError: It is not a condition of the small language; names line and column.
    """
    checker = _Checker(schema, place, source)
    with room_for(source, trusted=trusted):
        condition = checker.condition(_jinja_tree(source, place, trusted=trusted))
        return Expression(str(condition), condition, place)


def parse_value(source: str, schema: Schema, place: Place = NOWHERE, *, trusted: bool = False) -> Expression:
    """Read a value, such as `subscriber.first_name or "lezer"`.

    Args:
        place: Where the source starts.
        trusted: As for `parse`.

    Raises:
        ExpressionError: It is not a value of the small language; names line and column.
    """
    checker = _Checker(schema, place, source)
    with room_for(source, trusted=trusted):
        value = checker.value(_jinja_tree(source, place, trusted=trusted))
        return Expression(str(value), value, place)


def check(syntax: nodes.Expr, schema: Schema, place: Place, *, condition: bool) -> Expression:
    """Check a syntax tree that Jinja has read already, such as an expression in a template.

    Args:
        condition: Whether it answers a question, or else gives a value.

    Raises:
        ExpressionError: It is outside the small language.
    """
    checker = _Checker(schema, place, "")
    found: Condition | ValueNode = checker.condition(syntax) if condition else checker.value(syntax)
    return Expression(str(found), found, place)


def parse_text(source: str, schema: Schema, place: Place = NOWHERE) -> tuple[str | Expression, ...]:
    """Read a text with values in it, such as `Beste {{ subscriber.first_name or "lezer" }},`.

    Returns:
        Literal text, byte for byte, and expressions, in order.

    Raises:
        ExpressionError: It holds statements or comments, or something outside the small language.
    """
    if "{" not in source:
        return (source,) if source else ()
    for sign, what in (("{%", "A statement"), ("{#", "A comment")):
        position = source.find(sign)
        if position >= 0:
            raise ExpressionError(
                f"{what.lower()} ({sign}) cannot stand in a text",
                where=_shift(place, source, position),
                remedy="Only values may: {{ subscriber.first_name }}. Use visible_to to show something to some.",
            )
    parts: list[str | Expression] = []
    position = 0
    while (start := source.find("{{", position)) >= 0:
        end = source.find("}}", start)
        if end < 0:
            raise ExpressionError("{{ has no }}", where=_shift(place, source, start), remedy="Close the value with }}.")
        if start > position:
            parts.append(source[position:start])
        inner = source[start + 2 : end]
        offset = start + 2 + len(inner) - len(inner.lstrip())
        parts.append(parse_value(inner.strip(), schema, _shift(place, source, offset)))
        position = end + 2
    if position < len(source):
        parts.append(source[position:])
    return tuple(parts)


def fields_of(expression: Expression) -> frozenset[str]:
    """Name the fields that an expression looks at."""
    found: set[str] = set()
    waiting: list[object] = [expression.tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, tuple):
            waiting.extend(node)
            continue
        for name in getattr(node, "__dataclass_fields__", ()):
            value = getattr(node, name)
            if name == "field":
                found.add(value)
            elif isinstance(value, tuple) or hasattr(value, "__dataclass_fields__"):
                waiting.append(value)
    return frozenset(found)


@lru_cache(maxsize=1)
def _environment() -> Environment:
    return Environment(autoescape=True)


def _jinja_tree(source: str, place: Place, *, trusted: bool) -> nodes.Expr:
    if not trusted:
        _assert_limits(source, place)
    try:
        template = _environment().parse("{{ " + source + " }}")
    except TemplateSyntaxError as error:
        raise ExpressionError(
            f"this cannot be read as an expression: {error.message}",
            where=_line_down(place, error.lineno - 1),
            remedy='Write it like: subscriber.region == "Noord" and "bestuur" in subscriber.topics.',
        ) from error
    except RecursionError:
        raise ExpressionError(
            "the expression is nested too deeply", where=place, remedy="Write it more simply."
        ) from None
    outputs = [child for output in template.body if isinstance(output, nodes.Output) for child in output.nodes]
    if len(outputs) != 1 or isinstance(outputs[0], nodes.TemplateData):
        raise ExpressionError("an expression is missing", where=place, remedy="Write one, or leave the key out.")
    return outputs[0]


def _assert_limits(source: str, place: Place) -> None:
    if len(source) > MAXIMUM_LENGTH:
        raise ExpressionError(
            f"an expression of {len(source):,} characters",
            where=place,
            remedy=f"At most {MAXIMUM_LENGTH:,}; split it into segments.",
        )
    if nesting(source) > MAXIMUM_DEPTH:
        raise ExpressionError("the expression is nested too deeply", where=place, remedy="Write it more simply.")
    if "}}" in source or "{%" in source:
        raise ExpressionError("braces do not belong here", where=place, remedy="Write the expression alone.")


def _line_down(place: Place, lines: int) -> Place:
    if not lines or place.line is None:
        return place
    return replace(place, line=place.line + lines, column=None)


def _shift(place: Place, source: str, position: int) -> Place:
    """Move a place along a source that starts there."""
    before = source[:position]
    lines = before.count("\n")
    if lines:
        return _line_down(place, lines)
    column = None if place.column is None else place.column + len(before)
    return replace(place, column=column)


@dataclass(frozen=True, slots=True)
class _Checker:
    schema: Schema
    place: Place
    source: str

    def condition(self, node: nodes.Expr) -> Condition:
        """Check what answers a question."""
        kinds: Mapping[type[nodes.Expr], Callable[..., Condition]] = {
            nodes.And: self._both,
            nodes.Or: self._either,
            nodes.Not: self._opposite,
            nodes.Compare: self._comparison,
            nodes.Test: self._test,
            nodes.Const: self._fixed,
            nodes.Getattr: self._truth,
            nodes.Getitem: self._truth,
        }
        for kind, read in kinds.items():
            if isinstance(node, kind):
                return read(node)
        raise self._outside(node)

    def value(self, node: nodes.Expr) -> ValueNode:
        """Check what gives a value."""
        if isinstance(node, nodes.Const):
            return tree.Literal(self._literal(node))
        if isinstance(node, nodes.TemplateData):
            return tree.Literal(node.data)
        if isinstance(node, (nodes.Getattr, nodes.Getitem)):
            name, field = self._field(node)
            return tree.FieldValue(name, field.type)
        if isinstance(node, nodes.Or):
            return tree.Fallback(self.value(node.left), self.value(node.right), always=True)
        if isinstance(node, nodes.Concat):
            return tree.Concatenation(tuple(self.value(part) for part in node.nodes))
        if isinstance(node, nodes.CondExpr):
            otherwise = self.value(node.expr2) if node.expr2 else tree.Literal("")
            return tree.Choice(self.condition(node.test), self.value(node.expr1), otherwise)
        if isinstance(node, nodes.Filter) and node.node is not None:
            return self._filter(node, node.node)
        raise self._outside(node)

    def _both(self, node: nodes.And) -> Condition:
        return tree.All((*_flat(self.condition(node.left), tree.All), self.condition(node.right)))

    def _either(self, node: nodes.Or) -> Condition:
        return tree.Any((*_flat(self.condition(node.left), tree.Any), self.condition(node.right)))

    def _opposite(self, node: nodes.Not) -> Condition:
        return tree.Not(self.condition(node.node))

    def _fixed(self, node: nodes.Const) -> Condition:
        if not isinstance(node.value, bool):
            raise self._error(
                f"{node.value!r} is no condition", "Compare it with something that is known of a subscriber."
            )
        return tree.Fixed(node.value)

    def _truth(self, node: nodes.Getattr | nodes.Getitem) -> Condition:
        name, field = self._field(node)
        return tree.Truth(name, field.type)

    def _comparison(self, node: nodes.Compare) -> Condition:
        if len(node.ops) != 1:
            raise self._error("comparisons cannot be chained", "Write them apart, with 'and' between them.")
        operand = node.ops[0]
        if operand.op in ("in", "notin"):
            inside = self._membership(node.expr, operand.expr)
            return tree.Not(inside) if operand.op == "notin" else inside
        left, right, operator = node.expr, operand.expr, operand.op
        if not self._is_field(left):
            left, right, operator = right, left, tree.MIRRORED[operator]
        name, field = self._field(left)
        if field.type is Type.TEXT_SET:
            raise self._error(
                f"subscriber.{name} is a set of texts",
                f'Ask whether it holds one: "…" in subscriber.{name}.',
                name,
            )
        constant = self._typed(name, field, self._constant(right))
        if constant is None:
            return self._beside_none(name, field, operator)
        if field.type is Type.BOOLEAN and operator not in ("eq", "ne"):
            raise self._error(f"subscriber.{name} is true or false", "Compare it with == or !=.", name)
        return tree.Comparison(name, field.type, operator, constant)

    def _beside_none(self, name: str, field: Field, operator: str) -> Condition:
        present = tree.Present(name, field.type)
        if operator == "eq":
            return tree.Not(present)
        if operator == "ne":
            return present
        raise self._error("nothing is more or less than none", f"Write: subscriber.{name} is defined.", name)

    def _membership(self, left: nodes.Expr, right: nodes.Expr) -> Condition:
        if self._is_field(right):
            name, field = self._field(right)
            text = self._constant(left)
            if field.type is not Type.TEXT_SET:
                raise self._error(
                    f"subscriber.{name} is no set of texts", f'Write: subscriber.{name} in ["…", "…"].', name
                )
            if not isinstance(text, str):
                raise self._error(f"{text!r} is no text", "Only texts can be in a set of texts.")
            self._assert_choice(name, field, text)
            return tree.Containment(name, text)
        name, field = self._field(left)
        if field.type is Type.TEXT_SET:
            raise self._error(f"subscriber.{name} is a set itself", f'Write: "…" in subscriber.{name}.', name)
        constants = tuple(self._typed(name, field, constant) for constant in self._constants(right))
        if None in constants:
            raise self._error("none cannot be in a list", f"Write: subscriber.{name} is none or ….", name)
        return tree.Membership(name, field.type, constants)

    def _test(self, node: nodes.Test) -> Condition:
        name, field = self._field(node.node)
        present = tree.Present(name, field.type)
        if node.name == "defined" and not node.args:
            return present
        if node.name in ("none", "undefined") and not node.args:
            return tree.Not(present)
        raise self._error(
            f"the test 'is {node.name}' does not belong to the language",
            "There are: is defined, is not defined, is none, is not none.",
            node.name,
        )

    def _filter(self, node: nodes.Filter, inner: nodes.Expr) -> ValueNode:
        if node.kwargs or node.dyn_args or node.dyn_kwargs:
            raise self._error(f"the filter {node.name} takes no names here", "Write its arguments in order.")
        if node.name in ("default", "d"):
            return self._default(node, inner)
        if node.name == "join":
            name, field = self._field(inner)
            separator = self._constant(node.args[0]) if node.args else ""
            if field.type is not Type.TEXT_SET or not isinstance(separator, str):
                raise self._error("join is for sets of texts", f'Write: subscriber.{name}|join(", ").', name)
            return tree.Joined(name, separator)
        if node.name in TEXT_FILTERS and not node.args:
            return tree.Filtered(self.value(inner), node.name)
        raise self._error(
            f"the filter {node.name!r} does not belong to the language",
            "There are: default, join, " + ", ".join(sorted(TEXT_FILTERS)) + ".",
            node.name,
        )

    def _default(self, node: nodes.Filter, inner: nodes.Expr) -> ValueNode:
        if not 1 <= len(node.args) <= 2:
            raise self._error("default needs a value to fall back on", 'Write: |default("…").', node.name)
        always = len(node.args) == 2 and self._constant(node.args[1]) is True
        return tree.Fallback(self.value(inner), self.value(node.args[0]), always=always)

    def _is_field(self, node: nodes.Expr) -> bool:
        return (
            isinstance(node, (nodes.Getattr, nodes.Getitem))
            and isinstance(node.node, nodes.Name)
            and node.node.name == SUBSCRIBER
        )

    def _field(self, node: nodes.Expr) -> tuple[str, Field]:
        if not isinstance(node, (nodes.Getattr, nodes.Getitem)) or not self._is_field(node):
            raise self._outside(node)
        name = node.attr if isinstance(node, nodes.Getattr) else self._constant(node.arg)
        if not isinstance(name, str) or name not in self.schema.fields:
            near = get_close_matches(str(name), self.schema.fields, n=2)
            hint = " or ".join(f"subscriber.{one}" for one in near)
            known = ", ".join(sorted(self.schema.fields))
            raise self._error(
                f"nothing called {name!r} is known of a subscriber",
                f"Did you mean {hint}?" if near else f"There are: {known}. Others go in subscribers/attributes.yaml.",
                str(name),
            )
        return name, self.schema.fields[name]

    def _constants(self, node: nodes.Expr) -> Sequence[Constant]:
        if isinstance(node, (nodes.List, nodes.Tuple)):
            return [self._constant(item) for item in node.items]
        if isinstance(node, nodes.Const) and isinstance(node.value, (tuple, list)):
            return list(node.value)
        raise self._error("'in' needs a list of constants", 'Write: subscriber.region in ["Noord", "Zuid"].')

    def _constant(self, node: nodes.Expr) -> Constant:
        if isinstance(node, nodes.Neg) and isinstance(node.node, nodes.Const):
            number = self._constant(node.node)
            if isinstance(number, (int, float)) and not isinstance(number, bool):
                return -number
        if isinstance(node, nodes.Const):
            return self._literal(node)
        if isinstance(node, nodes.TemplateData):
            return node.data
        raise self._outside(node)

    def _literal(self, node: nodes.Const) -> Constant:
        value = node.value
        if isinstance(value, str) and ("\0" in value or _surrogate(value)):
            raise self._error("a text with a character that no database can keep", "Leave that character out.")
        if isinstance(value, float) and not math.isfinite(value):
            raise self._error("a number without end", "Write a smaller one.")
        if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 2**53:
            raise self._error("a number that large is not exact", "Write a smaller one.")
        if value is None or isinstance(value, (str, int, float, date)):
            return value
        raise self._error(f"a {type(value).__name__} cannot stand here", "Use a text, a number, true or false.")

    def _typed(self, name: str, field: Field, constant: Constant) -> Constant:
        """Fit a constant to the type of the field that it stands beside."""
        if constant is None:
            return None
        if field.type is Type.DATE and isinstance(constant, str):
            try:
                return date.fromisoformat(constant)
            except ValueError:
                raise self._error(f"{constant!r} is no date", 'Write it as "2026-01-31".', constant) from None
        fitting = {
            Type.TEXT: isinstance(constant, str),
            Type.NUMBER: isinstance(constant, (int, float)) and not isinstance(constant, bool),
            Type.BOOLEAN: isinstance(constant, bool),
            Type.DATE: isinstance(constant, date),
        }
        if not fitting[field.type]:
            raise self._error(
                f"subscriber.{name} is a {field.type}, {constant!r} is not", "Compare like with like.", name
            )
        if isinstance(constant, str):
            self._assert_choice(name, field, constant)
        return constant

    def _assert_choice(self, name: str, field: Field, text: str) -> None:
        if field.choices and text not in field.choices:
            near = get_close_matches(text, field.choices, n=1)
            hint = f"Did you mean {near[0]!r}? " if near else ""
            choices = ", ".join(repr(choice) for choice in field.choices)
            raise self._error(
                f"{text!r} is none of the choices for subscriber.{name}", f"{hint}There are: {choices}.", text
            )

    def _outside(self, node: nodes.Node) -> ExpressionError:
        if isinstance(node, nodes.Name):
            if node.name == SUBSCRIBER:
                return self._error("'subscriber' alone is no value", "Name a field: subscriber.region.", node.name)
            return self._error(
                f"{node.name!r} is not known here",
                f'Put texts in quotes: "{node.name}"; fields are written subscriber.{node.name}.',
                node.name,
            )
        what, remedy = _OUTSIDE.get(type(node), ("that", "Use comparisons, in, and, or, not."))
        return self._error(f"{what} does not belong to the language of expressions", remedy)

    def _error(self, message: str, remedy: str, needle: str = "") -> ExpressionError:
        position = self.source.find(needle) if needle else 0
        return ExpressionError(message, where=_shift(self.place, self.source, max(position, 0)), remedy=remedy)


_OUTSIDE: Final[Mapping[type[nodes.Node], tuple[str, str]]] = {
    nodes.Call: ("a call", "Use a comparison, or one of the filters."),
    nodes.Filter: ("a filter in a condition", "Compare the field itself."),
    nodes.Add: ("arithmetic", "Put texts together with ~; compute numbers beforehand."),
    nodes.Sub: ("arithmetic", "Compute the number beforehand."),
    nodes.Mul: ("arithmetic", "Compute the number beforehand."),
    nodes.Div: ("arithmetic", "Compute the number beforehand."),
    nodes.Mod: ("a translated text with a reader's value in it", "Put the value before or after the text."),
    nodes.Getattr: ("a part of a field", "Use the field as a whole."),
    nodes.Compare: ("a comparison as a value", 'Write: "…" if subscriber.… == "…" else "…".'),
    nodes.And: ("'and' between values", 'Write: "…" if … and … else "…".'),
}


def _flat(condition: Condition, kind: type[tree.All] | type[tree.Any]) -> tuple[Condition, ...]:
    return condition.conditions if isinstance(condition, kind) else (condition,)


def _surrogate(text: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in text)
