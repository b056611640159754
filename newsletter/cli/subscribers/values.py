"""Values of subscribers as commands take and show them."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from newsletter.subscribers import Definitions


def pairs(texts: tuple[str, ...], option: str, form: str) -> Iterator[tuple[str, str]]:
    for text in texts:
        name, equals, value = text.rpartition("=") if option == "--map" else text.partition("=")
        if not equals or not name:
            raise click.BadParameter(f"{text!r} is not of the form {form}.", param_hint=option)
        yield name.strip(), value.strip()


def read_values(definitions: "Definitions", settings: tuple[str, ...]) -> dict[str, Any]:
    from newsletter.subscribers import read_value

    known = ("first_name", "last_name", "language", "topics", *definitions.attributes)
    values: dict[str, Any] = {}
    for name, text in pairs(settings, "--set", "FIELD=VALUE"):
        if name not in known:
            raise click.BadParameter(f"there is no field {name!r}. There are: {', '.join(known)}.", param_hint="--set")
        values[name] = read_value(definitions, name, text)
    return values


def shown(value: Any) -> str:
    if isinstance(value, frozenset):
        return ", ".join(sorted(value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
