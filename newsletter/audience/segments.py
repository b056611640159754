"""Segments as SQL on the table of subscribers."""

import sqlalchemy as sa

from newsletter.expressions import Expression
from newsletter.expressions.clause import Columns, clause
from newsletter.store import tables
from newsletter.subscribers import TOPICS, Definitions, attribute_columns

_people, _topics = tables.subscribers, tables.subscriber_topics


def segment_clause(condition: Expression, definitions: Definitions) -> sa.ColumnElement[bool]:
    """Compile a segment's condition to SQL; true or false for each subscriber, never NULL."""
    plain = {
        "email": _people.c.address,
        "first_name": _people.c.first_name,
        "last_name": _people.c.last_name,
        "language": _people.c.language,
        **attribute_columns(definitions),
    }
    return clause(condition, Columns(plain, {TOPICS: _has_topic}))


def _has_topic(topic: str | None) -> sa.ColumnElement[bool]:
    chosen = sa.exists().where(_topics.c.subscriber_id == _people.c.id)
    return chosen if topic is None else chosen.where(_topics.c.topic == topic)
