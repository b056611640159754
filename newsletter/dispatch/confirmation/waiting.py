"""What waits to be mailed, in the database: taken in hand, about to leave, settled, and counted.

A process takes a row in hand by moving `mail_due` ahead by a lease, in one guarded statement: so no two have it at a
time, and what a process leaves behind that was killed comes back by itself. Right before the mail leaves, the row is
looked at once more and `mailed_at` is written. Who does not find it as they took it hands nothing over.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa

from newsletter.store import tables
from newsletter.subscribers import Address, AddressHashes, Kind
from newsletter.subscribers.joining import THROTTLE

BATCH: Final = 50
"""How many are taken in hand at a time."""
IN_HAND: Final = timedelta(minutes=2)
"""After how long another process may take what was taken in hand and did not leave."""
IN_DOUBT: Final = timedelta(minutes=15)
"""After how long what left without an answer goes again: longer than a server may keep us waiting for one."""
MOST_DOUBTS: Final = 2
"""How often a mail leaves without an answer that is read: one twice does no harm, and none would."""

_rows, _texts, _people = tables.confirmations, tables.consent_texts, tables.subscribers


@dataclass(frozen=True, slots=True)
class Waiting:
    """One row, taken in hand.

    Args:
        attempts: How often it was taken in hand, this time included.
        held_until: The lease, by which it is known whether it is still ours.
        mailed_at: When it last left, or may have.
        consent: The words that were agreed to.
        is_current: Whether the person still has that address; True where nobody has to.
    """

    number: int
    kind: Kind
    subscriber: int | None
    address: Address
    wish: str
    language: str
    requested_at: datetime
    expires_at: datetime
    attempts: int
    held_until: datetime
    mailed_at: datetime | None
    consent: str
    is_current: bool


def is_due(connection: sa.Connection, now: datetime) -> bool:
    """Tell whether anything is due, without writing."""
    return bool(connection.scalar(sa.select(sa.exists().where(_rows.c.mail_due <= now))))


def take_in_hand(connection: sa.Connection, now: datetime, most: int = BATCH) -> Sequence[Waiting]:
    """Take what is due in hand, the longest due first, and let go of what need not be mailed any more."""
    over = (_rows.c.expires_at <= now) | _rows.c.confirmed_at.is_not(None) | (_rows.c.doubts >= MOST_DOUBTS)
    connection.execute(sa.update(_rows).where(_rows.c.mail_due <= now, over).values(mail_due=None))
    due = sa.select(_rows.c.id).where(_rows.c.mail_due <= now).order_by(_rows.c.mail_due, _rows.c.id).limit(most)
    numbers = connection.scalars(due.with_for_update(skip_locked=True)).all()
    until = now + IN_HAND
    taken = connection.scalars(
        sa.update(_rows)
        .where(_rows.c.id.in_(numbers), _rows.c.mail_due <= now)
        .values(mail_due=until, attempts=_rows.c.attempts + 1)
        .returning(_rows.c.id)
    ).all()
    return _read(connection, taken)


def _read(connection: sa.Connection, numbers: Sequence[int]) -> Sequence[Waiting]:
    rows = connection.execute(
        sa.select(_rows, _texts.c.text, _people.c.address_key.label("present_key"))
        .join_from(_rows, _texts, _rows.c.text_id == _texts.c.id, isouter=True)
        .join(_people, _rows.c.subscriber_id == _people.c.id, isouter=True)
        .where(_rows.c.id.in_(numbers))
        .order_by(_rows.c.requested_at, _rows.c.id)
    )
    return [
        Waiting(
            number=row.id,
            kind=Kind(row.kind),
            subscriber=row.subscriber_id,
            address=Address(row.address, row.address_key),
            wish=row.wish,
            language=row.language,
            requested_at=row.requested_at,
            expires_at=row.expires_at,
            attempts=row.attempts,
            held_until=row.mail_due,
            mailed_at=row.mailed_at,
            consent=row.text or "",
            is_current=row.kind != Kind.LINK or row.present_key == row.address_key,
        )
        for row in rows
    ]


def about_to_leave(
    connection: sa.Connection, waiting: Sequence[Waiting], hashes: AddressHashes, now: datetime
) -> frozenset[int]:
    """Write down that mails leave now, but for those that may not: by number.

    One of a kind goes to an address in a day, whoever asks for more and however they do. A second one waits until the
    day is over.
    """
    wanted = {one.number: one for one in waiting}
    rows = _neighbours(connection, waiting, hashes)
    going: dict[tuple[str, str], int] = {}
    for one in waiting:
        row = rows.get(one.number)
        if row is None or row.mail_due != one.held_until or row.expires_at <= now:
            continue
        free_at = _free_at(row, rows, now)
        if free_at is not None or (row.kind, row.address_key) in going:
            _write(connection, one, mail_due=_before_end(one, free_at or now + THROTTLE), attempts=one.attempts - 1)
            continue
        going[row.kind, row.address_key] = one.number
    numbers = frozenset(going.values()) & wanted.keys()
    connection.execute(
        sa.update(_rows)
        .where(_rows.c.id.in_(numbers))
        .values(mailed_at=now, mail_due=now + IN_DOUBT, doubts=_rows.c.doubts + 1)
    )
    return numbers


def _neighbours(connection: sa.Connection, waiting: Sequence[Waiting], hashes: AddressHashes) -> Mapping[int, Any]:
    """Hold these rows and all others for the same addresses until the transaction ends."""
    hashed = {hash_ for one in waiting for hash_ in hashes(one.address.key)}
    chosen = sa.select(_rows).where(_rows.c.address_hash.in_(hashed)).order_by(_rows.c.id).with_for_update()
    return {row.id: row for row in connection.execute(chosen)}


def _free_at(row: Any, rows: Mapping[int, Any], now: datetime) -> datetime | None:
    """Tell when an address may get a mail of a kind, where it has had another one within a day and not used it."""
    moments = [
        other.mailed_at + THROTTLE
        for other in rows.values()
        if (other.kind, other.address_key) == (row.kind, row.address_key)
        and other.id != row.id
        and other.confirmed_at is None
        and other.mailed_at is not None
        and other.mailed_at + THROTTLE > now
    ]
    return max(moments, default=None)


def answered(connection: sa.Connection, one: Waiting, reply: str) -> None:
    """Write down that a mail was taken."""
    _write(connection, one, mail_due=None, reply=reply)


def refused(connection: sa.Connection, one: Waiting, reply: str, again: datetime | None, *, left: bool) -> None:
    """Write down that a mail was certainly not taken.

    Args:
        again: When to try again; None for never.
        left: Whether it had been written down that it leaves.
    """
    due = _before_end(one, again) if again else None
    values: dict[str, Any] = {"mail_due": due, "reply": reply}
    if left:
        values |= {"mailed_at": one.mailed_at, "doubts": _rows.c.doubts - 1}
    _write(connection, one, **values)


def unanswered(connection: sa.Connection, one: Waiting, reply: str, now: datetime) -> None:
    """Write down that nobody knows whether a mail was taken; it goes once more, but no more than that."""
    is_last = _rows.c.doubts >= MOST_DOUBTS
    due = sa.case((is_last, sa.null()), else_=sa.literal(now + IN_DOUBT, _rows.c.mail_due.type))
    _write(connection, one, mail_due=due, reply=reply)


def put_back(connection: sa.Connection, one: Waiting, due: datetime) -> None:
    """Let go of a row that nothing was tried with."""
    still_ours = (_rows.c.id == one.number) & (_rows.c.mail_due == one.held_until)
    values = {"mail_due": _before_end(one, due), "attempts": one.attempts - 1}
    connection.execute(sa.update(_rows).where(still_ours).values(values))


def _write(connection: sa.Connection, one: Waiting, **values: Any) -> None:
    """Write what has become of a row, unless it was confirmed meanwhile."""
    mine = (_rows.c.id == one.number) & _rows.c.confirmed_at.is_(None)
    connection.execute(sa.update(_rows).where(mine).values(values))


def _before_end(one: Waiting, moment: datetime) -> datetime | None:
    """Give when a mail is due, or nothing where it would come too late."""
    return moment if moment < one.expires_at else None


@dataclass(frozen=True, slots=True)
class Standing:
    """How many of one kind are where.

    Args:
        due: To be mailed now.
        later: To be tried again, or in a process's hands.
        mailed: Mailed, and not confirmed yet.
        failed: Not mailed, and not tried again.
    """

    due: int = 0
    later: int = 0
    mailed: int = 0
    failed: int = 0


def survey(connection: sa.Connection, now: datetime) -> Mapping[Kind, Standing]:
    """Count what is neither confirmed nor lapsed, by kind."""
    place = sa.case(
        (_rows.c.mail_due <= now, "due"),
        (_rows.c.mail_due.is_not(None), "later"),
        (_rows.c.mailed_at.is_not(None), "mailed"),
        else_="failed",
    ).label("place")
    counted = connection.execute(
        sa.select(_rows.c.kind, place, sa.func.count().label("count"))
        .where(_rows.c.confirmed_at.is_(None), _rows.c.expires_at > now)
        .group_by(_rows.c.kind, place)
    )
    counts: Counter[tuple[str, str]] = Counter({(row.kind, row.place): row.count for row in counted})
    places = ("due", "later", "mailed", "failed")
    return {kind: Standing(*(counts[kind.value, name] for name in places)) for kind in Kind}
