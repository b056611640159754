"""Reads subscribers out of the database."""

from collections.abc import Sequence

import sqlalchemy as sa

from newsletter.expressions import Value
from newsletter.store import tables
from newsletter.store.conditions import Numbers, is_among
from newsletter.subscribers.attributes import attribute_columns
from newsletter.subscribers.definitions import TOPICS, Definitions
from newsletter.subscribers.records import Record


def read_records(connection: sa.Connection, subscribers: Sequence[int], definitions: Definitions) -> dict[int, Record]:
    """Read subscribers by number, in two queries; those who do not exist are left out."""
    if not subscribers:
        return {}
    people, topics = tables.subscribers, tables.subscriber_topics
    attributes = attribute_columns(definitions)
    numbers = sa.bindparam("numbers", subscribers, type_=Numbers())
    chosen = sa.select(
        people.c.id,
        people.c.address,
        people.c.first_name,
        people.c.last_name,
        people.c.language,
        *attributes.values(),
    ).where(is_among(people.c.id, numbers))
    topics_of: dict[int, set[str]] = {}
    for subscriber, topic in connection.execute(
        sa.select(topics.c.subscriber_id, topics.c.topic).where(is_among(topics.c.subscriber_id, numbers))
    ):
        topics_of.setdefault(subscriber, set()).add(topic)
    names = ("email", "first_name", "last_name", "language", *attributes)
    records: dict[int, Record] = {}
    for row in connection.execute(chosen):
        known: dict[str, Value] = dict(zip(names, row[1:], strict=True))
        known[TOPICS] = frozenset(topics_of.get(row[0], ()))
        records[row[0]] = Record(row[0], row[1], known)
    return records
