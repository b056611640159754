"""Values that many kinds of files hold: a text that says something, and a day."""

from contextlib import suppress
from datetime import date, datetime
from typing import Annotated, Any, TypeAlias

from pydantic import BeforeValidator, StringConstraints


def _day(value: Any) -> Any:
    """Read a day. Numbers are none: pydantic would count them as seconds since 1970."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if isinstance(value, datetime) or _is_moment(value):
        raise ValueError(f"{value} has a time|Write a day without a time, such as 2024-03-07.|")
    if isinstance(value, str) and len(value) == 10:
        with suppress(ValueError):
            return date.fromisoformat(value)
    shown = repr(value) if isinstance(value, str | int | float) else "this"
    raise ValueError(f"{shown} is no date|Write a day such as 2024-03-07.|")


def _is_moment(value: Any) -> bool:
    if not isinstance(value, str) or len(value) < 12:
        return False
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return True


Text: TypeAlias = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Day: TypeAlias = Annotated[date, BeforeValidator(_day)]
