"""Keeps a template from filling the memory: the sandbox of Jinja stops no product and no padding."""

import re
from collections.abc import Callable
from functools import wraps
from typing import Any, Final, NoReturn

from newsletter.errors import TemplateError

LONGEST: Final = 100_000
"""The most characters or items that one operation of a template may make of less."""

_WIDTH: Final = re.compile(r"\d{5,}")


def check_operator(operator: str, left: Any, right: Any) -> None:
    """Refuse what `*`, `**` and `%` would make too much of.

    Raises:
        TemplateError: They would.
    """
    if operator == "**":
        _refuse("the operator **")
    if operator == "%" and isinstance(left, str) and _WIDTH.search(left):
        _refuse("formatting to such a width")
    if operator == "*":
        for one, other in ((left, right), (right, left)):
            if hasattr(one, "__len__") and isinstance(other, int) and len(one) * other > LONGEST:
                _refuse("a product of that size")


def check_call(function: Any, arguments: tuple[Any, ...]) -> None:
    """Refuse a call that would make too much of what it is given.

    Raises:
        TemplateError: It would.
    """
    for one in arguments:
        if isinstance(one, int) and abs(one) > LONGEST:
            _refuse("a call with such a number")
    text, name = getattr(function, "__self__", None), getattr(function, "__name__", "")
    if isinstance(text, str) and name == "replace" and len(text) * sum(map(len, map(str, arguments))) > LONGEST * 10:
        _refuse("a replacement of that size")


def check_format(function: Any) -> None:
    """Refuse to format a text to a width that it says itself.

    Raises:
        TemplateError: The width is beyond measure.
    """
    text, name = getattr(function, "__self__", None), getattr(function, "__name__", "")
    if isinstance(text, str) and name in ("format", "format_map") and _WIDTH.search(text):
        _refuse("formatting to such a width")


def modest(name: str, change: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap one of Jinja's filters so that it takes no width beyond measure."""

    @wraps(change)
    def limited(*arguments: Any, **named: Any) -> Any:
        given = (*arguments, *named.values())
        if any(isinstance(one, int) and one > LONGEST for one in given):
            _refuse(f"the filter {name} with such a number")
        if name == "format" and any(isinstance(one, str) and _WIDTH.search(one) for one in given):
            _refuse("formatting to such a width")
        return change(*arguments, **named)

    return limited


def _refuse(what: str) -> NoReturn:
    raise TemplateError(f"{what} is not for templates", remedy="Write the text out, or compute it elsewhere.")
