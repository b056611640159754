"""Decides what becomes of each row of a chunk, by what the database holds at this moment."""

from collections import Counter

import sqlalchemy as sa

from newsletter.store import tables
from newsletter.subscribers.attributes import people_table
from newsletter.subscribers.departures import ALL
from newsletter.subscribers.holding import hold_people
from newsletter.subscribers.importing.staging import REPEATED, Staging
from newsletter.subscribers.importing.standing import Standing
from newsletter.subscribers.importing.target import WRITTEN, Fate, Target

_subscriptions, _suppressions, _departures = tables.subscriptions, tables.suppressions, tables.departures
_topics, _tags = tables.subscriber_topics, tables.subscriber_tags


def decide(
    connection: sa.Connection,
    staging: Staging,
    target: Target,
    after: int,
    until: int,
    new_number: sa.ColumnElement[int] | None = None,
) -> Counter[Fate]:
    """Decide about the rows of some places, and count what becomes of them.

    Args:
        after: The place before the first.
        until: The last.
        new_number: The number in the database of somebody who is not in it yet, by the place of a row; none if it is
            not given.
    """
    people, rows, fates = people_table(target.definitions), staging.rows, staging.fates
    on_list = sa.and_(_subscriptions.c.subscriber_id == people.c.id, _subscriptions.c.list == target.list)
    fate = sa.case(
        (rows.c.standing == REPEATED, Fate.REPEATED),
        (_is_suppressed(staging), Fate.SUPPRESSED),
        (rows.c.standing >= Standing.BLOCKED, Fate.LEFT),
        (_subscriptions.c.status == "unsubscribed", Fate.UNSUBSCRIBED),
        (_subscriptions.c.status.is_(None) & _is_barred(staging, target), Fate.UNSUBSCRIBED),
        (rows.c.standing == Standing.LEFT, Fate.LEFT),
        (rows.c.standing == Standing.UNCONFIRMED, Fate.UNCONFIRMED),
        (people.c.id.is_(None), Fate.ADDED),
        (_subscriptions.c.status.is_(None), Fate.JOINED),
        (sa.or_(*_news(people, staging)), Fate.CHANGED),
        else_=Fate.UNCHANGED,
    )
    subscriber = people.c.id if new_number is None else sa.func.coalesce(people.c.id, new_number)
    joined = sa.join(rows, people, people.c.address_key == rows.c.address_key, isouter=True)
    joined = sa.join(joined, _subscriptions, on_list, isouter=True)
    decided = (
        sa.select(rows.c.place, rows.c.number, subscriber, fate, people.c.id.is_not(None))
        .select_from(joined)
        .where(rows.c.place > after, rows.c.place <= until)
        .order_by(rows.c.place)
    )
    staging.clear_fates()
    names = ["place", "number", "subscriber_id", "fate", "is_known"]
    connection.execute(sa.insert(fates).from_select(names, decided))
    counted = connection.execute(sa.select(fates.c.fate, sa.func.count()).group_by(fates.c.fate))
    return Counter({Fate(row[0]): row[1] for row in counted})


def decide_and_hold(
    connection: sa.Connection,
    staging: Staging,
    target: Target,
    after: int,
    until: int,
    new_number: sa.ColumnElement[int],
) -> Counter[Fate]:
    """Decide as `decide` does, and let nobody else change whom that is about before this transaction ends.

    Whoever changes somebody in between is waited for, and then it is decided anew.
    """
    held: set[int] = set()
    while True:
        counts = decide(connection, staging, target, after, until, new_number)
        if connection.dialect.name == "sqlite" or not any(counts[fate] for fate in WRITTEN):
            return counts
        fates = staging.fates
        chosen = sa.select(fates.c.subscriber_id).where(fates.c.is_known, fates.c.fate.in_(WRITTEN))
        wanted = set(connection.scalars(chosen)) - held
        if not wanted:
            return counts
        hold_people(connection, wanted)
        held |= wanted


def differs(people: sa.FromClause, staging: Staging) -> sa.ColumnElement[bool]:
    """Tell whether a row says something else of somebody than what is kept."""
    rows = staging.rows
    return sa.or_(
        sa.false(),
        *(rows.c[name].is_not(None) & people.c[name].is_distinct_from(rows.c[name]) for name in staging.values),
    )


def has_topic(subscriber: sa.ColumnElement[int], topic: sa.ColumnElement[str]) -> sa.ColumnElement[bool]:
    """Tell whether somebody has chosen a topic."""
    has = sa.exists().where(_topics.c.subscriber_id == subscriber, _topics.c.topic == topic)
    return has.correlate_except(_topics)


def has_tag(subscriber: sa.ColumnElement[int], tag: sa.ColumnElement[str]) -> sa.ColumnElement[bool]:
    """Tell whether somebody has a tag."""
    has = sa.exists().where(_tags.c.subscriber_id == subscriber, _tags.c.tag == tag)
    return has.correlate_except(_tags)


def _news(people: sa.TableClause, staging: Staging) -> list[sa.ColumnElement[bool]]:
    topics, tags, number = staging.topics, staging.tags, staging.rows.c.number
    news = [differs(people, staging)]
    if staging.holds.topics:
        news.append(sa.exists().where(topics.c.number == number, ~has_topic(people.c.id, topics.c.topic)))
    if staging.holds.tags:
        news.append(sa.exists().where(tags.c.number == number, ~has_tag(people.c.id, tags.c.tag)))
    return news


def _is_suppressed(staging: Staging) -> sa.ColumnElement[bool]:
    return _is_kept(staging, _suppressions, sa.true())


def _is_barred(staging: Staging, target: Target) -> sa.ColumnElement[bool]:
    """Tell whether only the person may put the address of a row on the list."""
    return _is_kept(staging, _departures, _departures.c.list.in_([target.list, ALL]))


def _is_kept(staging: Staging, table: sa.Table, only: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    """Tell whether a table has the hash of a row's address, by the secret in use or by one of before."""
    rows, older = staging.rows, staging.older_hashes
    by_current = sa.exists().where(table.c.address_hash == rows.c.address_hash, only)
    if not staging.holds.older_hashes:
        return by_current
    by_older = sa.exists().where(older.c.number == rows.c.number, table.c.address_hash == older.c.address_hash, only)
    return by_current | by_older
