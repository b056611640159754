"""The whole story of one reader: what there is about an address, and what became of each issue for it."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from newsletter.store import tables
from newsletter.subscribers import Address, AddressHashes

_people, _subscriptions, _suppressions = tables.subscribers, tables.subscriptions, tables.suppressions
_deliveries, _dispatches, _events = tables.deliveries, tables.dispatches, tables.delivery_events


class Absence(StrEnum):
    """Why a dispatch to a list that somebody is on has no row for them."""

    LATER = "joined after the freeze"
    SEGMENT = "was not in the segment then"
    OTHERWISE = "was not selected"


@dataclass(frozen=True, slots=True)
class Membership:
    """That somebody is, or was, on a list."""

    list: str
    status: str
    source: str
    subscribed_at: datetime
    unsubscribed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Past:
    """What a delivery was before."""

    at: datetime
    state: str
    reply: str | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one issue for one reader, in one dispatch.

    Args:
        state: Of the delivery; None where the dispatch has none for this reader.
        absence: Why it has none.
        key: What stands in the Message-ID and the return path, once the message was handed over.
        reference: What the provider calls the message.
        reply: What the provider said last.
        past: What it was before, the first first: every refusal, and what people decided.
    """

    dispatch: str
    issue: str
    list: str
    segment: str
    kind: str
    provider: str
    frozen_at: datetime
    state: str | None
    absence: Absence | None = None
    reason: str | None = None
    attempts: int = 0
    deferrals: int = 0
    resends: int = 0
    due: datetime | None = None
    key: str | None = None
    reference: str | None = None
    reply: str | None = None
    changed_at: datetime | None = None
    past: tuple[Past, ...] = ()


@dataclass(frozen=True, slots=True)
class Story:
    """Everything about one address.

    Args:
        subscriber: The number; None where nobody has the address (any more).
        suppressed: Why the address is not mailed, and since when.
    """

    address: str
    subscriber: int | None
    suppressed: tuple[str, datetime] | None
    memberships: Sequence[Membership]
    outcomes: Sequence[Outcome]

    def document(self) -> dict[str, Any]:
        """Give it as data, ready for JSON."""
        return {
            "address": self.address,
            "subscriber": self.subscriber,
            "suppressed": {"reason": self.suppressed[0], "since": self.suppressed[1]} if self.suppressed else None,
            "lists": [asdict(one) for one in self.memberships],
            "dispatches": [asdict(one) for one in self.outcomes],
        }


def tell_story(connection: sa.Connection, address: Address, hashes: AddressHashes) -> Story:
    """Tell all there is about an address, the newest dispatch first."""
    subscriber = connection.scalar(sa.select(_people.c.id).where(_people.c.address_key == address.key))
    suppressed = connection.execute(
        sa.select(_suppressions.c.reason, _suppressions.c.created_at).where(
            _suppressions.c.address_hash.in_(hashes(address.key))
        )
    ).first()
    memberships = _memberships(connection, subscriber) if subscriber is not None else ()
    outcomes = _outcomes(connection, subscriber, memberships) if subscriber is not None else ()
    return Story(
        address.address, subscriber, (suppressed[0], suppressed[1]) if suppressed else None, memberships, outcomes
    )


def _memberships(connection: sa.Connection, subscriber: int) -> tuple[Membership, ...]:
    columns = [_subscriptions.c[name] for name in Membership.__dataclass_fields__]
    rows = connection.execute(
        sa.select(*columns).where(_subscriptions.c.subscriber_id == subscriber).order_by(_subscriptions.c.list)
    )
    return tuple(Membership(*row) for row in rows)


def _outcomes(connection: sa.Connection, subscriber: int, memberships: Sequence[Membership]) -> tuple[Outcome, ...]:
    of_them = (_deliveries.c.dispatch_id == _dispatches.c.id) & (_deliveries.c.subscriber_id == subscriber)
    columns = (
        _dispatches.c.id, _dispatches.c.issue, _dispatches.c.list, _dispatches.c.segment, _dispatches.c.kind,
        _dispatches.c.provider, _dispatches.c.created_at, _deliveries.c.state, _deliveries.c.reason,
        _deliveries.c.attempts, _deliveries.c.deferrals, _deliveries.c.resends, _deliveries.c.due, _deliveries.c.key,
        _deliveries.c.reference, _deliveries.c.reply, _deliveries.c.changed_at,
    )  # fmt: skip
    lists = [one.list for one in memberships]
    rows = connection.execute(
        sa.select(*columns)
        .outerjoin_from(_dispatches, _deliveries, of_them)
        .where(_deliveries.c.state.is_not(None) | (_dispatches.c.list.in_(lists) & (_dispatches.c.kind == "first")))
        .order_by(_dispatches.c.created_at.desc())
    )
    joined = {one.list: one.subscribed_at for one in memberships}
    past = _past(connection, subscriber)
    return tuple(replace(_outcome(row, joined), past=past.get(row.id, ())) for row in rows)


def _past(connection: sa.Connection, subscriber: int) -> dict[str, tuple[Past, ...]]:
    """Read what a reader's deliveries were before, by dispatch."""
    rows = connection.execute(
        sa.select(_events.c.dispatch_id, _events.c.at, _events.c.state, _events.c.reply)
        .where(_events.c.subscriber_id == subscriber)
        .order_by(_events.c.id)
    )
    found: dict[str, tuple[Past, ...]] = {}
    for row in rows:
        found[row.dispatch_id] = (*found.get(row.dispatch_id, ()), Past(row.at, row.state, row.reply))
    return found


def _outcome(row: Any, joined: dict[str, datetime]) -> Outcome:
    head = (row.id, row.issue, row.list, row.segment, row.kind, row.provider, row.created_at)
    if row.state is None:
        later = joined[row.list] > row.created_at
        absence = Absence.LATER if later else Absence.SEGMENT if row.segment else Absence.OTHERWISE
        return Outcome(*head, None, absence)
    return Outcome(
        *head, row.state, None, row.reason, row.attempts, row.deferrals, row.resends, row.due, row.key, row.reference,
        row.reply, row.changed_at,
    )  # fmt: skip
