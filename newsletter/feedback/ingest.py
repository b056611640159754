"""Stores what was reported, each thing once, and applies what is new: the one way in for mail, webhooks and replies."""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, Final

import sqlalchemy as sa

from newsletter.dispatch.reported import PROVING, heed_complaints, settle_by_reports
from newsletter.dispatch.states import State
from newsletter.feedback.applying import Applied, apply
from newsletter.feedback.policy import Rules, Verdict
from newsletter.providers.base.feedback import EventKind, FeedbackEvent
from newsletter.settings import Settings
from newsletter.store import Database, tables
from newsletter.store.conditions import Numbers, is_among, is_one_of
from newsletter.store.inserting import insert_new_rows
from newsletter.subscribers.holding import hold_suppressions

CHUNK: Final = 1000
"""So many are stored in one transaction; nobody else waits longer than that takes."""
BY: Final = "feedback"
"""Who has done it, in the logs of dispatches."""
_LONGEST: Final = 500
_MEASURING: Final = frozenset({EventKind.OPENED, EventKind.CLICKED})
_SAID: Final = frozenset({EventKind.COMPLAINED, EventKind.UNSUBSCRIBED})
"""What people say themselves; the rest is about an address."""
_DECIDING: Final = frozenset({EventKind.BOUNCED, EventKind.DROPPED, EventKind.COMPLAINED, EventKind.UNSUBSCRIBED})
EVERYBODY: Final = 100

_feedback, _deliveries, _people = tables.feedback_events, tables.deliveries, tables.subscribers


@dataclass(frozen=True, slots=True)
class Policy:
    """What follows from reports.

    Args:
        complaints: More than this share, from 0 to 1, of complaints pauses a dispatch.
    """

    rules: Rules
    complaints: float

    @classmethod
    def of(cls, settings: Settings) -> "Policy":
        """Read it from the settings."""
        said = settings.feedback
        rules = Rules(said.soft_bounces, timedelta(days=said.half_life_days))
        return cls(rules, settings.dispatch.most_complained / EVERYBODY)


@dataclass(slots=True)
class Taken:
    """What became of reports.

    Attributes:
        new: How many were stored; `known`, how many were there already.
        ignored: Openings and clicks of people who have not allowed to be measured; nothing is kept of them.
        unattributed: How many of the new ones name no delivery of ours, and change nothing.
        settled: How many uncertain deliveries they settle.
        paused: Why dispatches were paused, by dispatch.
    """

    new: int = 0
    known: int = 0
    ignored: int = 0
    unattributed: int = 0
    settled: int = 0
    applied: Applied = field(default_factory=Applied)
    paused: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Delivery:
    dispatch: str
    subscriber: int
    state: str


def take(
    database: Database,
    events: Iterable[FeedbackEvent],
    policy: Policy,
    now: datetime,
    progress: Callable[[int], None] = lambda _: None,
) -> Taken:
    """Store and apply reports; once this returns, all of it is safe, and taking the same again changes nothing.

    Raises:
        StoreError: The database cannot be written; what was taken before stays.
    """
    taken = Taken()
    iterator = iter(events)
    while chunk := list(islice(iterator, CHUNK)):
        with database.writing() as connection:
            hold_suppressions(connection)
            rows = _take(connection, chunk, policy, now, taken)
        _conclude(database, rows, policy, now, taken)
        progress(len(chunk))
    return taken


def identity_of(event: FeedbackEvent) -> bytes:
    """Name what happened, so that it is stored once however often it is reported: 16 bytes.

    A provider's own identifier of an event is no help: some change it with every attempt to deliver it. The address is
    left out, as no hash without a key would hide it; what names no delivery of ours changes nothing anyway.
    """
    parts = (
        event.source,
        event.key or event.reference,
        event.kind.value,
        event.at.isoformat(),
        event.status,
        event.detail,
    )
    return hashlib.blake2b("\0".join(parts).encode("utf-8", "replace"), digest_size=16).digest()


def _take(
    connection: sa.Connection, chunk: Sequence[FeedbackEvent], policy: Policy, now: datetime, taken: Taken
) -> Sequence[Mapping[str, Any]]:
    """Store what is new, and apply it to people; gives all of it, new or not."""
    deliveries = _attribute(connection, chunk)
    allowed = _allowed(connection, chunk, deliveries)
    successors = _successors(connection, deliveries)
    rows: dict[bytes, dict[str, Any]] = {}
    for event in chunk:
        delivery = deliveries.get(event.key or "")
        if event.kind in _MEASURING and (delivery is None or delivery.subscriber not in allowed):
            taken.ignored += 1
            continue
        identity = identity_of(event)
        taken.known += identity in rows
        row = _row(event, delivery, identity, now)
        if event.kind in _SAID:
            row["subscriber_id"] = successors.get(row["subscriber_id"], row["subscriber_id"])
        rows.setdefault(identity, row)
    fresh = store(connection, rows)
    taken.known += len(rows) - len(fresh)
    taken.new += len(fresh)
    taken.unattributed += sum(row["subscriber_id"] is None for row in fresh)
    taken.applied += apply(connection, affected(connection, fresh), policy.rules, now)
    return list(rows.values())


def _successors(connection: sa.Connection, deliveries: Mapping[str, _Delivery]) -> dict[int, int]:
    """Tell of those who are part of somebody else by now who that is."""
    former = tables.former_people
    numbers = sa.bindparam("numbers", sorted({one.subscriber for one in deliveries.values()}), type_=Numbers())
    chosen = sa.select(former.c.subscriber_id, former.c.into).where(
        is_among(former.c.subscriber_id, numbers), former.c.into.is_not(None)
    )
    return {row.subscriber_id: row.into for row in connection.execute(chosen)} if deliveries else {}


def _row(event: FeedbackEvent, delivery: _Delivery | None, identity: bytes, now: datetime) -> dict[str, Any]:
    return {
        "identity": identity,
        "received_at": now,
        "at": min(event.at, now),
        "source": event.source,
        "kind": event.kind.value,
        "fault": event.fault.value if event.fault else None,
        "status": _clean(event.status),
        "reply": _clean(event.reply),
        "detail": _clean(event.detail),
        "reference": _clean(event.reference),
        "key": event.key,
        "dispatch_id": delivery.dispatch if delivery else None,
        "subscriber_id": delivery.subscriber if delivery else None,
    }


def _clean(text: str) -> str:
    """Bring a text into a form that every database keeps, and cut it."""
    return text[:_LONGEST].replace("\0", " ").encode("utf-8", "replace").decode()


def _attribute(connection: sa.Connection, chunk: Sequence[FeedbackEvent]) -> dict[str, _Delivery]:
    """Find the deliveries whose keys are given back; nothing but a key attributes a report to anybody."""
    keys = sorted({event.key for event in chunk if event.key})
    if not keys:
        return {}
    columns = (_deliveries.c.key, _deliveries.c.dispatch_id, _deliveries.c.subscriber_id, _deliveries.c.state)
    rows = connection.execute(sa.select(*columns).where(is_one_of(connection, _deliveries.c.key, keys)))
    return {row.key: _Delivery(row.dispatch_id, row.subscriber_id, row.state) for row in rows}


def _allowed(
    connection: sa.Connection, chunk: Sequence[FeedbackEvent], deliveries: Mapping[str, _Delivery]
) -> frozenset[int]:
    """Find who has allowed to be measured, of those whom openings and clicks are reported of."""
    keys = {event.key for event in chunk if event.kind in _MEASURING and event.key}
    numbers = [deliveries[key].subscriber for key in keys if key in deliveries]
    if not numbers:
        return frozenset()
    chosen = sa.select(_people.c.id).where(_people.c.id.in_(numbers), _people.c.tracking_since.is_not(None))
    return frozenset(connection.scalars(chosen))


def store(connection: sa.Connection, rows: Mapping[bytes, dict[str, Any]]) -> list[dict[str, Any]]:
    """Store what is not there yet, by its identity, and give that."""
    if not rows:
        return []
    is_there = is_one_of(connection, _feedback.c.identity, list(rows))
    there = set(connection.scalars(sa.select(_feedback.c.identity).where(is_there)))
    fresh = [row for identity, row in rows.items() if identity not in there]
    if fresh:
        insert_new_rows(connection, _feedback, fresh)
    return fresh


def _conclude(
    database: Database, rows: Sequence[Mapping[str, Any]], policy: Policy, now: datetime, taken: Taken
) -> None:
    """Draw the consequences for dispatches: each in a transaction of its own, as a sender holds these before people.

    What was stored before is looked at again: a process may have been killed between both.
    """
    proving = {kind.value for kind in PROVING}
    keys = [row["key"] for row in rows if row["kind"] in proving and row["dispatch_id"] is not None]
    for name, uncertain in sorted(_uncertain(database, keys).items()):
        with database.writing() as connection:
            taken.settled += settle_by_reports(connection, name, uncertain, now, BY)
    complained = {row["dispatch_id"] for row in rows if row["kind"] == EventKind.COMPLAINED} - {None}
    for name in sorted(complained if policy.complaints < 1 else ()):
        with database.writing() as connection:
            why = heed_complaints(connection, name, policy.complaints, now, BY)
        if why:
            taken.paused[name] = why


def _uncertain(database: Database, keys: Sequence[str]) -> dict[str, set[int]]:
    """Find out which of some deliveries are uncertain, by dispatch."""
    if not keys:
        return {}
    found: dict[str, set[int]] = {}
    with database.reading() as connection:
        chosen = sa.select(_deliveries.c.dispatch_id, _deliveries.c.subscriber_id).where(
            is_one_of(connection, _deliveries.c.key, sorted(set(keys))),
            _deliveries.c.state == State.UNCERTAIN.value,
        )
        for dispatch, subscriber in connection.execute(chosen):
            found.setdefault(dispatch, set()).add(subscriber)
    return found


def affected(connection: sa.Connection, fresh: Sequence[Mapping[str, Any]]) -> set[int]:
    """Tell of whom something follows: a delivery counts for those only who are not mailed because of failures."""
    deciding = {kind.value for kind in _DECIDING}
    affected = {row["subscriber_id"] for row in fresh if row["kind"] in deciding} - {None}
    delivered = {row["subscriber_id"] for row in fresh if row["kind"] == EventKind.DELIVERED} - {None} - affected
    if not delivered:
        return affected
    suppressions = tables.suppressions
    numbers = sa.bindparam("numbers", sorted(delivered), type_=Numbers())
    softly = sa.select(suppressions.c.address_hash).where(suppressions.c.reason == Verdict.SOFT_BOUNCED.value)
    chosen = sa.select(_people.c.id).where(is_among(_people.c.id, numbers), _people.c.address_hash.in_(softly))
    return affected | set(connection.scalars(chosen))
