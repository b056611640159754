"""What was refused for good when it was handed over, or never taken until the deadline: it is in the ledger already.

A bounce that a server gives at once is one all the same; the next dispatch must not try that address again.
"""

import hashlib
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from newsletter.dispatch.states import Reason, State
from newsletter.feedback.applying import apply
from newsletter.feedback.ingest import CHUNK, Policy, Taken, affected, store
from newsletter.providers.base.faults import fault_of
from newsletter.providers.base.feedback import EventKind, Fault
from newsletter.store import Database, tables
from newsletter.subscribers.holding import hold_suppressions

SOURCE: Final = "submission"

_ENHANCED: Final = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])")
_deliveries, _feedback = tables.deliveries, tables.feedback_events


def take_submissions(database: Database, policy: Policy, now: datetime, dispatch: str | None = None) -> Taken:
    """Take from the ledger what was refused and is not among the reports yet; safe to repeat.

    Args:
        dispatch: Only of this one.
    """
    taken = Taken()
    for name, refused in _with_refusals(database, dispatch):
        while True:
            with database.writing() as connection:
                hold_suppressions(connection)
                rows = _refused(connection, name)
                fresh = store(connection, {row["identity"]: row for row in (_row(one, now) for one in rows)})
                taken.applied += apply(connection, affected(connection, fresh), policy.rules, now)
                if len(rows) < CHUNK:
                    _mark(connection, name, refused)
            taken.new += len(fresh)
            if len(rows) < CHUNK:
                break
    return taken


def _with_refusals(database: Database, dispatch: str | None) -> Sequence[tuple[str, int]]:
    """Name the dispatches of which other counts were refused than was looked at before, with these counts."""
    counts, dispatches = tables.delivery_counts, tables.dispatches
    refused = (counts.c.state == State.REJECTED.value) | (counts.c.reason == Reason.EXPIRED.value)
    total = sa.func.sum(counts.c["count"])
    chosen = (
        sa.select(counts.c.dispatch_id, total)
        .join_from(counts, dispatches, counts.c.dispatch_id == dispatches.c.id)
        .where(refused, sa.true() if dispatch is None else counts.c.dispatch_id == dispatch)
        .group_by(counts.c.dispatch_id, dispatches.c.refusals_taken)
        .having(total != dispatches.c.refusals_taken)
        .order_by(counts.c.dispatch_id)
    )
    with database.reading() as connection:
        return [(row[0], int(row[1])) for row in connection.execute(chosen)]


def _mark(connection: sa.Connection, dispatch: str, refused: int) -> None:
    """Note how many refusals were looked at, so that none is looked at again, not even once it is forgotten here."""
    mine = tables.dispatches.c.id == dispatch
    connection.execute(sa.update(tables.dispatches).where(mine).values(refusals_taken=refused))


def _refused(connection: sa.Connection, dispatch: str) -> Sequence[sa.Row[*tuple[Any, ...]]]:
    there = sa.exists().where(
        _feedback.c.dispatch_id == dispatch,
        _feedback.c.subscriber_id == _deliveries.c.subscriber_id,
        _feedback.c.source == SOURCE,
    )
    rejected = _deliveries.c.state == State.REJECTED.value
    expired = (
        (_deliveries.c.state == State.EXCLUDED.value)
        & (_deliveries.c.reason == Reason.EXPIRED.value)
        & (_deliveries.c.deferrals > 0)
    )
    return connection.execute(
        sa.select(_deliveries)
        .where(_deliveries.c.dispatch_id == dispatch, rejected | expired, ~there)
        .order_by(_deliveries.c.subscriber_id)
        .limit(CHUNK)
    ).all()


def _row(delivery: Any, now: datetime) -> dict[str, Any]:
    reply = delivery.reply or ""
    found = _ENHANCED.search(reply)
    status = found[1] if found else ""
    fault = fault_of(status, reply)
    if delivery.state != State.REJECTED and fault is Fault.ADDRESS:
        # What was only ever refused for now is no proof that there is no such address.
        fault = Fault.UNKNOWN
    about = f"{SOURCE}\0{delivery.dispatch_id}\0{delivery.subscriber_id}"
    return {
        "identity": hashlib.blake2b(about.encode(), digest_size=16).digest(),
        "received_at": now,
        "at": min(delivery.changed_at, now),
        "source": SOURCE,
        "kind": EventKind.BOUNCED.value,
        "fault": fault.value,
        "status": status,
        "reply": reply,
        "detail": delivery.reason or delivery.state,
        "reference": delivery.reference or "",
        "key": delivery.key,
        "dispatch_id": delivery.dispatch_id,
        "subscriber_id": delivery.subscriber_id,
    }
