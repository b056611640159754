"""Confirming: what somebody asked for takes effect once whoever reads the address's mail has said yes."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

import sqlalchemy as sa

from newsletter.store import tables
from newsletter.subscribers.addresses import Address
from newsletter.subscribers.consent import Act, Consent, Method, record
from newsletter.subscribers.definitions import Definitions
from newsletter.subscribers.departures import ALL, bar
from newsletter.subscribers.hashes import AddressHashes
from newsletter.subscribers.holding import hold_people, hold_suppressions
from newsletter.subscribers.joining import (
    THROTTLE,
    VALID_FOR,
    Answer,
    Asking,
    Kind,
    is_throttled,
    join,
    lift_suppressions,
    request,
    unpack,
)
from newsletter.subscribers.merging import merge

MOST_ADDRESSES: Final = 5
"""So many addresses may somebody have asked in a day; more would mail strangers on their behalf."""

_confirmations, _people = tables.confirmations, tables.subscribers


@dataclass(frozen=True, slots=True)
class Confirmation:
    """What waits to be confirmed, or was.

    Args:
        subscriber: Whose it is; None until a join is confirmed.
        lists: What would be joined.
    """

    number: int
    kind: Kind
    address: Address
    subscriber: int | None
    lists: tuple[str, ...]
    language: str
    expires_at: datetime
    confirmed_at: datetime | None


def read_confirmation(connection: sa.Connection, number: int, definitions: Definitions) -> Confirmation | None:
    """Read what is to be confirmed, changing nothing; None where it is not there any more."""
    row = connection.execute(sa.select(_confirmations).where(_confirmations.c.id == number)).one_or_none()
    if row is None:
        return None
    kind = Kind(row.kind)
    lists = unpack(row.wish, definitions).lists if kind is Kind.JOIN else ()
    address = Address(row.address, row.address_key)
    return Confirmation(row.id, kind, address, row.subscriber_id, lists, row.language, row.expires_at, row.confirmed_at)


def confirm(
    connection: sa.Connection,
    number: int,
    definitions: Definitions,
    hashes: AddressHashes,
    now: datetime,
    *,
    network: str | None = None,
) -> tuple[Answer, int | None]:
    """Let what was asked for take effect; safe to repeat.

    Returns:
        What it led to, and whose it is; an answer of its own for what has expired or was never asked.
    """
    mine = _confirmations.c.id == number
    hold_suppressions(connection)
    row = connection.execute(sa.select(_confirmations).where(mine).with_for_update()).one_or_none()
    if row is None or row.kind not in (Kind.JOIN, Kind.ADDRESS):
        return Answer.EXPIRED, None
    if row.confirmed_at is not None:
        return Answer.ALREADY, row.subscriber_id
    if now >= row.expires_at:
        return Answer.EXPIRED, None
    address = Address(row.address, row.address_key)
    asking = Asking(row.requested_at, row.language, row.source, network=network or row.network)
    if row.kind == Kind.JOIN:
        wish = unpack(row.wish, definitions)
        subscriber = join(connection, address, wish, asking, row.text_id, Method.CONFIRMED, definitions, hashes, now)
    else:
        subscriber = _move(connection, row.subscriber_id, address, asking, hashes, now)
    connection.execute(
        sa.update(_confirmations)
        .where(mine)
        .values(confirmed_at=now, subscriber_id=subscriber, mail_due=None, network=None)
    )
    return Answer.DONE, subscriber


def ask_new_address(
    connection: sa.Connection, subscriber: int, address: Address, asking: Asking, hashes: AddressHashes
) -> None:
    """Ask a new address whether it is the person's; until it says yes nothing changes.

    A new request takes the place of one for another address, so that a link to a mistyped one is worth nothing. The
    same address within a day changes nothing: it has its mail already.
    """
    waiting = (
        (_confirmations.c.subscriber_id == subscriber)
        & (_confirmations.c.kind == Kind.ADDRESS.value)
        & _confirmations.c.confirmed_at.is_(None)
    )
    others = waiting & (_confirmations.c.address_key != address.key)
    connection.execute(sa.update(_confirmations).where(others).values(expires_at=asking.at, mail_due=None))
    if _ask_again(connection, waiting, address, asking) or is_throttled(
        connection, Kind.ADDRESS, address, hashes, asking.at
    ):
        return
    today = sa.select(sa.func.count()).where(
        _confirmations.c.subscriber_id == subscriber,
        _confirmations.c.kind == Kind.ADDRESS.value,
        _confirmations.c.requested_at > asking.at - THROTTLE,
    )
    if (connection.scalar(today) or 0) >= MOST_ADDRESSES:
        return
    request(connection, Kind.ADDRESS, address, "{}", asking, None, hashes(address.key)[0], subscriber)


def _ask_again(connection: sa.Connection, waiting: sa.ColumnElement[bool], address: Address, asking: Asking) -> bool:
    """Let a request of the same day hold again that another one took the place of; tells whether there is one."""
    same = waiting & (_confirmations.c.address_key == address.key)
    not_mailed = sa.case((_confirmations.c.mailed_at.is_(None), asking.at), else_=_confirmations.c.mail_due)
    again = (
        sa.update(_confirmations)
        .where(same, _confirmations.c.requested_at > asking.at - THROTTLE)
        .values(expires_at=asking.at + VALID_FOR, mail_due=not_mailed)
    )
    return bool(connection.execute(again).rowcount)


def _move(
    connection: sa.Connection,
    subscriber: int,
    address: Address,
    asking: Asking,
    hashes: AddressHashes,
    now: datetime,
) -> int:
    """Give somebody their new address, tell the old one, and make one person of two who have it."""
    mine = _people.c.id == subscriber
    other: int | None = connection.scalar(
        sa.select(_people.c.id).where(_people.c.address_key == address.key, _people.c.id != subscriber)
    )
    hold_people(connection, [subscriber, *([other] if other is not None else [])])
    old = connection.execute(sa.select(_people).where(mine)).one()
    if old.address_key != address.key:
        # The same person under the address that they have given up: no import is to bring that back.
        bar(connection, old.address_hash, ALL, now)
    if other is not None:
        merge(connection, into=subscriber, other=other, now=now)
    hashed = hashes(address.key)[0]
    values = {"address": address.address, "address_key": address.key, "address_hash": hashed}
    connection.execute(sa.update(_people).where(mine).values(changed_at=now, **values))
    lift_suppressions(connection, address, hashes)
    consent = Consent(
        now, Act.ADDRESS, Method.CONFIRMED, requested_at=asking.at, source=asking.source, network=asking.network
    )
    record(connection, [subscriber], consent)
    told = Asking(now, asking.language, asking.source)
    before = Address(old.address, old.address_key)
    if before.key != address.key:
        request(connection, Kind.MOVED, before, "{}", told, None, old.address_hash, subscriber)
    return subscriber
