"""The link to a person's own page, mailed to their address when somebody asks for it."""

from typing import Final

import sqlalchemy as sa

from newsletter.store import tables
from newsletter.subscribers.addresses import Address
from newsletter.subscribers.departures import successor
from newsletter.subscribers.hashes import AddressHashes, suppression
from newsletter.subscribers.joining import Asking, Kind, is_throttled, request

_NO_WISH: Final = "{}"

_people = tables.subscribers


def ask_for_link(connection: sa.Connection, address: Address, asking: Asking, hashes: AddressHashes) -> None:
    """Have the link mailed to an address, if somebody has it; says nothing about whether anybody does.

    Not to whom nobody may mail, and not twice a day.
    """
    subscriber: int | None = connection.scalar(sa.select(_people.c.id).where(_people.c.address_key == address.key))
    blocked = suppression(connection, hashes(address.key)) is not None
    throttled = is_throttled(connection, Kind.LINK, address, hashes, asking.at)
    if subscriber is None or blocked or throttled:
        return
    request(connection, Kind.LINK, address, _NO_WISH, asking, None, hashes(address.key)[0], subscriber)


def ask_for_own_link(connection: sa.Connection, subscriber: int, asking: Asking, hashes: AddressHashes) -> None:
    """Have the link mailed to somebody whose number is known, on the same terms."""
    subscriber = successor(connection, subscriber)
    row = connection.execute(
        sa.select(_people.c.address, _people.c.address_key).where(_people.c.id == subscriber)
    ).one_or_none()
    if row is not None:
        ask_for_link(connection, Address(row.address, row.address_key), asking, hashes)
