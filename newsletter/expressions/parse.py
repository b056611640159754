"""Reads an expression: by Jinja's own parser to its syntax tree, and from there to the small language.

Whatever is outside the small language is refused with its place and what to do instead.
"""

import re
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from functools import lru_cache
from typing import Final

from jinja2 import Environment, TemplateSyntaxError, nodes
from jinja2.parser import Parser

from newsletter.errors import NOWHERE, ExpressionError, NewsletterError, Place, raise_all
from newsletter.expressions.checker import Checker
from newsletter.expressions.depth import nesting, room_for
from newsletter.expressions.places import Where, behind, place_at
from newsletter.expressions.tree import Condition, ValueNode
from newsletter.expressions.types import Schema

MAXIMUM_LENGTH: Final = 2_000
MAXIMUM_DEPTH: Final = 50

_STRANGE: Final = re.compile(r"unexpected char (.+) at (\d+)\Z", re.DOTALL)


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


def parse(source: str, schema: Schema, where: Where = NOWHERE, *, trusted: bool = False) -> Expression:
    """Read a condition, such as `subscriber.region == "Noord"`.

    Args:
        where: Where the source starts, or what tells where each of its characters stands.
        trusted: It is the source of an expression that was checked before, which may be longer and nested more
            deeply than a person may write: the limits do not hold for it.

    Raises:
        ExpressionError: It is not a condition of the small language; names line and column.
    """
    with room_for(source, trusted=trusted):
        syntax = _jinja_tree(source, where, trusted=trusted)
        condition = Checker(schema, where, source, syntax).condition(syntax)
        return Expression(str(condition), condition, place_at(where, source, 0))


def parse_value(source: str, schema: Schema, where: Where = NOWHERE, *, trusted: bool = False) -> Expression:
    """Read a value, such as `subscriber.first_name or "lezer"`.

    Args:
        where: Where the source starts, or what tells where each of its characters stands.
        trusted: As for `parse`.

    Raises:
        ExpressionError: It is not a value of the small language; names line and column.
    """
    with room_for(source, trusted=trusted):
        syntax = _jinja_tree(source, where, trusted=trusted)
        value = Checker(schema, where, source, syntax).value(syntax)
        return Expression(str(value), value, place_at(where, source, 0))


def check(syntax: nodes.Expr, schema: Schema, place: Place, *, condition: bool) -> Expression:
    """Check a syntax tree that Jinja has read already, such as an expression in a template.

    Args:
        condition: Whether it answers a question, or else gives a value.

    Raises:
        ExpressionError: It is outside the small language.
    """
    checker = Checker(schema, place, "", syntax)
    found: Condition | ValueNode = checker.condition(syntax) if condition else checker.value(syntax)
    return Expression(str(found), found, place)


def parse_text(source: str, schema: Schema, where: Where = NOWHERE) -> tuple[str | Expression, ...]:
    """Read a text with values in it, such as `Beste {{ subscriber.first_name or "lezer" }},`.

    Args:
        where: As for `parse`.

    Returns:
        Literal text, byte for byte, and expressions, in order.

    Raises:
        ExpressionError: It holds statements or comments, or something outside the small language. Several are raised
            together.
    """
    if "{" not in source:
        return (source,) if source else ()
    for sign, what in (("{%", "A statement"), ("{#", "A comment")):
        position = source.find(sign)
        if position >= 0:
            raise ExpressionError(
                f"{what.lower()} ({sign}) cannot stand in a text",
                where=place_at(where, source, position),
                remedy="Only values may: {{ subscriber.first_name }}. Use visible_to to show something to some.",
            )
    parts: list[str | Expression] = []
    problems: list[NewsletterError] = []
    position = 0
    while (start := source.find("{{", position)) >= 0:
        end = source.find("}}", start)
        if end < 0:
            place = place_at(where, source, start)
            problems.append(ExpressionError("{{ has no }}", where=place, remedy="Close the value with }}."))
            break
        if start > position:
            parts.append(source[position:start])
        inner = source[start + 2 : end]
        offset = start + 2 + len(inner) - len(inner.lstrip())
        try:
            parts.append(parse_value(inner.strip(), schema, behind(where, source, offset)))
        except NewsletterError as error:
            problems.append(error)
        position = end + 2
    raise_all(problems)
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


def _jinja_tree(source: str, where: Where, *, trusted: bool) -> nodes.Expr:
    start = place_at(where, source, 0)
    if not trusted:
        _assert_limits(source, start)
    if not source.strip():
        raise ExpressionError("an expression is missing", where=start, remedy="Write one, or leave the key out.")
    try:
        # Jinja's parser is begun inside of braces: put around the source, it would complain of them.
        parser = Parser(_environment(), source, state="variable")
        syntax = parser.parse_tuple(with_condexpr=True)
        if not parser.stream.eos:
            rest = parser.stream.current
            raise TemplateSyntaxError(f"unexpected {rest.value!r}", rest.lineno)
    except TemplateSyntaxError as error:
        raise _unreadable(error, source, where) from error
    except RecursionError:
        raise ExpressionError(
            "the expression is nested too deeply", where=start, remedy="Write it more simply."
        ) from None
    return syntax


def _unreadable(error: TemplateSyntaxError, source: str, where: Where) -> ExpressionError:
    """Say in our words what Jinja says of a source; it knows the line, and seldom more."""
    message = error.message or "this is none"
    strange = _STRANGE.match(message)
    lines = source.splitlines(keepends=True)[: error.lineno - 1]
    position = int(strange[2]) if strange else sum(map(len, lines))
    if "end of template" in message:
        message, position = "it ends too early", len(source)
    elif strange:
        message = f"unexpected character {strange[1]}"
    return ExpressionError(
        f"this cannot be read as an expression: {message}",
        where=place_at(where, source, position),
        remedy='Write it like: subscriber.region == "Noord" and "bestuur" in subscriber.topics.',
    )


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
