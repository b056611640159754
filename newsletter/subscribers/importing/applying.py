"""Writes what was decided about a chunk of rows, by a few statements on all of them at once."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from newsletter.store import tables
from newsletter.store.inserting import insert_new
from newsletter.subscribers.attributes import people_table
from newsletter.subscribers.consent import Act, Method
from newsletter.subscribers.importing.deciding import differs, has_tag, has_topic
from newsletter.subscribers.importing.staging import Staging
from newsletter.subscribers.importing.standing import SUPPRESSED_FOR, Standing
from newsletter.subscribers.importing.target import Fate, Target

_subscriptions, _suppressions, _consents = tables.subscriptions, tables.suppressions, tables.consents
_topics, _tags = tables.subscriber_topics, tables.subscriber_tags

_SUBSCRIBED = (Fate.ADDED, Fate.JOINED)
_KEPT = (Fate.ADDED, Fate.LEFT)
_RENEWED = (Fate.JOINED, Fate.CHANGED)
_GIVEN_MORE = (*_SUBSCRIBED, Fate.CHANGED)


def apply(connection: sa.Connection, staging: Staging, target: Target, counts: Mapping[Fate, int]) -> None:
    """Write what was decided.

    Args:
        counts: How many rows have each fate, so that nothing is asked in vain.
    """
    people = people_table(target.definitions)
    _add_people(connection, people, staging, target)
    if any(counts.get(fate) for fate in _RENEWED):
        _renew_people(connection, people, staging, target)
    _subscribe(connection, staging, target)
    if counts.get(Fate.LEFT):
        _take_off(connection, staging, target)
        _suppress(connection, staging, target)
        _record(connection, staging, target, Fate.LEFT)
    _add_more(connection, staging)
    _record(connection, staging, target, *_SUBSCRIBED)


def new_numbers(connection: sa.Connection, staging: Staging, after: int) -> sa.ColumnElement[int]:
    """Give the number that whoever is new to the database will have there, by the place of a row.

    Args:
        after: The place before the first of the chunk.
    """
    people = tables.subscribers
    if connection.dialect.name != "sqlite":
        sequence = connection.scalar(sa.select(sa.func.pg_get_serial_sequence(people.name, "id")))
        given: sa.ColumnElement[int] = sa.func.nextval(sequence)
        return given
    # The write lock is ours: nobody else can take these numbers.
    used = connection.scalar(
        sa.text(
            "SELECT max(coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'subscribers'), 0), "
            "coalesce((SELECT max(id) FROM subscribers), 0))"
        )
    )
    return sa.literal(used - after) + staging.rows.c.place


def _add_people(connection: sa.Connection, people: sa.TableClause, staging: Staging, target: Target) -> None:
    rows, fates = staging.rows, staging.fates
    copied = ("address", "address_key", "address_hash", *staging.values)
    new = (
        sa.select(fates.c.subscriber_id, *(rows.c[name] for name in copied), _moment(target.now), _moment(target.now))
        .join_from(fates, rows, rows.c.place == fates.c.place)
        .where(~fates.c.is_known, fates.c.fate.in_(_KEPT))
        .order_by(fates.c.place)
    )
    connection.execute(sa.insert(people).from_select(["id", *copied, "created_at", "changed_at"], new))


def _renew_people(connection: sa.Connection, people: sa.TableClause, staging: Staging, target: Target) -> None:
    rows, fates = staging.rows, staging.fates
    values = {name: sa.func.coalesce(rows.c[name], people.c[name]) for name in staging.values}
    connection.execute(
        sa.update(people)
        .where(
            people.c.id == fates.c.subscriber_id,
            rows.c.place == fates.c.place,
            fates.c.fate.in_(_RENEWED),
            differs(people, staging),
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
    connection.execute(sa.insert(_subscriptions).from_select(columns, joining.order_by(fates.c.place)))


def _take_off(connection: sa.Connection, staging: Staging, target: Target) -> None:
    """Keep people as having left the list, whether they were on it or not.

    How and when somebody joined is proof of consent to what they got until now, and stays as it is.
    """
    fates = staging.fates
    leaving = sa.select(fates.c.subscriber_id).where(fates.c.fate == Fate.LEFT)
    on_list = (_subscriptions.c.list == target.list) & _subscriptions.c.subscriber_id.in_(leaving)
    connection.execute(
        sa.update(_subscriptions)
        .where(on_list, _subscriptions.c.status == "subscribed")
        .values(status="unsubscribed", unsubscribed_at=target.now)
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


def _suppress(connection: sa.Connection, staging: Staging, target: Target) -> None:
    """Keep everybody from being mailed by whom nobody may mail, says the file."""
    rows, fates = staging.rows, staging.fates
    reason = sa.case(*((rows.c.standing == standing, words) for standing, words in SUPPRESSED_FOR.items()))
    chosen = (
        sa.select(rows.c.address_hash, reason, _moment(target.now), sa.literal(target.source))
        .join_from(fates, rows, rows.c.place == fates.c.place)
        .where(fates.c.fate == Fate.LEFT, rows.c.standing >= Standing.BLOCKED)
    )
    columns = ["address_hash", "reason", "created_at", "detail"]
    connection.execute(insert_new(connection, _suppressions).from_select(columns, chosen))


def _add_more(connection: sa.Connection, staging: Staging) -> None:
    """Add the topics and tags that somebody does not have yet."""
    fates, topics, tags = staging.fates, staging.topics, staging.tags
    for is_there, given, kept, has in (
        (staging.holds.topics, topics.c.topic, _topics, has_topic),
        (staging.holds.tags, tags.c.tag, _tags, has_tag),
    ):
        if is_there:
            chosen = (
                sa.select(fates.c.subscriber_id, given)
                .join_from(fates, given.table, fates.c.number == given.table.c.number)
                .where(fates.c.fate.in_(_GIVEN_MORE), ~has(fates.c.subscriber_id, given))
                .order_by(fates.c.place)
            )
            connection.execute(sa.insert(kept).from_select(["subscriber_id", given.name], chosen))


def _record(connection: sa.Connection, staging: Staging, target: Target, *meant: Fate) -> None:
    """Add to the ledger of consent what the file tells of each person who joins or leaves by it."""
    rows, fates = staging.rows, staging.fates
    columns: dict[str, sa.ColumnElement[Any]] = {
        "subscriber_id": fates.c.subscriber_id,
        "at": _moment(target.now),
        "list": sa.literal(target.list),
        "method": sa.literal(Method.IMPORT.value),
        "source": sa.literal(target.source),
        "by": sa.literal(target.by or None, sa.Text),
        "detail": rows.c.detail,
    }
    if Fate.LEFT in meant:
        columns["act"] = sa.case(
            (rows.c.standing == Standing.COMPLAINED, Act.COMPLAINED.value),
            (rows.c.standing >= Standing.BLOCKED, Act.SUPPRESSED.value),
            else_=Act.LEFT.value,
        )
    else:
        columns["act"] = sa.literal(Act.IMPORTED.value)
        columns |= {"basis": sa.literal(target.basis, sa.Text), "requested_at": rows.c.requested_at}
        if target.networks != "none":
            columns["network"] = rows.c.network
    chosen = (
        sa.select(*columns.values())
        .join_from(fates, rows, rows.c.place == fates.c.place)
        .where(fates.c.fate.in_(meant))
        .order_by(fates.c.place)
    )
    connection.execute(sa.insert(_consents).from_select(list(columns), chosen))


def _moment(moment: datetime) -> sa.BindParameter[datetime]:
    return sa.literal(moment, _subscriptions.c.subscribed_at.type)
