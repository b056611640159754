"""Keyed hashes of addresses, under which suppressions outlive a person's data, and a change of the secret key.

Every subscriber is kept with the hash of the key in use, and a suppression under the hash of the key that was in
use when it came about. When the key changes, `renew_hashes` gives subscribers their new hash and copies what is kept
under their older ones; people who were erased are found by the hashes of all keys when somebody adds them.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Final, TypeAlias

import sqlalchemy as sa

from newsletter.store import Database, tables
from newsletter.store.inserting import insert_new

AddressHashes: TypeAlias = Callable[[str], Sequence[bytes]]
"""Gives the keyed hashes of an address's key, 32 bytes each: by the secret in use, then by those before it."""

PAGE: Final = 1000

_people, _suppressions = tables.subscribers, tables.suppressions


def suppression(connection: sa.Connection, hashes: Sequence[bytes]) -> str | None:
    """Tell why an address may not be mailed; None where it may."""
    chosen = sa.select(_suppressions.c.reason).where(_suppressions.c.address_hash.in_(hashes))
    return connection.scalar(chosen.order_by(_suppressions.c.created_at).limit(1))


def suppress_people(
    connection: sa.Connection, subscribers: Sequence[int], reason: str, now: datetime, detail: str | None = None
) -> None:
    """Keep from being mailed those of some people who are not kept from it already."""
    there = sa.exists().where(_suppressions.c.address_hash == _people.c.address_hash)
    rows = sa.select(
        _people.c.address_hash,
        sa.literal(reason),
        sa.literal(now, _suppressions.c.created_at.type),
        sa.literal(detail, sa.Text()),
    ).where(_people.c.id.in_(subscribers), ~there)
    names = ["address_hash", "reason", "created_at", "detail"]
    connection.execute(insert_new(connection, _suppressions).from_select(names, rows))


def renew_hashes(database: Database, hashes: AddressHashes) -> None:
    """Bring what is kept under a key that is no longer in use under the one that is; all of it or nothing.

    Looks at no more than two subscribers when the key is the same as before.

    Raises:
        StoreError: The database cannot be written.
    """
    with database.reading() as connection:
        if _are_current(connection, hashes):
            return
    with database.writing() as connection:
        last = 0
        while page := _page(connection, last):
            _renew(connection, page, hashes)
            last = page[-1].id


def _are_current(connection: sa.Connection, hashes: AddressHashes) -> bool:
    first = sa.select(sa.func.min(_people.c.id)).scalar_subquery()
    last = sa.select(sa.func.max(_people.c.id)).scalar_subquery()
    chosen = sa.select(_people.c.address_key, _people.c.address_hash).where(_people.c.id.in_([first, last]))
    return all(row.address_hash == hashes(row.address_key)[0] for row in connection.execute(chosen))


def _page(connection: sa.Connection, last: int) -> Sequence[sa.Row[*tuple[Any, ...]]]:
    columns = (_people.c.id, _people.c.address_key, _people.c.address_hash)
    return connection.execute(sa.select(*columns).where(_people.c.id > last).order_by(_people.c.id).limit(PAGE)).all()


def _renew(connection: sa.Connection, people: Sequence[sa.Row[*tuple[Any, ...]]], hashes: AddressHashes) -> None:
    renewed = {row.id: tuple(hashes(row.address_key)) for row in people}
    stale = [row for row in people if row.address_hash != renewed[row.id][0]]
    if not stale:
        return
    connection.execute(
        sa.update(_people).where(_people.c.id == sa.bindparam("number")).values(address_hash=sa.bindparam("renewed")),
        [{"number": row.id, "renewed": renewed[row.id][0]} for row in stale],
    )
    # The hash that was kept may be of a key that is gone by now, so that it is looked for too.
    _copy_suppressions(connection, [(row.address_hash, *renewed[row.id]) for row in stale])


def _copy_suppressions(connection: sa.Connection, people: Sequence[tuple[bytes, ...]]) -> None:
    """Keep under their new hash, the second of each, people who are suppressed under any of their hashes."""
    wanted = {hashed for hashes in people for hashed in hashes}
    found = {
        row.address_hash: row
        for row in connection.execute(sa.select(_suppressions).where(_suppressions.c.address_hash.in_(wanted)))
    }
    copies: list[dict[str, Any]] = []
    for kept, new, *older in people:
        row = next((found[hashed] for hashed in (kept, *older) if hashed in found), None)
        if row is not None and new not in found:
            values = {"reason": row.reason, "created_at": row.created_at, "detail": row.detail}
            copies.append({"address_hash": new, **values})
    if copies:
        connection.execute(sa.insert(_suppressions), copies)
