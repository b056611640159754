"""Makes one person of two: what either of them chose stays, and whoever has left stays gone."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from newsletter.store import tables
from newsletter.subscribers.consent import Act, Consent, Method, record

_people, _subscriptions, _consents = tables.subscribers, tables.subscriptions, tables.consents
_suppressions = tables.suppressions
_topics, _tags, _events = tables.subscriber_topics, tables.subscriber_tags, tables.feedback_events


def merge(connection: sa.Connection, *, into: int, other: int, now: datetime, by: str | None = None) -> None:
    """Bring everything of one person over to another, and take the first away.

    A list that one of both has left counts as left, unless it was joined again later by either. Values that both have
    stay those of `into`. The consent of both is kept; deliveries stay under the number that they were made for.
    """
    _merge_subscriptions(connection, into, other)
    if by:
        _carry_suppression(connection, into, other)
    for table, column in ((_topics, _topics.c.topic), (_tags, _tags.c.tag)):
        present = sa.select(column).where(table.c.subscriber_id == into)
        missing = sa.select(sa.literal(into), column).where(table.c.subscriber_id == other, column.not_in(present))
        connection.execute(sa.insert(table).from_select(["subscriber_id", column.name], missing))
    copied = [column for column in _consents.c if column.name not in ("id", "subscriber_id")]
    rows = sa.select(sa.literal(into), *copied).where(_consents.c.subscriber_id == other).order_by(_consents.c.id)
    connection.execute(sa.insert(_consents).from_select(["subscriber_id", *(column.name for column in copied)], rows))
    connection.execute(sa.update(_events).where(_events.c.subscriber_id == other).values(subscriber_id=into))
    _fill_in(connection, into, other, now)
    connection.execute(sa.delete(_people).where(_people.c.id == other))
    method = Method.STAFF if by else Method.CONFIRMED
    record(connection, [into], Consent(now, Act.MERGED, method, by=by, detail=f"with number {other}"))


def _merge_subscriptions(connection: sa.Connection, into: int, other: int) -> None:
    rows = connection.execute(sa.select(_subscriptions).where(_subscriptions.c.subscriber_id.in_([into, other])))
    by_list: dict[str, list[sa.Row[Any]]] = {}
    for row in rows:
        by_list.setdefault(row.list, []).append(row)
    for name, found in by_list.items():
        # The last thing that happened counts; of a leave and a join at one moment, the leave.
        last = max(found, key=lambda row: (row.unsubscribed_at or row.subscribed_at, row.status == "unsubscribed"))
        values = {column: getattr(last, column) for column in _COPIED}
        mine = (_subscriptions.c.subscriber_id == into) & (_subscriptions.c.list == name)
        if any(row.subscriber_id == into for row in found):
            connection.execute(sa.update(_subscriptions).where(mine).values(values))
        else:
            connection.execute(sa.insert(_subscriptions).values(subscriber_id=into, list=name, **values))


def _carry_suppression(connection: sa.Connection, into: int, other: int) -> None:
    """Suppress the one address where the other is; staff cannot lift that by making one person of both."""
    hash_of = {
        row.id: row.address_hash
        for row in connection.execute(
            sa.select(_people.c.id, _people.c.address_hash).where(_people.c.id.in_([into, other]))
        )
    }
    found = connection.execute(sa.select(_suppressions).where(_suppressions.c.address_hash.in_(hash_of.values()))).all()
    rows = {row.address_hash: row for row in found}
    if hash_of[other] in rows and hash_of[into] not in rows:
        kept = rows[hash_of[other]]
        values = {"reason": kept.reason, "created_at": kept.created_at, "detail": kept.detail}
        connection.execute(sa.insert(_suppressions).values(address_hash=hash_of[into], **values))


_COPIED = ("status", "source", "subscribed_at", "unsubscribed_at", "paused_until", "frequency")


def _fill_in(connection: sa.Connection, into: int, other: int, now: datetime) -> None:
    """Take over what is known of the other only, attributes included."""
    names = [column["name"] for column in sa.inspect(connection).get_columns(_people.name)]
    wanted = [name for name in names if name in _FILLED or name.startswith("attribute_")]
    people = sa.table(
        "subscribers", sa.column("id"), sa.column("changed_at", _people.c.changed_at.type), *map(sa.column, wanted)
    )
    two = people.alias()
    values = {
        name: sa.func.coalesce(people.c[name], sa.select(two.c[name]).where(two.c.id == other).scalar_subquery())
        for name in wanted
    }
    connection.execute(sa.update(people).where(people.c.id == into).values(changed_at=now, **values))


_FILLED = ("first_name", "last_name", "language")
