"""Decides, for every expression of a template, whether it is bound once per issue or once per reader.

Authors write plain Jinja. While a template is compiled, this visitor looks at its syntax tree: an expression
without `subscriber` or `links` is left to Jinja. One with them becomes a slot, an `{% if %}` on them becomes a
block between two borders, and anything else on them (a loop, a `set`, an argument) is an error that says what to
do instead. Loops over sections and entries get the borders of `visible_to` without being asked.

Inside an expression for one reader, the parts that do not depend on the reader are evaluated while rendering:
`{% if item.topics[0] in subscriber.topics %}` in a loop becomes one condition per item.
"""

from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final, Protocol, TypeVar, cast

from jinja2 import nodes
from jinja2.runtime import Undefined
from jinja2.visitor import NodeTransformer
from markupsafe import Markup

from newsletter.errors import Place, TemplateError
from newsletter.expressions import Expression, Fixed, Schema, check
from newsletter.render import slots
from newsletter.render.slots import Condition, ReaderLink, Tokens, Value

SUBSCRIBER: Final = "subscriber"
LINKS: Final = "links"
READER_LINKS: Final = frozenset({"unsubscribe", "preferences", "web"})
LOOP_LIMIT: Final = 200_000

_VALUE, _BEGIN, _END, _OPEN, _CLOSE, _TICK = (
    f"_newsletter_{name}_" for name in ("value", "begin", "end", "open", "close", "tick")
)
_HOLE = "_newsletter_hole_{}_"


class Restricted(Protocol):
    """Something that only some readers get to see: a section or an entry."""

    @property
    def visible_to(self) -> Expression | None:
        """The condition, or None for everybody."""


@dataclass(frozen=True, slots=True)
class LateExpression:
    """An expression on the reader, with holes for the parts that are bound while rendering."""

    tree: nodes.Expr
    place: Place


@dataclass(slots=True)
class Rendering:
    """What one rendering of a template has met so far: its slots and its conditions.

    Args:
        nonce: Marks the tokens.
        schema: What is known of a subscriber.
        fixed: Conditions, by their source, that are decided already because this is one of several variants.
    """

    nonce: str
    schema: Schema
    fixed: Mapping[str, bool] = field(default_factory=dict)
    values: dict[Value, int] = field(default_factory=dict)
    conditions: list[Condition] = field(default_factory=list)
    opened: set[str] = field(default_factory=set)
    ticks: int = 0
    _checked: dict[tuple[int, bool, tuple[Any, ...]], Expression] = field(default_factory=dict)

    def tokens(self) -> Tokens:
        """Give the tokens handed out, and their meaning."""
        return Tokens(self.nonce, tuple(self.values), tuple(self.conditions))

    def slot(self, value: Value) -> Markup:
        """Write the token of a value."""
        number = self.values.setdefault(value, len(self.values))
        return Markup(slots.token(self.nonce, slots.SLOT, number))  # noqa: S704 - letters and digits only

    def begin(self, condition: Condition) -> tuple[Markup, Markup]:
        """Write the two borders of a block."""
        self.opened.add(condition.key)
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
            tree = simplified(_fill(late.tree, holes))
            _refuse_undefined(tree)
            if condition and _is_constant(tree):
                tree = nodes.Const(_truth(tree))
            found = self._checked[key] = check(tree, self.schema, late.place, condition=condition)
        return found


current: ContextVar[Rendering] = ContextVar("rendering")
"""The rendering under way in this thread or task."""


class Binder(NodeTransformer):
    """Rewrites a template's syntax tree so that what depends on the reader leaves tokens.

    Args:
        name: The template's name, for messages.
        late: Collects the expressions on the reader; the tree refers to them by number.
    """

    def __init__(self, name: str, late: list[LateExpression]) -> None:
        self.name = name
        self.late = late
        self._blocks = 0

    def visit_Output(self, node: nodes.Output) -> nodes.Node:
        node.nodes = [self._bound(child) for child in node.nodes]
        return node

    def visit_If(self, node: nodes.If) -> nodes.Node | list[nodes.Node]:
        if node.elif_:
            first, *others = node.elif_
            nested = nodes.If(first.test, first.body, others, node.else_, lineno=first.lineno)
            node.elif_, node.else_ = [], [nested]
        if not _is_late(node.test):
            return self.generic_visit(node)
        self._refuse_lasting(node)
        test = cast("nodes.Expr", node.test)
        body = self._block(test, False, self._visit_all(node.body))
        otherwise = self._block(test, True, self._visit_all(node.else_)) if node.else_ else []
        return [*body, *otherwise]

    def visit_For(self, node: nodes.For) -> nodes.Node:
        for expression, what in ((node.iter, "loop over"), (node.test, "filter a loop by")):
            self._refuse(expression, f"a template cannot {what} what belongs to one reader", _LOOP)
        self._refuse_shadow(node.target)
        node.body = self._visit_all(node.body)
        node.else_ = self._visit_all(node.else_)
        node.body.insert(0, _output(_call(_TICK), node.lineno))
        if isinstance(node.target, nodes.Name):
            seen = nodes.Name(node.target.name, "load")
            node.body.insert(1, _output(_call(_OPEN, seen), node.lineno))
            node.body.append(_output(_call(_CLOSE, nodes.Name(node.target.name, "load")), node.lineno))
        return node

    def visit_Assign(self, node: nodes.Assign) -> nodes.Node:
        self._refuse_shadow(node.target)
        self._refuse(node.node, "a reader's value cannot be kept in a variable", _SET)
        return node

    def visit_AssignBlock(self, node: nodes.AssignBlock) -> nodes.Node:
        self._refuse_shadow(node.target)
        self._refuse(node.filter, "a reader's value cannot be kept in a variable", _SET)
        return self.generic_visit(node)

    def visit_Macro(self, node: nodes.Macro) -> nodes.Node:
        for argument in node.args:
            self._refuse_shadow(argument)
        for default in node.defaults:
            self._refuse(default, "a reader's value cannot be an argument", _ARGUMENT)
        return self.generic_visit(node)

    def visit_CallBlock(self, node: nodes.CallBlock) -> nodes.Node:
        self._refuse(node.call, "a reader's value cannot be an argument", _ARGUMENT)
        return self.generic_visit(node)

    def visit_FilterBlock(self, node: nodes.FilterBlock) -> nodes.Node:
        self._refuse(node.filter, "a reader's value cannot be an argument", _ARGUMENT)
        return self.generic_visit(node)

    def visit_With(self, node: nodes.With) -> nodes.Node:
        for target, value in zip(node.targets, node.values, strict=True):
            self._refuse_shadow(target)
            self._refuse(value, "a reader's value cannot be kept in a variable", _SET)
        return self.generic_visit(node)

    def visit_Include(self, node: nodes.Include) -> nodes.Node:
        self._refuse(node.template, "a part cannot be chosen per reader", _IF)
        return node

    visit_Import = visit_Include
    visit_FromImport = visit_Include
    visit_Extends = visit_Include

    def _visit_all(self, body: Sequence[nodes.Node]) -> list[nodes.Node]:
        visited: list[nodes.Node] = []
        for node in body:
            visited.extend(self.visit_list(node))
        return visited

    def _bound(self, child: nodes.Expr) -> nodes.Expr:
        if isinstance(child, nodes.TemplateData) or not _is_late(child):
            return child
        number, holes = self._late(child)
        return _call(_VALUE, nodes.Const(number), *holes)

    def _block(self, test: nodes.Expr, negated: bool, body: list[nodes.Node]) -> list[nodes.Node]:
        number, holes = self._late(test)
        self._blocks += 1
        border = f"_newsletter_border_{len(self.late)}_{self._blocks}_{int(negated)}_"
        make = nodes.Assign(
            nodes.Name(border, "store"), _call(_BEGIN, nodes.Const(number), nodes.Const(negated), *holes)
        )
        start, end = (
            _output(nodes.Getitem(nodes.Name(border, "load"), nodes.Const(side), "load"), test.lineno)
            for side in (0, 1)
        )
        return [make, start, *body, end]

    def _late(self, expression: nodes.Expr) -> tuple[int, list[nodes.Expr]]:
        holes: list[nodes.Expr] = []
        tree = _cut_holes(expression, holes)
        self.late.append(LateExpression(tree, Place(file=self.name, line=expression.lineno)))
        return len(self.late) - 1, holes

    def _refuse(self, expression: nodes.Node | None, message: str, remedy: str) -> None:
        if expression is not None and _is_late(expression):
            raise TemplateError(message, where=Place(file=self.name, line=expression.lineno), remedy=remedy)

    def _refuse_shadow(self, target: nodes.Node) -> None:
        for name in [target] if isinstance(target, nodes.Name) else target.find_all(nodes.Name):
            if name.name in (SUBSCRIBER, LINKS):
                raise TemplateError(
                    f"{name.name!r} is kept for the reader's own values",
                    where=Place(file=self.name, line=name.lineno),
                    remedy="Give this variable another name.",
                )

    def _refuse_lasting(self, node: nodes.If) -> None:
        for lasting in node.find_all((nodes.Assign, nodes.Import, nodes.FromImport, nodes.Macro, nodes.Block)):
            raise TemplateError(
                "a variable, macro, import or block inside a condition on the reader would hold for everybody",
                where=Place(file=self.name, line=lasting.lineno),
                remedy="Put it before the {% if %}.",
            )


_LOOP = "Loop over everything and put {% if … %} inside the loop, or use visible_to in the issue."
_SET = "Write the expression where its value is shown: {{ subscriber.… }}."
_ARGUMENT = "Write {{ subscriber.… }} in the macro itself, or put {% if %} around the call."
_IF = "Put {% if subscriber.… %} around the whole include."


def _is_late(node: nodes.Node) -> bool:
    names = [node] if isinstance(node, nodes.Name) else node.find_all(nodes.Name)
    return any(name.name in (SUBSCRIBER, LINKS) for name in names)


def _cut_holes(node: nodes.Expr, holes: list[nodes.Expr]) -> nodes.Expr:
    """Copy an expression, with every largest part that does not depend on the reader replaced by a hole."""
    if not _is_late(node):
        if isinstance(node, nodes.Const):
            return node
        holes.append(node)
        return nodes.Name(_HOLE.format(len(holes) - 1), "load", lineno=node.lineno)
    return _copy(node, lambda child: _cut_holes(child, holes))


def simplified(node: nodes.Expr) -> nodes.Expr:
    """Decide what `and`, `or`, `not` and `if` can be decided of by their constant sides, as Jinja itself would."""
    if isinstance(node, nodes.Not):
        inner = simplified(node.node)
        return nodes.Const(not _truth(inner)) if _is_constant(inner) else nodes.Not(inner, lineno=node.lineno)
    if isinstance(node, (nodes.And, nodes.Or)):
        left = simplified(node.left)
        if not _is_constant(left):
            right = simplified(node.right)
            right = nodes.Const(_truth(right)) if _is_constant(right) else right
            return type(node)(left, right, lineno=node.lineno)
        decides = _truth(left) is isinstance(node, nodes.Or)
        return left if decides else simplified(node.right)
    if isinstance(node, nodes.CondExpr):
        test = simplified(node.test)
        if _is_constant(test):
            chosen = node.expr1 if _truth(test) else node.expr2
            return simplified(chosen) if chosen is not None else nodes.Const("")
        other = simplified(node.expr2) if node.expr2 is not None else None
        return nodes.CondExpr(test, simplified(node.expr1), other, lineno=node.lineno)
    return node


def _refuse_undefined(tree: nodes.Expr) -> None:
    """Raise the undefined value's own error, if one is still needed after simplification."""
    for constant in [tree] if isinstance(tree, nodes.Const) else tree.find_all(nodes.Const):
        if isinstance(constant.value, Undefined):
            str(constant.value)


def _is_constant(node: nodes.Expr) -> bool:
    return isinstance(node, nodes.Const)


def _truth(node: nodes.Expr) -> bool:
    return bool(node.value) if isinstance(node, nodes.Const) else False


def _fill(node: nodes.Expr, holes: Sequence[Any]) -> nodes.Expr:
    if isinstance(node, nodes.Name) and node.name.startswith(_HOLE.split("{", 1)[0]):
        number = int(node.name.rstrip("_").rsplit("_", 1)[1])
        return nodes.Const(holes[number], lineno=node.lineno)
    return _copy(node, lambda child: _fill(child, holes))


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


def _call(name: str, *arguments: nodes.Expr) -> nodes.Call:
    return nodes.Call(nodes.Name(name, "load"), list(arguments), [], None, None)


def _output(expression: nodes.Expr, line: int) -> nodes.Output:
    return nodes.Output([expression], lineno=line)


def runtime(late: Sequence[LateExpression]) -> dict[str, Any]:
    """Give the functions that a rewritten template calls, as globals of its environment."""

    def value(number: int, *holes: Any) -> Markup:
        rendering, expression = current.get(), late[number]
        return rendering.slot(_reader_link(expression) or _checked(expression, holes, condition=False))

    def begin(number: int, negated: bool, *holes: Any) -> tuple[Markup, Markup]:
        expression = _checked(late[number], holes, condition=True)
        return current.get().begin(Condition(expression, negated))

    def opened(seen: object) -> Markup:
        condition = getattr(seen, "visible_to", None)
        if not isinstance(condition, Expression):
            return Markup()
        start, end = current.get().begin(Condition(condition))
        _ends.get().append(end)
        return start

    def close(seen: object) -> Markup:
        return _ends.get().pop() if isinstance(getattr(seen, "visible_to", None), Expression) else Markup()

    return {_VALUE: value, _BEGIN: begin, _OPEN: opened, _CLOSE: close, _TICK: _tick}


_ends: ContextVar[list[Markup]] = ContextVar("ends")


def start(rendering: Rendering) -> None:
    """Make a rendering the current one."""
    current.set(rendering)
    _ends.set([])


def _tick() -> Markup:
    rendering = current.get()
    rendering.ticks += 1
    if rendering.ticks > LOOP_LIMIT:
        raise TemplateError(
            f"the template's loops run more than {LOOP_LIMIT:,} times in all",
            remedy="Loop over the issue's sections and entries only.",
        )
    return Markup()


def _checked(late: LateExpression, holes: Sequence[Any], *, condition: bool) -> Expression:
    plain = [value if isinstance(value, Undefined) else _constant(value, late.place) for value in holes]
    return current.get().check(late, plain, condition=condition)


def _constant(value: Any, place: Place) -> Any:
    if isinstance(value, str):
        return str(value)
    if value is None or isinstance(value, (bool, int, float, date)):
        return value
    if isinstance(value, (list, tuple, set, frozenset)) and all(isinstance(item, str) for item in value):
        return tuple(sorted(value) if isinstance(value, (set, frozenset)) else value)
    raise TemplateError(
        f"{type(value).__name__} cannot be compared with what is known of a reader",
        where=place,
        remedy="Use a text, a number, a date or a list of texts.",
    )


def _hashable(value: Any) -> Any:
    return (type(value), id(value) if isinstance(value, Undefined) else value)


def _reader_link(late: LateExpression) -> ReaderLink | None:
    tree = late.tree
    if not any(name.name == LINKS for name in tree.find_all(nodes.Name)):
        return None
    simple = isinstance(tree, nodes.Getattr) and isinstance(tree.node, nodes.Name)
    if simple and tree.attr in READER_LINKS:  # type: ignore[attr-defined]
        return ReaderLink(tree.attr)  # type: ignore[attr-defined]
    raise TemplateError(
        "a reader's link can only be written as it is",
        where=late.place,
        remedy="There are: " + ", ".join(f"{{{{ links.{name} }}}}" for name in sorted(READER_LINKS)) + ".",
    )
