"""Single subscribers: added, shown, unsubscribed, removed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from newsletter.errors import SubscriberError
from newsletter.expressions import Value
from newsletter.store import tables
from newsletter.subscribers.addresses import Address
from newsletter.subscribers.attributes import column_of, people_table
from newsletter.subscribers.consent import Act, Consent, Method, record
from newsletter.subscribers.definitions import TOPICS, Definitions
from newsletter.subscribers.departures import ALL, bar, is_barred, suppress_hash
from newsletter.subscribers.hashes import AddressHashes, suppression
from newsletter.subscribers.holding import hold_people, hold_suppressions
from newsletter.subscribers.leaving import leave
from newsletter.subscribers.loading import read_records
from newsletter.subscribers.rights import ERASED, forget
from newsletter.subscribers.topics import add_topics, set_topics

_people, _subscriptions = tables.subscribers, tables.subscriptions


@dataclass(frozen=True, slots=True)
class Subscription:
    """What somebody's relation to a list is, and since when."""

    list: str
    status: str
    source: str
    subscribed_at: datetime
    unsubscribed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Profile:
    """All that is kept of one subscriber."""

    id: int
    address: str
    values: Mapping[str, Value]
    created_at: datetime
    subscriptions: tuple[Subscription, ...]
    suppressed: str | None


def find(connection: sa.Connection, address: Address) -> int | None:
    """Find a subscriber's number."""
    return connection.scalar(sa.select(_people.c.id).where(_people.c.address_key == address.key))


def add(
    connection: sa.Connection,
    address: Address,
    list_name: str,
    values: Mapping[str, Value],
    definitions: Definitions,
    *,
    source: str,
    now: datetime,
    hashes: AddressHashes,
    by: str | None = None,
) -> int:
    """Add somebody to a list, or somebody who is known already.

    Args:
        values: Built-in fields, attributes and `topics`.
        source: Why they may be mailed, and how that is known.
        by: Who adds them.

    Raises:
        SubscriberError: They have unsubscribed from that list, or may not be mailed at all.
    """
    hashed = hashes(address.key)
    suppressed = suppression(connection, hashed)
    if suppressed:
        raise SubscriberError(
            f"{address.address} may not be mailed: {suppressed}",
            remedy="Only the person can change that, by joining again.",
        )
    subscriber = find(connection, address)
    columns = {column_of(name): value for name, value in values.items() if name != TOPICS}
    people = people_table(definitions)
    if subscriber is None:
        known = {"address": address.address, "address_key": address.key, "address_hash": hashed[0]}
        connection.execute(sa.insert(people).values(created_at=now, changed_at=now, **known, **columns))
        subscriber = _known(connection, address)
    elif columns:
        connection.execute(sa.update(people).where(people.c.id == subscriber).values(changed_at=now, **columns))
    status = connection.scalar(
        sa.select(_subscriptions.c.status).where(
            _subscriptions.c.subscriber_id == subscriber, _subscriptions.c.list == list_name
        )
    )
    if status == "unsubscribed" or (status is None and is_barred(connection, hashed, list_name)):
        raise SubscriberError(
            f"{address.address} has unsubscribed from {list_name}",
            remedy="Only the person can change that, by joining again.",
        )
    if status is None:
        connection.execute(
            sa.insert(_subscriptions).values(
                subscriber_id=subscriber,
                list=list_name,
                status="subscribed",
                source=source,
                subscribed_at=now,
            )
        )
        consent = Consent(now, Act.ADDED, Method.STAFF, list=list_name, source=source, by=by)
        record(connection, [subscriber], consent)
    add_topics(connection, subscriber, _topics_in(values))
    return subscriber


def change(
    connection: sa.Connection, address: Address, values: Mapping[str, Value], definitions: Definitions, now: datetime
) -> None:
    """Change what is kept of somebody, whether they are on a list or have left; None forgets a value.

    Raises:
        SubscriberError: Nobody has that address.
    """
    subscriber = _known(connection, address)
    people = people_table(definitions)
    columns = {column_of(name): value for name, value in values.items() if name != TOPICS}
    connection.execute(sa.update(people).where(people.c.id == subscriber).values(changed_at=now, **columns))
    if TOPICS in values:
        set_topics(connection, subscriber, _topics_in(values))


def show(connection: sa.Connection, address: Address, definitions: Definitions, hashes: AddressHashes) -> Profile:
    """Show all that is kept of somebody.

    Raises:
        SubscriberError: Nobody has that address.
    """
    subscriber = _known(connection, address)
    record = read_records(connection, [subscriber], definitions)[subscriber]
    columns = (_subscriptions.c[name] for name in Subscription.__dataclass_fields__)
    subscriptions = connection.execute(
        sa.select(*columns).where(_subscriptions.c.subscriber_id == subscriber).order_by(_subscriptions.c.list)
    )
    created: datetime = connection.execute(
        sa.select(_people.c.created_at).where(_people.c.id == subscriber)
    ).scalar_one()
    return Profile(
        subscriber,
        record.address,
        record.values,
        created,
        tuple(Subscription(*row) for row in subscriptions),
        suppression(connection, hashes(address.key)),
    )


def unsubscribe(
    connection: sa.Connection, address: Address, list_name: str | None, now: datetime, by: str | None = None
) -> tuple[str, ...]:
    """Take somebody off a list, or off all of them; holds at once, for dispatches under way too.

    Returns:
        The lists that the person was on until now.

    Raises:
        SubscriberError: Nobody has that address.
    """
    return leave(connection, _known(connection, address), list_name, Method.STAFF, now, by=by)


def remove(
    connection: sa.Connection, address: Address, now: datetime, hashes: AddressHashes, *, suppress: bool
) -> None:
    """Erase somebody: nothing is kept but, where they unsubscribed or it is asked for, a keyed hash.

    The hash keeps a later import from bringing them back. Rows of the ledger stay; they name nobody.

    Raises:
        SubscriberError: Nobody has that address.
    """
    hold_suppressions(connection)
    subscriber = _known(connection, address)
    hold_people(connection, [subscriber])
    left = connection.scalar(
        sa.select(sa.func.count()).where(
            _subscriptions.c.subscriber_id == subscriber, _subscriptions.c.status == "unsubscribed"
        )
    )
    hashed = hashes(address.key)
    if (left or suppress) and suppression(connection, hashed) is None:
        suppress_hash(connection, hashed[0], "unsubscribed" if left else ERASED, now)
    if suppress:
        bar(connection, hashed[0], ALL, now)
    forget(connection, [subscriber], now)


def _known(connection: sa.Connection, address: Address) -> int:
    subscriber = find(connection, address)
    if subscriber is None:
        raise SubscriberError(
            f"nobody has the address {address.address}",
            remedy="Check how it is written; see 'subscribers find'.",
        )
    return subscriber


def _topics_in(values: Mapping[str, Value]) -> frozenset[str]:
    topics = values.get(TOPICS)
    return topics if isinstance(topics, frozenset) else frozenset()
