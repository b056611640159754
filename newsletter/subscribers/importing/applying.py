"""What an import makes of the rows that were put aside: first decided for each one, then written for all at once."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

import sqlalchemy as sa

from newsletter.store import tables
from newsletter.subscribers.attributes import people_table
from newsletter.subscribers.definitions import Definitions
from newsletter.subscribers.hashes import AddressHashes
from newsletter.subscribers.importing.staging import Staging

_subscriptions, _topics, _suppressions = tables.subscriptions, tables.subscriber_topics, tables.suppressions


class Fate(StrEnum):
    """What an import makes of a row."""

    ADDED = "added"
    JOINED = "joined"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    LEFT = "left"
    UNSUBSCRIBED = "unsubscribed"
    SUPPRESSED = "suppressed"
    REPEATED = "repeated"
    BAD = "bad"


_SUBSCRIBED: Final = (Fate.ADDED, Fate.JOINED)
_KEPT: Final = (Fate.ADDED, Fate.LEFT)
_RENEWED: Final = (Fate.JOINED, Fate.CHANGED)
_GIVEN_TOPICS: Final = (*_SUBSCRIBED, Fate.CHANGED)


@dataclass(frozen=True, slots=True)
class Target:
    """Where an import goes: the list, and what is written beside each subscription.

    Args:
        source: Where the people came from, kept as proof of how they joined.
        now: Aware.
    """

    list: str
    source: str
    now: datetime
    definitions: Definitions
    hashes: AddressHashes


def decide(connection: sa.Connection, staging: Staging, target: Target) -> Mapping[str, int]:
    """Decide what becomes of each row, by what the database holds at this moment, and count that."""
    people, rows, fates = people_table(target.definitions), staging.rows, staging.fates
    known = sa.and_(_subscriptions.c.subscriber_id == people.c.id, _subscriptions.c.list == target.list)
    fate = sa.case(
        (_is_suppressed(staging), Fate.SUPPRESSED),
        (_subscriptions.c.status == "unsubscribed", Fate.UNSUBSCRIBED),
        (rows.c.has_left, Fate.LEFT),
        (people.c.id.is_(None), Fate.ADDED),
        (_subscriptions.c.status.is_(None), Fate.JOINED),
        (sa.or_(_differs(people, staging), _has_new_topics(people, staging)), Fate.CHANGED),
        else_=Fate.UNCHANGED,
    )
    joined = sa.join(rows, people, people.c.address_key == rows.c.address_key, isouter=True)
    joined = sa.join(joined, _subscriptions, known, isouter=True)
    decided = sa.select(rows.c.number, people.c.id, fate).select_from(joined)
    connection.execute(sa.insert(fates).from_select(["number", "subscriber_id", "fate"], decided))
    counted = connection.execute(sa.select(fates.c.fate, sa.func.count()).group_by(fates.c.fate))
    return {row[0]: row[1] for row in counted}


def apply(connection: sa.Connection, staging: Staging, target: Target) -> None:
    """Write what was decided."""
    people = people_table(target.definitions)
    _add_people(connection, people, staging, target)
    _renew_people(connection, people, staging, target)
    _subscribe(connection, staging, target)
    _take_off(connection, staging, target)
    _add_topics(connection, staging)


def _add_people(connection: sa.Connection, people: sa.TableClause, staging: Staging, target: Target) -> None:
    rows, fates = staging.rows, staging.fates
    copied = ("address", "address_key", "address_hash", *staging.values)
    new = (
        sa.select(*(rows.c[name] for name in copied), _moment(target.now), _moment(target.now))
        .join_from(fates, rows, rows.c.number == fates.c.number)
        .where(fates.c.subscriber_id.is_(None), fates.c.fate.in_(_KEPT))
        .order_by(fates.c.number)
    )
    connection.execute(sa.insert(people).from_select([*copied, "created_at", "changed_at"], new))
    number = (
        sa.select(people.c.id)
        .join_from(rows, people, people.c.address_key == rows.c.address_key)
        .where(rows.c.number == fates.c.number)
        .scalar_subquery()
    )
    connection.execute(
        sa.update(fates).where(fates.c.subscriber_id.is_(None), fates.c.fate.in_(_KEPT)).values(subscriber_id=number)
    )


def _renew_people(connection: sa.Connection, people: sa.TableClause, staging: Staging, target: Target) -> None:
    rows, fates = staging.rows, staging.fates
    values = {name: sa.func.coalesce(rows.c[name], people.c[name]) for name in staging.values}
    connection.execute(
        sa.update(people)
        .where(
            people.c.id == fates.c.subscriber_id,
            rows.c.number == fates.c.number,
            fates.c.fate.in_(_RENEWED),
            _differs(people, staging),
        )
        .values(changed_at=target.now, **values)
    )


def _subscribe(connection: sa.Connection, staging: Staging, target: Target) -> None:
    fates = staging.fates
    joining = sa.select(
        fates.c.subscriber_id,
        sa.literal(target.list),
        sa.literal("subscribed"),
        sa.literal(target.source),
        _moment(target.now),
    ).where(fates.c.fate.in_(_SUBSCRIBED))
    columns = ["subscriber_id", "list", "status", "source", "subscribed_at"]
    connection.execute(sa.insert(_subscriptions).from_select(columns, joining.order_by(fates.c.number)))


def _take_off(connection: sa.Connection, staging: Staging, target: Target) -> None:
    """Keep people as having left the list, whether they were on it or not.

    How and when somebody joined is proof of consent to what they got until now, and stays as it is.
    """
    fates = staging.fates
    leaving = sa.select(fates.c.subscriber_id).where(fates.c.fate == Fate.LEFT)
    on_list = (_subscriptions.c.list == target.list) & _subscriptions.c.subscriber_id.in_(leaving)
    connection.execute(
        sa.update(_subscriptions).where(on_list).values(status="unsubscribed", unsubscribed_at=target.now)
    )
    known = sa.exists().where(
        _subscriptions.c.subscriber_id == fates.c.subscriber_id, _subscriptions.c.list == target.list
    )
    never_joined = sa.select(
        fates.c.subscriber_id,
        sa.literal(target.list),
        sa.literal("unsubscribed"),
        sa.literal(target.source),
        _moment(target.now),
        _moment(target.now),
    ).where(fates.c.fate == Fate.LEFT, ~known)
    columns = ["subscriber_id", "list", "status", "source", "subscribed_at", "unsubscribed_at"]
    connection.execute(sa.insert(_subscriptions).from_select(columns, never_joined))


def _add_topics(connection: sa.Connection, staging: Staging) -> None:
    fates, topics = staging.fates, staging.topics
    chosen = (
        sa.select(fates.c.subscriber_id, topics.c.topic)
        .join_from(topics, fates, fates.c.number == topics.c.number)
        .where(fates.c.fate.in_(_GIVEN_TOPICS), ~_has_topic(fates.c.subscriber_id, topics.c.topic))
        .order_by(topics.c.number)
    )
    connection.execute(sa.insert(_topics).from_select(["subscriber_id", "topic"], chosen))


def _differs(people: sa.TableClause, staging: Staging) -> sa.ColumnElement[bool]:
    """Tell whether a row says something else of somebody than what is kept."""
    rows = staging.rows
    return sa.or_(
        *(rows.c[name].is_not(None) & people.c[name].is_distinct_from(rows.c[name]) for name in staging.values)
    )


def _has_new_topics(people: sa.TableClause, staging: Staging) -> sa.ColumnElement[bool]:
    topics = staging.topics
    return sa.exists().where(topics.c.number == staging.rows.c.number, ~_has_topic(people.c.id, topics.c.topic))


def _has_topic(subscriber: sa.ColumnElement[int], topic: sa.ColumnElement[str]) -> sa.ColumnElement[bool]:
    return sa.exists().where(_topics.c.subscriber_id == subscriber, _topics.c.topic == topic)


def _is_suppressed(staging: Staging) -> sa.ColumnElement[bool]:
    rows, older = staging.rows, staging.older_hashes
    by_current = sa.exists().where(_suppressions.c.address_hash == rows.c.address_hash)
    by_older = sa.exists().where(older.c.number == rows.c.number, _suppressions.c.address_hash == older.c.address_hash)
    return by_current | by_older


def _moment(moment: datetime) -> sa.BindParameter[datetime]:
    return sa.literal(moment, _subscriptions.c.subscribed_at.type)
