"""Compiles conditions to SQL that gives the same answers as the Python predicate, on SQLite and PostgreSQL.

Every clause is true or false and never NULL: a field that is not known makes a comparison false, as in Python.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias, cast

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from newsletter.expressions import tree
from newsletter.expressions.parse import Expression
from newsletter.expressions.tree import Condition
from newsletter.expressions.types import Type

Clause: TypeAlias = sa.ColumnElement[bool]


@dataclass(frozen=True, slots=True)
class Columns:
    """Where fields stand in the database.

    Args:
        plain: Columns, by field name.
        sets: For a field that is a set, what asks whether it holds a text; None asks whether it holds anything.
    """

    plain: Mapping[str, sa.ColumnElement[object]]
    sets: Mapping[str, Callable[[str | None], Clause]] = field(default_factory=dict)


_OPERATORS: Final[Mapping[str, Callable[[sa.ColumnElement[object], object], Clause]]] = {
    "lt": lambda column, constant: column < constant,
    "lteq": lambda column, constant: column <= constant,
    "gt": lambda column, constant: column > constant,
    "gteq": lambda column, constant: column >= constant,
}


def clause(expression: Expression, columns: Columns) -> Clause:
    """Compile a condition to SQL."""
    return _Compiler(columns).condition(cast("Condition", expression.tree))


@dataclass(frozen=True, slots=True)
class _Compiler:
    columns: Columns

    def condition(self, node: Condition) -> Clause:
        match node:
            case tree.Fixed(holds):
                return sa.true() if holds else sa.false()
            case tree.Truth(name, kind):
                return self._truth(name, kind)
            case tree.Present(name, kind):
                return self._set(name, None) if kind is Type.TEXT_SET else self._column(name).is_not(None)
            case tree.Comparison():
                return self._comparison(node)
            case tree.Membership(name, _, constants):
                column = self._column(name)
                return column.is_not(None) & column.in_(list(constants)) if constants else sa.false()
            case tree.Containment(name, text):
                return self._set(name, text)
            case tree.Not(inner):
                return sa.not_(self.condition(inner))
            case tree.All(conditions):
                return sa.and_(*(self.condition(one).self_group() for one in conditions))
            case tree.Any(conditions):
                return sa.or_(*(self.condition(one).self_group() for one in conditions))

    def _truth(self, name: str, kind: Type) -> Clause:
        if kind is Type.TEXT_SET:
            return self._set(name, None)
        column = self._column(name)
        empty = {Type.TEXT: "", Type.NUMBER: 0.0, Type.BOOLEAN: sa.false()}
        if kind is Type.DATE:
            return column.is_not(None)
        return column.is_not(None) & (column != empty[kind])

    def _comparison(self, node: tree.Comparison) -> Clause:
        column = self._column(node.field)
        constant: object = node.constant
        if isinstance(constant, bool):
            constant = sa.true() if constant else sa.false()
        if node.operator == "ne":
            return column.is_(None) | (column != constant)
        if node.operator == "eq":
            return column.is_not(None) & (column == constant)
        ordered: sa.ColumnElement[Any] = _by_code_point(column) if node.type is Type.TEXT else column
        return column.is_not(None) & _OPERATORS[node.operator](ordered, constant)

    def _column(self, name: str) -> sa.ColumnElement[object]:
        return self.columns.plain[name]

    def _set(self, name: str, text: str | None) -> Clause:
        return self.columns.sets[name](text)


class _by_code_point(FunctionElement[str]):  # noqa: N801 - named like the SQL it stands for
    """A text column that is ordered by code point, whatever the database's own order."""

    type = sa.Text()
    inherit_cache = True


@compiles(_by_code_point)
def _as_it_is(element: _by_code_point, compiler: SQLCompiler, **options: Any) -> str:
    """SQLite compares the bytes of UTF-8, which is the order of code points."""
    return compiler.process(element.clauses, **options)


@compiles(_by_code_point, "postgresql")
def _collated(element: _by_code_point, compiler: SQLCompiler, **options: Any) -> str:
    return f'({compiler.process(element.clauses, **options)} COLLATE "C")'
