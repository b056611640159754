"""Leaving: a person goes off a list, holds at once, and can be taken back for a little while."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa

from newsletter.store import tables
from newsletter.subscribers.consent import Act, Consent, Method, as_row, record
from newsletter.subscribers.departures import ALL, bar, former, successor, suppress_hash
from newsletter.subscribers.holding import hold_people

TAKEN_BACK_WITHIN: Final = timedelta(hours=1)
"""How long somebody can take a leave back without joining anew."""
LONGEST_REASON: Final = 500
OWN: Final = frozenset({Method.PAGE, Method.ONE_CLICK, Method.MAIL, Method.REPORT})
"""The methods by which it is the person who says that they want no more."""

SAID: Final = OWN | {Method.STAFF}
"""The methods by which somebody says so at this moment, so that it counts even where they were off the list already."""

_consents, _subscriptions, _people = tables.consents, tables.subscriptions, tables.subscribers


def leave(
    connection: sa.Connection,
    subscriber: int,
    list_name: str | None,
    method: Method,
    now: datetime,
    *,
    act: Act = Act.LEFT,
    network: str | None = None,
    source: str | None = None,
    by: str | None = None,
    detail: str | None = None,
) -> tuple[str, ...]:
    """Take somebody off a list, or off all of them; for dispatches under way too. Safe to repeat.

    Args:
        act: `Act.LEFT`, or `Act.COMPLAINED`.
        detail: Why, if it was said.

    Returns:
        The lists that the person was on until now.
    """
    subscriber = _standing(connection, subscriber, list_name, method, act, now)
    affected = (_subscriptions.c.subscriber_id == subscriber) & (_subscriptions.c.status == "subscribed")
    if list_name is not None:
        affected &= _subscriptions.c.list == list_name
    left = (
        sa.update(_subscriptions)
        .where(affected)
        .values(status="unsubscribed", unsubscribed_at=now)
        .returning(_subscriptions.c.list)
    )
    lists = tuple(sorted(connection.scalars(left)))
    if method in OWN and list_name is not None and not lists:
        _keep_off(connection, subscriber, list_name, method, now)
    again = _left_otherwise(connection, subscriber, list_name, method) if method in SAID else []
    for name in sorted({*lists, *again}):
        consent = Consent(now, act, method, list=name, network=network, source=source, by=by, detail=detail)
        record(connection, [subscriber], consent)
    return lists


def _standing(
    connection: sa.Connection, subscriber: int, list_name: str | None, method: Method, act: Act, now: datetime
) -> int:
    """Give the number that somebody has now; of who is not kept any more the hash is barred."""
    hold_people(connection, [subscriber])
    if connection.scalar(sa.select(_people.c.id).where(_people.c.id == subscriber)) is not None:
        return subscriber
    found = former(connection, subscriber)
    if found is None:
        return subscriber
    if act is Act.COMPLAINED and method in OWN:
        bar(connection, found.address_hash, ALL, now)
        suppress_hash(connection, found.address_hash, act.value, now)
    again = sa.select(_people.c.id).where(_people.c.address_hash == found.address_hash)
    now_known = found.into if found.into is not None else connection.scalar(again)
    if now_known is not None:
        hold_people(connection, [now_known])
        return now_known
    if method in OWN:
        bar(connection, found.address_hash, list_name or ALL, now)
    return subscriber


def leave_together(
    connection: sa.Connection, leavers: Collection[tuple[int, str]], method: Method, now: datetime, source: str
) -> list[tuple[int, str]]:
    """Take several people off a list each, in as few steps as one would take.

    Returns:
        Those who are not on it: what becomes of them is for `leave` to see, of each in a transaction of its own, since
        it may concern others too.
    """
    hold_people(connection, {subscriber for subscriber, _ in leavers})
    mine = sa.tuple_(_subscriptions.c.subscriber_id, _subscriptions.c.list)
    found = connection.execute(
        sa.select(_subscriptions.c.subscriber_id, _subscriptions.c.list).where(
            mine.in_(sorted(leavers)), _subscriptions.c.status == "subscribed"
        )
    )
    leaving = sorted((row.subscriber_id, row.list) for row in found)
    if leaving:
        gone = {"status": "unsubscribed", "unsubscribed_at": now}
        connection.execute(sa.update(_subscriptions).where(mine.in_(leaving)).values(gone))
        consents = {name: as_row(Consent(now, Act.LEFT, method, list=name, source=source)) for _, name in leaving}
        connection.execute(sa.insert(_consents), [{"subscriber_id": one, **consents[name]} for one, name in leaving])
    return sorted({*leavers} - {*leaving})


def pause(connection: sa.Connection, subscriber: int, list_name: str, until: datetime, now: datetime) -> bool:
    """Send somebody nothing of a list until a moment, if they are on it; tells whether they are.

    Never ends a pause sooner: whoever may leave for somebody may do less than that, and not more.
    """
    subscriber = successor(connection, subscriber)
    hold_people(connection, [subscriber])
    mine = (
        (_subscriptions.c.subscriber_id == subscriber)
        & (_subscriptions.c.list == list_name)
        & (_subscriptions.c.status == "subscribed")
    )
    row = connection.execute(sa.select(_subscriptions.c.paused_until).where(mine)).one_or_none()
    if row is None:
        return False
    if row.paused_until is None or row.paused_until < until:
        connection.execute(sa.update(_subscriptions).where(mine).values(paused_until=until))
        detail = f"pause until: {until.date().isoformat()}"
        record(connection, [subscriber], Consent(now, Act.CHOSE, Method.PAGE, list=list_name, detail=detail))
    return True


def give_reason(connection: sa.Connection, subscriber: int, list_name: str, reason: str, now: datetime) -> bool:
    """Keep why somebody has left a list, if they have; tells whether they have."""
    subscriber = successor(connection, subscriber)
    if left_at(connection, subscriber, list_name) is None:
        return False
    consent = Consent(now, Act.LEFT, Method.PAGE, list=list_name, detail=reason[:LONGEST_REASON])
    record(connection, [subscriber], consent)
    return True


def take_back(
    connection: sa.Connection, subscriber: int, list_name: str, now: datetime, *, network: str | None = None
) -> bool:
    """Undo a leave that the person made a little while ago; tells whether they are on the list then."""
    subscriber = successor(connection, subscriber)
    hold_people(connection, [subscriber])
    moment = left_at(connection, subscriber, list_name)
    mine = (_subscriptions.c.subscriber_id == subscriber) & (_subscriptions.c.list == list_name)
    if moment is None:
        return connection.scalar(sa.select(_subscriptions.c.status).where(mine)) == "subscribed"
    if now - moment > TAKEN_BACK_WITHIN or not _was_own(connection, subscriber, list_name, moment):
        return False
    if connection.scalar(sa.select(_subscriptions.c.subscribed_at).where(mine)) == moment:
        # They were never on it: there is nothing to come back to.
        return False
    connection.execute(sa.update(_subscriptions).where(mine).values(status="subscribed", unsubscribed_at=None))
    record(connection, [subscriber], Consent(now, Act.RETURNED, Method.PAGE, list=list_name, network=network))
    return True


def left_at(connection: sa.Connection, subscriber: int, list_name: str) -> datetime | None:
    """Tell when somebody left a list; None where they are on it or never were."""
    moment: datetime | None = connection.scalar(
        sa.select(_subscriptions.c.unsubscribed_at).where(
            _subscriptions.c.subscriber_id == subscriber,
            _subscriptions.c.list == list_name,
            _subscriptions.c.status == "unsubscribed",
        )
    )
    return moment


def _keep_off(connection: sa.Connection, subscriber: int, list_name: str, method: Method, now: datetime) -> None:
    """Keep somebody off a list that they are not on: an import that was undone since may have mailed them."""
    mine = sa.exists().where(_subscriptions.c.subscriber_id == subscriber, _subscriptions.c.list == list_name)
    person = sa.exists().where(_people.c.id == subscriber)
    if connection.scalar(sa.select(person & ~mine)):
        row = {"status": "unsubscribed", "source": method.value, "subscribed_at": now, "unsubscribed_at": now}
        connection.execute(sa.insert(_subscriptions).values(subscriber_id=subscriber, list=list_name, **row))


def _left_otherwise(connection: sa.Connection, subscriber: int, list_name: str | None, method: Method) -> list[str]:
    """Name the lists that somebody was taken off, and has not left themselves since: now they have.

    Staff may undo what they did to many; what the person says, or staff of this person, must hold all the same.
    """
    methods = OWN if method in OWN else SAID
    since = _subscriptions.c.subscribed_at if method in OWN else _subscriptions.c.unsubscribed_at
    own = sa.exists().where(
        _consents.c.subscriber_id == subscriber,
        _consents.c.list == _subscriptions.c.list,
        _consents.c.method.in_([one.value for one in methods]),
        _consents.c.act.in_([Act.LEFT.value, Act.COMPLAINED.value]),
        (_consents.c.at >= since) if method in OWN else (_consents.c.at > since),
    )
    gone = sa.select(_subscriptions.c.list).where(
        _subscriptions.c.subscriber_id == subscriber, _subscriptions.c.status == "unsubscribed", ~own
    )
    if list_name is not None:
        gone = gone.where(_subscriptions.c.list == list_name)
    return list(connection.scalars(gone))


def _was_own(connection: sa.Connection, subscriber: int, list_name: str, moment: datetime) -> bool:
    """Tell whether it was the person who left, and not a report that they complained, an import or staff."""
    own = sa.exists().where(
        _consents.c.subscriber_id == subscriber,
        _consents.c.list == list_name,
        _consents.c.act == Act.LEFT.value,
        _consents.c.method.in_([one.value for one in OWN - {Method.REPORT}]),
        _consents.c.at == moment,
    )
    return bool(connection.scalar(sa.select(own)))
