"""Conditions made of conditions: one of several, all of them, none of them."""

from collections.abc import Iterable
from typing import Final, cast

from newsletter.expressions import tree
from newsletter.expressions.parse import Expression
from newsletter.expressions.tree import Condition

ALWAYS: Final = Expression("true", tree.Fixed(True))
NEVER: Final = Expression("false", tree.Fixed(False))


def any_of(conditions: Iterable[Expression]) -> Expression:
    """Join conditions of which one must hold; of none, none does."""
    distinct = _distinct(conditions)
    if not distinct:
        return NEVER
    return distinct[0] if len(distinct) == 1 else _expression(tree.Any(tuple(map(_tree, distinct))))


def all_of(conditions: Iterable[Expression]) -> Expression:
    """Join conditions that must all hold; of none, all do."""
    distinct = _distinct(conditions)
    if not distinct:
        return ALWAYS
    return distinct[0] if len(distinct) == 1 else _expression(tree.All(tuple(map(_tree, distinct))))


def none_of(conditions: Iterable[Expression]) -> Expression:
    """Join conditions of which none may hold."""
    distinct = _distinct(conditions)
    return _expression(tree.Not(_tree(any_of(distinct)))) if distinct else ALWAYS


def _distinct(conditions: Iterable[Expression]) -> list[Expression]:
    return list(dict.fromkeys(conditions))


def _tree(condition: Expression) -> Condition:
    return cast("Condition", condition.tree)


def _expression(condition: Condition) -> Expression:
    return Expression(str(condition), condition)
