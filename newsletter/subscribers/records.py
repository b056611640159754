"""Subscribers as merging and expressions see them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from newsletter.expressions import Type, Value
from newsletter.subscribers.definitions import TOPICS, Definitions

EXAMPLE_ID: Final = 0
"""The number of the made-up subscriber, which no real one has."""


@dataclass(frozen=True, slots=True)
class Record:
    """One subscriber.

    Args:
        values: What expressions on `subscriber` see.
    """

    id: int
    address: str
    values: Mapping[str, Value]


def example_record(definitions: Definitions) -> Record:
    """Make up a subscriber for previews: the same one every time, with a value for everything."""
    made: dict[str, Value] = {
        "email": "sanne.de.vries@example.org",
        "first_name": "Sanne",
        "last_name": "de Vries",
        "language": "nl",
        TOPICS: frozenset(definitions.topics),
    }
    for name, one in definitions.attributes.items():
        by_type: dict[Type, Value] = {
            Type.TEXT: one.choices[0] if one.choices else str(one.name),
            Type.NUMBER: 12.0,
            Type.DATE: date(2020, 1, 31),
            Type.BOOLEAN: True,
        }
        made[name] = by_type[one.type]
    return Record(EXAMPLE_ID, "sanne.de.vries@example.org", made)
