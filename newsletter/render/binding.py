"""Decides, for every expression of a template, whether it is bound once per issue or once per reader.

Authors write plain Jinja. While a template is compiled, this visitor looks at its syntax tree: an expression
without `subscriber` or `links` is left to Jinja. One with them becomes a slot, an `{% if %}` on them becomes a
block between two borders, and anything else on them (a loop, a `set`, an argument) is an error that says what to
do instead. Loops over sections and entries get the borders of `visible_to` without being asked, and `loop.first`
and `loop.last` in an `{% if %}` mean the first and last that a reader gets to see.
"""

from collections.abc import Callable, Mapping, MutableMapping, Sequence
from contextvars import ContextVar
from datetime import date
from typing import Any, Final, cast

from jinja2 import nodes
from jinja2.runtime import Undefined
from jinja2.visitor import NodeTransformer
from markupsafe import Markup

from newsletter.errors import Place, TemplateError
from newsletter.expressions import Expression
from newsletter.render.late import FIRST, LAST, LINKS, SUBSCRIBER, LateExpression, call, cut_holes, is_late
from newsletter.render.rendering import Rendering, current
from newsletter.render.sealing import Neighbours, condition_of, opened
from newsletter.render.slots import Condition

READER_LINKS: Final = frozenset({"unsubscribe", "preferences", "web"})

_VALUE, _BEGIN, _OPEN, _CLOSE, _SHOWN, _TICK = (
    f"_newsletter_{name}_" for name in ("value", "begin", "open", "close", "shown", "tick")
)
TOKENED: Final = "_newsletter_tokened_"
"""The filter that guards what a template captures."""


class Binder(NodeTransformer):
    """Rewrites a template's syntax tree so that what depends on the reader leaves tokens.

    Args:
        name: The template's name, for messages.
        late: Collects the expressions on the reader; the tree refers to them by their keys.
    """

    def __init__(self, name: str, late: MutableMapping[str, LateExpression]) -> None:
        self.name = name
        self.late = late
        self._count = 0
        self._privates = 0
        self._loops: list[str] = []

    def visit_Output(self, node: nodes.Output) -> nodes.Node:
        node.nodes = [self._bound(child) for child in node.nodes]
        return node

    def visit_If(self, node: nodes.If) -> nodes.Node | list[nodes.Node]:
        if node.elif_:
            first, *others = node.elif_
            nested = nodes.If(first.test, first.body, others, node.else_, lineno=first.lineno)
            node.elif_, node.else_ = [], [nested]
        if not is_late(node.test):
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
        seen = self._private("seen")
        if isinstance(node.target, nodes.Name):
            ask = _Positions(seen)
            node.body = [cast("nodes.Node", ask.visit(child)) for child in node.body]
            self._loops.append(node.target.name)
        node.body = self._visit_all(node.body)
        if isinstance(node.target, nodes.Name):
            self._loops.pop()
            node.body = self._guarded(node.target.name, seen, node)
        else:
            node.body.insert(0, _output(call(_TICK, line=node.lineno)))
        node.else_ = self._visit_all(node.else_)
        return node

    def _guarded(self, target: str, seen: str, node: nodes.For) -> list[nodes.Node]:
        """Put the borders of what only some get to see around a loop's body, whatever it does with its variable."""
        line = node.lineno
        before: list[nodes.Node] = [
            _assign(seen, nodes.Name(target, "load"), line),
            _output(call(_OPEN, nodes.Name(seen, "load"), line=line)),
            _assign(target, call(_SHOWN, nodes.Name(seen, "load"), line=line), line),
        ]
        return [*before, *node.body, _output(call(_CLOSE, nodes.Name(seen, "load"), line=line))]

    def visit_Assign(self, node: nodes.Assign) -> nodes.Node:
        self._refuse_shadow(node.target)
        self._refuse(node.node, "a reader's value cannot be kept in a variable", _SET)
        if isinstance(node.target, nodes.NSRef) and _names(node.node) & set(self._loops):
            raise TemplateError(
                "what a loop shows cannot be kept beyond the loop: some of it may be for some readers only",
                where=Place(file=self.name, line=node.lineno),
                remedy="Show it inside of the loop.",
            )
        return node

    def visit_AssignBlock(self, node: nodes.AssignBlock) -> nodes.Node:
        self._refuse_shadow(node.target)
        for part in (node.filter, *node.body):
            self._refuse(part, "a reader's value cannot be kept in a variable", _SET)
        node.filter = _tokened(node.filter, node.lineno)
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
        for part in node.body:
            self._refuse(part, "a filter cannot change a reader's value that is not known yet", _FILTER)
        node.filter = _tokened(node.filter, node.lineno)
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
        if isinstance(child, nodes.TemplateData) or not is_late(child):
            return child
        key, holes = self._late(child)
        return call(_VALUE, nodes.Const(key), *holes, line=child.lineno)

    def _block(self, test: nodes.Expr, negated: bool, body: list[nodes.Node]) -> list[nodes.Node]:
        key, holes = self._late(test)
        border, line = self._private("border"), test.lineno
        begin = call(_BEGIN, nodes.Const(key), nodes.Const(negated), *holes, line=line)
        start, end = (
            _output(nodes.Getitem(nodes.Name(border, "load"), nodes.Const(side), "load", lineno=line))
            for side in (0, 1)
        )
        return [_assign(border, begin, line), start, *body, end]

    def _private(self, what: str) -> str:
        """Name a variable that no author can name."""
        self._privates += 1
        return f"_newsletter_{what}_{self._count}_{self._privates}_"

    def _late(self, expression: nodes.Expr) -> tuple[str, list[nodes.Expr]]:
        holes: list[nodes.Expr] = []
        tree = cut_holes(expression, holes)
        key = key_of(self.name, str(self._count))
        self._count += 1
        self.late[key] = LateExpression(tree, Place(file=self.name, line=expression.lineno))
        return key, holes

    def _refuse(self, expression: nodes.Node | None, message: str, remedy: str) -> None:
        if expression is not None and is_late(expression):
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
        for lasting in node.find_all(_LASTING):
            raise TemplateError(
                "a variable, macro, import or block inside a condition on the reader would hold for everybody",
                where=Place(file=self.name, line=lasting.lineno),
                remedy="Put it before the {% if %}.",
            )


_LASTING: Final = (nodes.Assign, nodes.AssignBlock, nodes.Import, nodes.FromImport, nodes.Macro, nodes.Block)

_LOOP = "Loop over everything and put {% if … %} inside the loop, or use visible_to in the issue."
_SET = "Write the expression where its value is shown: {{ subscriber.… }}."
_ARGUMENT = "Write {{ subscriber.… }} in the macro itself, or put {% if %} around the call."
_FILTER = "Use the filter on the expression itself: {{ subscriber.first_name|upper }}."
_IF = "Put {% if subscriber.… %} around the whole include."


class _Positions(NodeTransformer):
    """Lets `loop.first` and `loop.last` in the tests of a loop's body mean what a reader gets to see.

    Args:
        seen: The variable that holds the loop's item.
    """

    def __init__(self, seen: str) -> None:
        self.seen = seen

    def visit_For(self, node: nodes.Stmt) -> nodes.Node:
        return node

    visit_Macro = visit_AssignBlock = visit_FilterBlock = visit_For

    def visit_If(self, node: nodes.If) -> nodes.Node:
        self.generic_visit(node)
        if next(node.find_all(_LASTING), None) is None:
            node.test = cast("nodes.Expr", _Position(self.seen).visit(node.test))
        return node


class _Position(NodeTransformer):
    def __init__(self, seen: str) -> None:
        self.seen = seen

    def visit_Getattr(self, node: nodes.Getattr) -> nodes.Node:
        asked = {"first": FIRST, "last": LAST}.get(node.attr)
        if asked is None or not (isinstance(node.node, nodes.Name) and node.node.name == "loop"):
            return self.generic_visit(node)
        return call(asked, nodes.Name("loop", "load"), nodes.Name(self.seen, "load"), line=node.lineno)


def _names(node: nodes.Node) -> set[str]:
    names = [node] if isinstance(node, nodes.Name) else node.find_all(nodes.Name)
    return {name.name for name in names}


def _output(expression: nodes.Expr) -> nodes.Output:
    return nodes.Output([expression], lineno=expression.lineno)


def _assign(name: str, value: nodes.Expr, line: int) -> nodes.Assign:
    return nodes.Assign(nodes.Name(name, "store"), value, lineno=line)


def _tokened(changed: nodes.Filter | None, line: int) -> nodes.Filter:
    """Put the guard of captured text in front of the filters that it goes through."""
    guard = nodes.Filter(None, TOKENED, [], [], None, None, lineno=line)
    if changed is None:
        return guard
    innermost = changed
    while isinstance(innermost.node, nodes.Filter):
        innermost = innermost.node
    innermost.node = guard
    return changed


def key_of(name: str, number: str) -> str:
    """Name an expression on the reader by its template's file and its number there."""
    return f"{name}\0{number}"


def runtime(late: Mapping[str, LateExpression]) -> dict[str, Callable[..., Any]]:
    """Give the functions that a rewritten template calls, as globals of its environment."""

    def value(key: str, *holes: Any) -> Markup:
        name = _reader_link(late[key])
        if name is not None:
            return current.get().link(late[key], name)
        return current.get().slot(_checked(late[key], holes, condition=False))

    def begin(key: str, negated: bool, *holes: Any) -> tuple[Markup, Markup]:
        return current.get().begin(Condition(_checked(late[key], holes, condition=True), negated))

    def tick() -> Markup:
        current.get().tick()
        return Markup()

    own: dict[str, Callable[..., Any]] = {
        _VALUE: value,
        _BEGIN: begin,
        _OPEN: _open,
        _CLOSE: _close,
        _SHOWN: opened,
        _TICK: tick,
    }
    return {**own, FIRST: _first, LAST: _last}


_ends: ContextVar[list[Markup]] = ContextVar("ends")


def start(rendering: Rendering) -> None:
    """Make a rendering the current one."""
    current.set(rendering)
    _ends.set([])


def _open(seen: object) -> Markup:
    current.get().tick()
    condition = condition_of(seen)
    if condition is None:
        return Markup()
    border, end = current.get().begin(Condition(condition))
    _ends.get().append(end)
    return border


def _close(seen: object) -> Markup:
    return Markup() if condition_of(seen) is None else _ends.get().pop()


def _first(loop: Any, seen: object) -> bool | Expression:
    neighbours = _neighbours(loop, seen)
    return loop.first if neighbours is None else neighbours.is_first


def _last(loop: Any, seen: object) -> bool | Expression:
    neighbours = _neighbours(loop, seen)
    return loop.last if neighbours is None else neighbours.is_last


def _neighbours(loop: Any, seen: object) -> Neighbours | None:
    """Give what is known of an item's neighbours, if the loop goes over all of them in their own order."""
    found = getattr(opened(seen), "neighbours", None)
    as_they_are = isinstance(found, Neighbours) and (loop.index0, loop.length) == (found.position, found.count)
    return found if as_they_are else None


def _checked(late: LateExpression, holes: Sequence[Any], *, condition: bool) -> Expression:
    plain = [value if isinstance(value, Undefined) else _constant(value, late.place) for value in holes]
    return current.get().check(late, plain, condition=condition)


def _constant(value: Any, place: Place) -> Any:
    if isinstance(value, str):
        return str(value)
    if value is None or isinstance(value, (bool, int, float, date, Expression)):
        return value
    if isinstance(value, (list, tuple, set, frozenset)) and all(isinstance(item, str) for item in value):
        return tuple(sorted(value) if isinstance(value, (set, frozenset)) else value)
    if callable(value):
        raise TemplateError(
            "a function cannot be given a reader's value, which is not known yet",
            where=place,
            remedy="Put the value before or after what the function gives.",
        )
    raise TemplateError(
        f"{type(value).__name__} cannot be compared with what is known of a reader",
        where=place,
        remedy="Use a text, a number, a date or a list of texts.",
    )


def _reader_link(late: LateExpression) -> str | None:
    tree = late.tree
    if not any(name.name == LINKS for name in tree.find_all(nodes.Name)):
        return None
    if isinstance(tree, nodes.Getattr) and isinstance(tree.node, nodes.Name) and tree.attr in READER_LINKS:
        return tree.attr
    raise TemplateError(
        "a reader's link can only be written as it is",
        where=late.place,
        remedy="There are: " + ", ".join(f"{{{{ links.{name} }}}}" for name in sorted(READER_LINKS)) + ".",
    )
