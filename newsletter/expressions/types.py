"""What is known of a subscriber: fields with types, and the values they may have."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import TypeAlias

Value: TypeAlias = str | float | int | date | bool | frozenset[str] | None


class Type(StrEnum):
    """The type of a field."""

    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    BOOLEAN = "boolean"
    TEXT_SET = "set of texts"


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a subscriber; `choices` names all its possible texts, where these are limited."""

    type: Type
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Schema:
    """All fields of a subscriber, by name."""

    fields: Mapping[str, Field]


def text_of(value: Value) -> str:
    """Print a value as text: nothing for None, whole numbers without a fraction, dates as in ISO 8601."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, frozenset):
        return ", ".join(sorted(value))
    return str(value)
