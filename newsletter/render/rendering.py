"""What one rendering of a template has met so far, and the tokens it has left in the text."""

from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Final, NoReturn

from jinja2 import nodes
from jinja2.runtime import Undefined
from markupsafe import Markup

from newsletter.errors import NewsletterError, Place, TemplateError
from newsletter.expressions import Expression, Fixed, Schema, check
from newsletter.media import Variant
from newsletter.render import slots
from newsletter.render.late import LateExpression, fill, refuse_undefined, simplified
from newsletter.render.slots import Condition, ReaderLink, Tokens, Value

LOOP_LIMIT: Final = 200_000


@dataclass(slots=True)
class Rendering:
    """What one rendering of a template has met so far: its slots and its conditions.

    Args:
        nonce: Marks the tokens.
        schema: What is known of a subscriber.
        fixed: Conditions, by their source, that are decided already because this is one of several variants.
        bodies: The anchors of the entries whose body was shown.
        pictures: Those that were shown, each as it was shown.
        problems: What is wrong with those that were to be shown and could not be, by the file and name of each.
    """

    nonce: str
    schema: Schema
    fixed: Mapping[str, bool] = field(default_factory=dict)
    values: dict[tuple[Value, Place], int] = field(default_factory=dict)
    conditions: list[Condition] = field(default_factory=list)
    bodies: set[str] = field(default_factory=set)
    pictures: set[Variant] = field(default_factory=set)
    problems: dict[tuple[str, str], NewsletterError] = field(default_factory=dict)
    ticks: int = 0
    _checked: dict[tuple[int, bool, tuple[Any, ...]], Expression] = field(default_factory=dict)

    def tokens(self) -> Tokens:
        """Give the tokens handed out, and their meaning."""
        return Tokens(self.nonce, tuple(value for value, _ in self.values), tuple(self.conditions))

    def slot(self, value: Value) -> Markup:
        """Write the token of a value; one for each place that the value is written at, so that errors can name it."""
        number = self.values.setdefault((value, value.place), len(self.values))
        return Markup(slots.token(self.nonce, slots.SLOT, number))  # noqa: S704 - letters and digits only

    def begin(self, condition: Condition) -> tuple[Markup, Markup]:
        """Write the two borders of a block."""
        constant = condition.expression.tree
        decided = constant.holds if isinstance(constant, Fixed) else self.fixed.get(condition.key)
        if decided is not None and decided is not condition.negated:
            return Markup(), Markup()
        self.conditions.append(condition)
        letters = (slots.BEGIN, slots.END) if decided is None else (slots.DROP, slots.DROPPED)
        number = len(self.conditions) - 1
        start, end = (slots.token(self.nonce, letter, number) for letter in letters)
        return Markup(start), Markup(end)  # noqa: S704 - letters and digits only

    def check(self, late: LateExpression, holes: Sequence[Any], *, condition: bool) -> Expression:
        """Fill an expression's holes and check it against what is known of a subscriber."""
        key = (id(late), condition, tuple(_hashable(value) for value in holes))
        found = self._checked.get(key)
        if found is None:
            tree = simplified(fill(late.tree, holes), condition=condition)
            refuse_undefined(tree)
            found = self._checked[key] = check(tree, self.schema, late.place, condition=condition)
        return found

    def link(self, late: LateExpression, name: str) -> Markup:
        """Write the token of a reader's own link."""
        return self.slot(ReaderLink(name, late.place))

    def tick(self) -> None:
        """Count a round of a loop.

        Raises:
            TemplateError: There were too many.
        """
        self.ticks += 1
        if self.ticks > LOOP_LIMIT:
            raise TemplateError(
                f"the template's loops run more than {LOOP_LIMIT:,} times in all",
                remedy="Loop over the issue's sections and entries only.",
            )

    def tokened(self, text: Markup) -> Markup:
        """Guard a text that is printed later against being changed meanwhile, if tokens stand in it."""
        return Tokened(text) if f"zq{self.nonce}" in text else text


current: ContextVar[Rendering] = ContextVar("rendering")
"""The rendering under way in this thread or task."""


def _hashable(value: Any) -> Any:
    return (type(value), id(value) if isinstance(value, (Undefined, nodes.Node)) else value)


class Tokened(Markup):
    """A text with readers' values in it, which stand there as tokens: it can be printed, and nothing else."""

    __slots__ = ()

    def __bool__(self) -> bool:
        return str.__len__(self) > 0


def _refuse(*_arguments: object, **_named: object) -> NoReturn:
    raise TemplateError(
        "a text with a reader's value in it cannot be changed, cut or counted: the value is not known yet",
        remedy="Print it as it is, or use the filter on the expression itself: {{ subscriber.first_name|upper }}.",
    )


for _name in [
    *(name for name in dir(str) if not name.startswith("_")),
    *("striptags", "unescape", "__getitem__", "__len__", "__iter__", "__contains__", "__mul__", "__rmul__", "__mod__"),
]:
    setattr(Tokened, _name, _refuse)
