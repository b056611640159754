"""Checks Jinja's syntax tree of an expression, and turns it into a tree of the small language."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from typing import Final

from jinja2 import nodes

from newsletter.errors import ExpressionError
from newsletter.expressions import tree
from newsletter.expressions.places import Where, place_at, position_of
from newsletter.expressions.tree import Condition, Constant, ValueNode
from newsletter.expressions.types import Field, Schema, Type

SUBSCRIBER: Final = "subscriber"
TEXT_FILTERS: Final = frozenset({"upper", "lower", "title", "capitalize", "trim"})


@dataclass(frozen=True, slots=True)
class Checker:
    """Checks one expression.

    Args:
        where: Where its source stands.
        source: As it was written; empty if only its syntax tree is known.
        syntax: All of it.
    """

    schema: Schema
    where: Where
    source: str
    syntax: nodes.Expr

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
                node, f"{node.value!r} is no condition", "Compare it with something that is known of a subscriber."
            )
        return tree.Fixed(node.value)

    def _truth(self, node: nodes.Getattr | nodes.Getitem) -> Condition:
        name, field = self._field(node)
        return tree.Truth(name, field.type)

    def _comparison(self, node: nodes.Compare) -> Condition:
        if len(node.ops) != 1:
            raise self._error(node, "comparisons cannot be chained", "Write them apart, with 'and' between them.")
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
                left,
                f"subscriber.{name} is a set of texts",
                f'Ask whether it holds one: "…" in subscriber.{name}.',
            )
        constant = self._typed(name, field, left, right)
        if constant is None:
            return self._beside_none(name, field, operator, left)
        if field.type is Type.BOOLEAN and operator not in ("eq", "ne"):
            raise self._error(left, f"subscriber.{name} is true or false", "Compare it with == or !=.")
        return tree.Comparison(name, field.type, operator, constant)

    def _beside_none(self, name: str, field: Field, operator: str, node: nodes.Expr) -> Condition:
        present = tree.Present(name, field.type)
        if operator == "eq":
            return tree.Not(present)
        if operator == "ne":
            return present
        raise self._error(node, "nothing is more or less than none", f"Write: subscriber.{name} is defined.")

    def _membership(self, left: nodes.Expr, right: nodes.Expr) -> Condition:
        if self._is_field(right):
            name, field = self._field(right)
            text = self._constant(left)
            if field.type is not Type.TEXT_SET:
                raise self._error(
                    right, f"subscriber.{name} is no set of texts", f'Write: subscriber.{name} in ["…", "…"].'
                )
            if not isinstance(text, str):
                raise self._error(left, f"{text!r} is no text", "Only texts can be in a set of texts.")
            self._assert_choice(name, field, text, left)
            return tree.Containment(name, text)
        name, field = self._field(left)
        if field.type is Type.TEXT_SET:
            raise self._error(left, f"subscriber.{name} is a set itself", f'Write: "…" in subscriber.{name}.')
        constants = tuple(self._typed(name, field, left, constant) for constant in self._listed(right))
        if None in constants:
            raise self._error(right, "none cannot be in a list", f"Write: subscriber.{name} is none or ….")
        return tree.Membership(name, field.type, constants)

    def _test(self, node: nodes.Test) -> Condition:
        name, field = self._field(node.node)
        present = tree.Present(name, field.type)
        if node.name == "defined" and not node.args:
            return present
        if node.name in ("none", "undefined") and not node.args:
            return tree.Not(present)
        raise self._error(
            node,
            f"the test 'is {node.name}' does not belong to the language",
            "There are: is defined, is not defined, is none, is not none.",
        )

    def _filter(self, node: nodes.Filter, inner: nodes.Expr) -> ValueNode:
        if node.kwargs or node.dyn_args or node.dyn_kwargs:
            raise self._error(node, f"the filter {node.name} takes no names here", "Write its arguments in order.")
        if node.name in ("default", "d"):
            return self._default(node, inner)
        if node.name == "join":
            name, field = self._field(inner)
            separator = self._constant(node.args[0]) if node.args else ""
            if field.type is not Type.TEXT_SET or not isinstance(separator, str):
                raise self._error(inner, "join is for sets of texts", f'Write: subscriber.{name}|join(", ").')
            return tree.Joined(name, separator)
        if node.name in TEXT_FILTERS and not node.args:
            return tree.Filtered(self.value(inner), node.name)
        raise self._error(
            node,
            f"the filter {node.name!r} does not belong to the language",
            "There are: default, join, " + ", ".join(sorted(TEXT_FILTERS)) + ".",
        )

    def _default(self, node: nodes.Filter, inner: nodes.Expr) -> ValueNode:
        if not 1 <= len(node.args) <= 2:
            raise self._error(node, "default needs a value to fall back on", 'Write: |default("…").')
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
                node if isinstance(node, nodes.Getattr) else node.arg,
                f"nothing called {name!r} is known of a subscriber",
                f"Did you mean {hint}?" if near else f"There are: {known}. Others go in subscribers/attributes.yaml.",
            )
        return name, self.schema.fields[name]

    def _listed(self, node: nodes.Expr) -> Sequence[nodes.Expr]:
        if isinstance(node, (nodes.List, nodes.Tuple)):
            return node.items
        if isinstance(node, nodes.Const) and isinstance(node.value, (tuple, list)):
            return [nodes.Const(value) for value in node.value]
        raise self._error(node, "'in' needs a list of constants", 'Write: subscriber.region in ["Noord", "Zuid"].')

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
            raise self._error(node, "a text with a character that no database can keep", "Leave that character out.")
        if isinstance(value, float) and not math.isfinite(value):
            raise self._error(node, "a number without end", "Write a smaller one.")
        if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 2**53:
            raise self._error(node, "a number that large is not exact", "Write a smaller one.")
        if value is None or isinstance(value, (str, int, float, date)):
            return value
        raise self._error(node, f"a {type(value).__name__} cannot stand here", "Use a text, a number, true or false.")

    def _typed(self, name: str, field: Field, beside: nodes.Expr, node: nodes.Expr) -> Constant:
        """Fit a constant to the type of the field that it stands beside."""
        constant = self._constant(node)
        if constant is None:
            return None
        if field.type is Type.DATE and isinstance(constant, str):
            try:
                return date.fromisoformat(constant)
            except ValueError:
                raise self._error(node, f"{constant!r} is no date", 'Write it as "2026-01-31".') from None
        fitting = {
            Type.TEXT: isinstance(constant, str),
            Type.NUMBER: isinstance(constant, (int, float)) and not isinstance(constant, bool),
            Type.BOOLEAN: isinstance(constant, bool),
            Type.DATE: isinstance(constant, date),
        }
        if not fitting[field.type]:
            raise self._error(
                beside, f"subscriber.{name} is a {field.type}, {constant!r} is not", "Compare like with like."
            )
        if isinstance(constant, str):
            self._assert_choice(name, field, constant, node)
        return constant

    def _assert_choice(self, name: str, field: Field, text: str, node: nodes.Expr) -> None:
        if field.choices and text not in field.choices:
            near = get_close_matches(text, field.choices, n=1)
            hint = f"Did you mean {near[0]!r}? " if near else ""
            choices = ", ".join(repr(choice) for choice in field.choices)
            raise self._error(
                node, f"{text!r} is none of the choices for subscriber.{name}", f"{hint}There are: {choices}."
            )

    def _outside(self, node: nodes.Node) -> ExpressionError:
        if isinstance(node, nodes.Name):
            if node.name == SUBSCRIBER:
                return self._error(node, "'subscriber' alone is no value", "Name a field: subscriber.region.")
            return self._error(
                node,
                f"{node.name!r} is not known here",
                f'Put texts in quotes: "{node.name}"; fields are written subscriber.{node.name}.',
            )
        what, remedy = _OUTSIDE.get(type(node), ("that", "Use comparisons, in, and, or, not."))
        return self._error(node, f"{what} does not belong to the language of expressions", remedy)

    def _error(self, node: nodes.Node, message: str, remedy: str) -> ExpressionError:
        position = position_of(node, self.syntax, self.source) if self.source else 0
        return ExpressionError(message, where=place_at(self.where, self.source, position), remedy=remedy)


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
