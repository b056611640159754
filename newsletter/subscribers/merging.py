"""Makes one person of two: what either of them chose stays, and whoever has left stays gone."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from newsletter.store import tables
from newsletter.subscribers.consent import Act, Consent, Method, record
from newsletter.subscribers.departures import ALL, bar, leave_trace, suppress_hash
from newsletter.subscribers.holding import hold_people, hold_suppressions

ABOUT_ADDRESSES = ("bounced", "soft-bounced")
"""Reasons that say something of an address, and nothing of who reads its mail."""
COMPLAINED, UNSUBSCRIBED = "complained", "unsubscribed"
"""The kinds of reports in which people speak themselves."""

_people, _subscriptions, _consents = tables.subscribers, tables.subscriptions, tables.consents
_suppressions = tables.suppressions
_topics, _tags, _events = tables.subscriber_topics, tables.subscriber_tags, tables.feedback_events


def merge(connection: sa.Connection, *, into: int, other: int, now: datetime, by: str | None = None) -> None:
    """Bring everything of one person over to another, and take the first away.

    A list that either of both has left counts as left, unless either joined it again themselves since; what staff and
    imports did later proves nothing. Values that both have stay those of `into`. The consent of both is kept. The
    address that goes cannot be added again but by the person, and what is said about messages to it still counts.
    """
    hold_suppressions(connection)
    hold_people(connection, [into, other])
    _merge_subscriptions(connection, into, other)
    if by:
        _carry_suppression(connection, into, other, now)
    for table, column in ((_topics, _topics.c.topic), (_tags, _tags.c.tag)):
        present = sa.select(column).where(table.c.subscriber_id == into)
        missing = sa.select(sa.literal(into), column).where(table.c.subscriber_id == other, column.not_in(present))
        connection.execute(sa.insert(table).from_select(["subscriber_id", column.name], missing))
    copied = [column for column in _consents.c if column.name not in ("id", "subscriber_id")]
    rows = sa.select(sa.literal(into), *copied).where(_consents.c.subscriber_id == other).order_by(_consents.c.id)
    connection.execute(sa.insert(_consents).from_select(["subscriber_id", *(column.name for column in copied)], rows))
    # A bounce is about an address, and goes with it; what the person said is about the person.
    said = (_events.c.subscriber_id == other) & _events.c.kind.in_([COMPLAINED, UNSUBSCRIBED])
    connection.execute(sa.update(_events).where(said).values(subscriber_id=into))
    _fill_in(connection, into, other, now)
    leave_trace(connection, [other], now, into)
    connection.execute(sa.delete(_people).where(_people.c.id == other))
    method = Method.STAFF if by else Method.CONFIRMED
    record(connection, [into], Consent(now, Act.MERGED, method, by=by, detail=f"with number {other}"))


def _merge_subscriptions(connection: sa.Connection, into: int, other: int) -> None:
    chosen = sa.select(_subscriptions).where(_subscriptions.c.subscriber_id.in_([into, other]))
    by_list: dict[str, list[sa.Row[Any]]] = {}
    for row in connection.execute(chosen.order_by(_subscriptions.c.subscriber_id)):
        by_list.setdefault(row.list, []).append(row)
    for name, found in by_list.items():
        standing = _standing(found, _joined(connection, (into, other), name))
        values = {column: getattr(standing, column) for column in _COPIED}
        mine = (_subscriptions.c.subscriber_id == into) & (_subscriptions.c.list == name)
        if any(row.subscriber_id == into for row in found):
            connection.execute(sa.update(_subscriptions).where(mine).values(values))
        else:
            connection.execute(sa.insert(_subscriptions).values(subscriber_id=into, list=name, **values))


def _joined(connection: sa.Connection, people: tuple[int, int], name: str) -> datetime | None:
    """Tell when either of two people last asked for a list themselves."""
    moment: datetime | None = connection.scalar(
        sa.select(sa.func.max(_consents.c.at)).where(
            _consents.c.subscriber_id.in_(people),
            _consents.c.list == name,
            _consents.c.act.in_([Act.JOINED.value, Act.RETURNED.value]),
        )
    )
    return moment


def _standing(found: list[sa.Row[Any]], joined: datetime | None) -> sa.Row[Any]:
    """Choose of two rows the one that counts: a leave, unless somebody joined again themselves since."""
    left = max((row for row in found if row.unsubscribed_at), key=lambda row: row.unsubscribed_at, default=None)
    on = next((row for row in found if not row.unsubscribed_at), None)
    if left is None or (on is not None and joined is not None and joined > left.unsubscribed_at):
        return on if on is not None else found[0]
    return left


def _carry_suppression(connection: sa.Connection, into: int, other: int, now: datetime) -> None:
    """Suppress the one address where the other is because of its person; and let nobody add the other again."""
    chosen = sa.select(_people.c.id, _people.c.address_hash).where(_people.c.id.in_([into, other]))
    hash_of = {row.id: row.address_hash for row in connection.execute(chosen)}
    reason = connection.scalar(sa.select(_suppressions.c.reason).where(_suppressions.c.address_hash == hash_of[other]))
    if reason is not None and reason not in ABOUT_ADDRESSES:
        connection.execute(
            sa.delete(_suppressions).where(
                _suppressions.c.address_hash == hash_of[into], _suppressions.c.reason.in_(ABOUT_ADDRESSES)
            )
        )
        suppress_hash(connection, hash_of[into], reason, now)
    bar(connection, hash_of[other], ALL, now)


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
