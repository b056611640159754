"""The checked form of an expression: what `parse` leaves of Jinja's syntax tree, and what is compiled from.

Every node writes itself as an expression again: two expressions that mean the same by construction have the same
source, which is how they are told apart, kept and read back.
"""

from dataclasses import dataclass
from datetime import date
from typing import Final, TypeAlias

from newsletter.expressions.types import Type

Constant: TypeAlias = str | float | int | bool | date | None

COMPARISONS: Final = {"eq": "==", "ne": "!=", "lt": "<", "lteq": "<=", "gt": ">", "gteq": ">="}
MIRRORED: Final = {"eq": "eq", "ne": "ne", "lt": "gt", "lteq": "gteq", "gt": "lt", "gteq": "lteq"}


@dataclass(frozen=True, slots=True)
class Fixed:
    """A condition that is the same for everybody."""

    holds: bool

    def __str__(self) -> str:
        return "true" if self.holds else "false"


@dataclass(frozen=True, slots=True)
class Truth:
    """Whether a field holds something: a text that is not empty, a number that is not zero, true, any date."""

    field: str
    type: Type

    def __str__(self) -> str:
        return _field(self.field)


@dataclass(frozen=True, slots=True)
class Present:
    """Whether a field is known."""

    field: str
    type: Type

    def __str__(self) -> str:
        return f"{_field(self.field)} is defined"


@dataclass(frozen=True, slots=True)
class Comparison:
    """A field beside a constant; false where the field is not known, but for `!=`, which is then true."""

    field: str
    type: Type
    operator: str
    constant: Constant

    def __str__(self) -> str:
        return f"{_field(self.field)} {COMPARISONS[self.operator]} {_constant(self.constant)}"


@dataclass(frozen=True, slots=True)
class Membership:
    """Whether a field is one of several constants."""

    field: str
    type: Type
    constants: tuple[Constant, ...]

    def __str__(self) -> str:
        return f"{_field(self.field)} in [{', '.join(map(_constant, self.constants))}]"


@dataclass(frozen=True, slots=True)
class Containment:
    """Whether a field that is a set holds a text."""

    field: str
    text: str

    def __str__(self) -> str:
        return f"{_constant(self.text)} in {_field(self.field)}"


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite."""

    condition: "Condition"

    def __str__(self) -> str:
        return f"not ({self.condition})"


@dataclass(frozen=True, slots=True)
class All:
    """Several conditions that must all hold."""

    conditions: tuple["Condition", ...]

    def __str__(self) -> str:
        return " and ".join(f"({condition})" for condition in self.conditions)


@dataclass(frozen=True, slots=True)
class Any:
    """Several conditions of which one must hold."""

    conditions: tuple["Condition", ...]

    def __str__(self) -> str:
        return " or ".join(f"({condition})" for condition in self.conditions)


Condition: TypeAlias = Fixed | Truth | Present | Comparison | Membership | Containment | Not | All | Any


@dataclass(frozen=True, slots=True)
class Literal:
    """A constant."""

    constant: Constant

    def __str__(self) -> str:
        return _constant(self.constant)


@dataclass(frozen=True, slots=True)
class FieldValue:
    """A field."""

    field: str
    type: Type

    def __str__(self) -> str:
        return _field(self.field)


@dataclass(frozen=True, slots=True)
class Fallback:
    """A value, or another one where the first holds nothing (`always`) or is not known."""

    value: "ValueNode"
    otherwise: "ValueNode"
    always: bool

    def __str__(self) -> str:
        if self.always:
            return f"({self.value}) or ({self.otherwise})"
        return f"({self.value})|default({self.otherwise})"


@dataclass(frozen=True, slots=True)
class Concatenation:
    """Several values, printed one after the other."""

    values: tuple["ValueNode", ...]

    def __str__(self) -> str:
        return " ~ ".join(f"({value})" for value in self.values)


@dataclass(frozen=True, slots=True)
class Choice:
    """One value or another, by a condition."""

    condition: Condition
    value: "ValueNode"
    otherwise: "ValueNode"

    def __str__(self) -> str:
        return f"({self.value}) if ({self.condition}) else ({self.otherwise})"


@dataclass(frozen=True, slots=True)
class Filtered:
    """A value through one of the text filters."""

    value: "ValueNode"
    filter: str

    def __str__(self) -> str:
        return f"({self.value})|{self.filter}"


@dataclass(frozen=True, slots=True)
class Joined:
    """A set as text, sorted, with something between its members."""

    field: str
    separator: str

    def __str__(self) -> str:
        return f"{_field(self.field)}|join({_constant(self.separator)})"


ValueNode: TypeAlias = Literal | FieldValue | Fallback | Concatenation | Choice | Filtered | Joined


def _field(name: str) -> str:
    return f"subscriber.{name}"


_ESCAPES: Final = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"})


def _constant(value: Constant) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (str, date)):
        return f'"{str(value).translate(_ESCAPES)}"'
    return str(value) if value >= 0 else f"({value})"
