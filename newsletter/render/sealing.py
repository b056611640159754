"""What only some readers get to see: sealed, so that a template reaches it by a loop and in no other way."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from newsletter.errors import TemplateError
from newsletter.expressions import NEVER, Expression, none_of


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Where one of several stands among the others, as a reader sees them.

    Args:
        position: From 0, of all.
        count: How many there are of all.
        is_first: Whether a reader sees none before it.
        is_last: Whether a reader sees none after it.
    """

    position: int
    count: int
    is_first: Expression
    is_last: Expression


class Sealed:
    """Something for some readers only; a loop over it puts it between the borders of a block and opens it there."""

    __slots__ = ("_condition", "_inner")

    def __init__(self, condition: Expression, inner: object) -> None:
        self._condition = condition
        self._inner = inner

    def __getattr__(self, name: str) -> NoReturn:
        raise self._error()

    def __str__(self) -> NoReturn:
        raise self._error()

    def _error(self) -> TemplateError:
        return TemplateError(
            f"this is not for everybody, but only if {self._condition.source}",
            remedy="Reach sections and entries by {% for … %} loops, never by index or filter.",
        )


def sealed(condition: Expression | None, inner: Any) -> Any:
    """Seal something, unless it is for everybody."""
    return inner if condition is None else Sealed(condition, inner)


def condition_of(seen: object) -> Expression | None:
    """Give the condition of something sealed; None for everything else."""
    return seen._condition if isinstance(seen, Sealed) else None  # noqa: SLF001 - private to templates, not to us


def opened(seen: object) -> Any:
    """Give what is inside of something sealed; everything else as it is."""
    return seen._inner if isinstance(seen, Sealed) else seen  # noqa: SLF001


def neighbours(conditions: Sequence[Expression | None]) -> tuple[Neighbours, ...]:
    """Tell for each of several what a reader sees before and after it.

    Args:
        conditions: Of each; None for what everybody sees.
    """
    return tuple(
        Neighbours(
            position,
            len(conditions),
            _none_seen(conditions[:position]),
            _none_seen(conditions[position + 1 :]),
        )
        for position in range(len(conditions))
    )


def _none_seen(conditions: Sequence[Expression | None]) -> Expression:
    known = [condition for condition in conditions if condition is not None]
    return none_of(known) if len(known) == len(conditions) else NEVER
