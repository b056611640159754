"""What outlives a person's row, as keyed hashes: the lists that nobody may add an address to, and old numbers.

A suppression keeps an address from being mailed at all, and ends once the person joins anything. A departure keeps it
from being added to one list, or to any (`ALL`), by staff and imports; the person ends it for each list that they join.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import sqlalchemy as sa

from newsletter.store import tables
from newsletter.store.inserting import insert_new

ALL: Final = ""
"""Stands for every list that the person does not join again."""

_people, _subscriptions, _deliveries = tables.subscribers, tables.subscriptions, tables.deliveries
_departures, _former, _suppressions = tables.departures, tables.former_people, tables.suppressions


@dataclass(frozen=True, slots=True)
class Former:
    """Somebody who was kept under a number.

    Args:
        into: Who they are part of now; None where nobody is.
    """

    address_hash: bytes
    into: int | None


def bar(connection: sa.Connection, address_hash: bytes, list_name: str, now: datetime) -> None:
    """Let nobody but the person add an address to a list, or to any."""
    row = {"address_hash": address_hash, "list": list_name, "at": now}
    connection.execute(insert_new(connection, _departures).values(row))


def bar_departed(connection: sa.Connection, subscribers: Sequence[int], now: datetime) -> None:
    """Let nobody but themselves add people to the lists that they have left."""
    left = sa.select(_people.c.address_hash, _subscriptions.c.list, sa.literal(now, _departures.c.at.type))
    left = left.join_from(_people, _subscriptions, _subscriptions.c.subscriber_id == _people.c.id)
    left = left.where(_people.c.id.in_(subscribers), _subscriptions.c.status == "unsubscribed")
    connection.execute(insert_new(connection, _departures).from_select(["address_hash", "list", "at"], left))


def unbar(connection: sa.Connection, hashes: Sequence[bytes], list_name: str) -> None:
    """Let a person be on a list again, because they have joined it."""
    mine = _departures.c.address_hash.in_(hashes) & (_departures.c.list == list_name)
    connection.execute(sa.delete(_departures).where(mine))


def is_barred(connection: sa.Connection, hashes: Sequence[bytes], list_name: str) -> bool:
    """Tell whether only the person may put an address on a list."""
    found = sa.exists().where(_departures.c.address_hash.in_(hashes), _departures.c.list.in_([list_name, ALL]))
    return bool(connection.scalar(sa.select(found)))


def suppress_hash(connection: sa.Connection, address_hash: bytes, reason: str, now: datetime) -> None:
    """Keep an address from being mailed, unless it is kept from it already."""
    row = {"address_hash": address_hash, "reason": reason, "created_at": now}
    connection.execute(insert_new(connection, _suppressions).values(row))


def leave_trace(connection: sa.Connection, subscribers: Sequence[int], now: datetime, into: int | None = None) -> None:
    """Keep where the numbers of people have gone who have messages of ours: what they say about these must still count.

    Args:
        into: Who they are part of from now on.
    """
    rows = sa.select(
        _people.c.id, _people.c.address_hash, sa.literal(into, sa.BigInteger()), sa.literal(now, _former.c.at.type)
    ).where(_people.c.id.in_(subscribers), sa.exists().where(_deliveries.c.subscriber_id == _people.c.id))
    connection.execute(
        insert_new(connection, _former).from_select(["subscriber_id", "address_hash", "into", "at"], rows)
    )
    if into is not None:
        chained = sa.update(_former).where(_former.c.into.in_(subscribers))
        connection.execute(chained.values(into=into))


def former(connection: sa.Connection, subscriber: int) -> Former | None:
    """Tell what became of a number that nobody has any more."""
    chosen = sa.select(_former.c.address_hash, _former.c.into).where(_former.c.subscriber_id == subscriber)
    row = connection.execute(chosen).one_or_none()
    return Former(row.address_hash, row.into) if row else None


def successor(connection: sa.Connection, subscriber: int) -> int:
    """Give the number that somebody is kept under now, who was kept under this one."""
    found = former(connection, subscriber)
    return found.into if found is not None and found.into is not None else subscriber
