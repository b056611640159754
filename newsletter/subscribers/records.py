"""Subscribers as merging and expressions see them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import sqlalchemy as sa

from newsletter.expressions import Type, Value
from newsletter.store import tables
from newsletter.subscribers.attributes import attribute_columns
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


def read_records(connection: sa.Connection, subscribers: Sequence[int], definitions: Definitions) -> dict[int, Record]:
    """Read subscribers by number, in two queries; those who do not exist are left out."""
    if not subscribers:
        return {}
    people, topics = tables.subscribers, tables.subscriber_topics
    attributes = attribute_columns(definitions)
    chosen = sa.select(
        people.c.id,
        people.c.address,
        people.c.first_name,
        people.c.last_name,
        people.c.language,
        *attributes.values(),
    ).where(people.c.id.in_(subscribers))
    topics_of: dict[int, set[str]] = {}
    for subscriber, topic in connection.execute(
        sa.select(topics.c.subscriber_id, topics.c.topic).where(topics.c.subscriber_id.in_(subscribers))
    ):
        topics_of.setdefault(subscriber, set()).add(topic)
    names = ("email", "first_name", "last_name", "language", *attributes)
    records: dict[int, Record] = {}
    for id_, *values in connection.execute(chosen):
        known: dict[str, Value] = dict(zip(names, values, strict=True))
        known[TOPICS] = frozenset(topics_of.get(id_, ()))
        records[id_] = Record(id_, values[0], known)
    return records


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
            Type.TEXT: one.choices[0] if one.choices else one.name,
            Type.NUMBER: 12.0,
            Type.DATE: date(2020, 1, 31),
            Type.BOOLEAN: True,
        }
        made[name] = by_type[one.type]
    return Record(EXAMPLE_ID, "sanne.de.vries@example.org", made)
