"""The topics that a person has chosen."""

from collections.abc import Collection

import sqlalchemy as sa

from newsletter.store import tables

_topics = tables.subscriber_topics


def topics_of(connection: sa.Connection, subscriber: int) -> frozenset[str]:
    """Give somebody's topics."""
    return frozenset(connection.scalars(sa.select(_topics.c.topic).where(_topics.c.subscriber_id == subscriber)))


def add_topics(connection: sa.Connection, subscriber: int, topics: Collection[str]) -> None:
    """Add topics to those that somebody has."""
    missing = sorted(frozenset(topics) - topics_of(connection, subscriber)) if topics else []
    if missing:
        connection.execute(sa.insert(_topics), [{"subscriber_id": subscriber, "topic": topic} for topic in missing])


def set_topics(connection: sa.Connection, subscriber: int, topics: Collection[str]) -> bool:
    """Give somebody exactly these topics; tells whether that changes anything."""
    present, wanted = topics_of(connection, subscriber), frozenset(topics)
    if gone := present - wanted:
        connection.execute(
            sa.delete(_topics).where(_topics.c.subscriber_id == subscriber, _topics.c.topic.in_(sorted(gone)))
        )
    add_topics(connection, subscriber, wanted - present)
    return present != wanted
