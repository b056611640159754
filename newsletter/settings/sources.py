"""What settings are read from, the file and the environment, and which of them each value came from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

from newsletter.errors import NOWHERE, Place
from newsletter.settings.toml import Key, KeyPath

PREFIX: Final = "NEWSLETTER_"
SEPARATOR: Final = "__"


class Kind(StrEnum):
    """The kinds of places that a value comes from."""

    DEFAULT = "default"
    FILE = "file"
    ENVIRONMENT = "environment"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a value came from: the kind of place, and the place itself, for people."""

    kind: Kind
    place: Place = NOWHERE

    def __str__(self) -> str:
        if self.kind is Kind.ENVIRONMENT:
            return f"environment {self.place.file}"
        return f"{self.place.file}:{self.place.line}" if self.kind is Kind.FILE else "default"


@dataclass(frozen=True, slots=True)
class Sources:
    """The text of `newsletter.toml`, taken apart, and the variables of the environment that concern us."""

    file: str = "newsletter.toml"
    table: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}), repr=False)
    keys: Mapping[KeyPath, Key] = field(default_factory=lambda: MappingProxyType({}), repr=False)
    environ: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}), repr=False)

    def origin(self, path: Sequence[str | int]) -> Origin:
        """Tell where the value at a path came from; the environment goes before the file."""
        for length in range(len(path), 0, -1):
            name = variable_name(path[:length])
            if self.environ.get(name):
                return Origin(Kind.ENVIRONMENT, Place(name, field=dotted(path)))
        if self._is_in_file(path):
            return Origin(Kind.FILE, self.place(path))
        return Origin(Kind.DEFAULT)

    def place(self, path: Sequence[str | int]) -> Place:
        """Give the place of a key in the file; of the nearest thing around it where it does not exist."""
        for length in range(len(path), 0, -1):
            key = self.keys.get(tuple(path[:length]))
            if key is not None:
                return Place(self.file, key.line, key.column, field=dotted(path))
        return Place(self.file, field=dotted(path))

    def _is_in_file(self, path: Sequence[str | int]) -> bool:
        here: Any = self.table
        for part in path:
            try:
                here = here[part]
            except (LookupError, TypeError):
                return False
        return True


def variable_name(path: Sequence[str | int]) -> str:
    """Name the environment variable of a setting: `NEWSLETTER_SENDER__EMAIL`."""
    return PREFIX + SEPARATOR.join(str(part) for part in path).replace("-", "_").upper()


def dotted(path: Sequence[str | int]) -> str | None:
    """Write a path as people do: `sender.email`."""
    return ".".join(str(part) for part in path) or None


def merge(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Lay one tree of settings over another."""
    merged = dict(below)
    for key, value in above.items():
        under = merged.get(key)
        merged[key] = merge(under, value) if isinstance(under, Mapping) and isinstance(value, Mapping) else value
    return merged
