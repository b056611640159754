"""Explains what reports mean: what was reported of somebody, what it adds up to, and since when."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from newsletter.errors import SubscriberError
from newsletter.feedback.applying import read_known
from newsletter.feedback.policy import Judgement, Rules, Verdict
from newsletter.store import tables
from newsletter.subscribers import Act, Consent, Method, record

_feedback, _suppressions, _people = tables.feedback_events, tables.suppressions, tables.subscribers


@dataclass(frozen=True, slots=True)
class Report:
    """One report, as it is kept.

    Args:
        subscriber: Whom it is about; None where it names no delivery of ours.
    """

    number: int
    at: datetime
    received_at: datetime
    source: str
    kind: str
    fault: str | None
    status: str
    reply: str
    detail: str
    dispatch: str | None
    subscriber: int | None


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why somebody is mailed, or is not.

    Args:
        suppressed: The reason that stands, whatever brought it.
        joined: When they last joined by themselves; what was reported before does not count any more.
        lifted: When staff last let them be mailed again; bounces before do not count any more.
    """

    suppressed: str | None
    joined: datetime | None
    lifted: datetime | None
    judgement: Judgement
    reports: tuple[Report, ...]


def read_reports(
    connection: sa.Connection,
    *,
    kinds: Sequence[str] = (),
    source: str | None = None,
    dispatch: str | None = None,
    unattributed: bool = False,
    limit: int = 50,
) -> tuple[Report, ...]:
    """Read the last reports, the newest first."""
    chosen = _columns().order_by(_feedback.c.id.desc()).limit(limit)
    if kinds:
        chosen = chosen.where(_feedback.c.kind.in_(kinds))
    if source is not None:
        chosen = chosen.where(_feedback.c.source == source)
    if dispatch is not None:
        chosen = chosen.where(_feedback.c.dispatch_id == dispatch)
    if unattributed:
        chosen = chosen.where(_feedback.c.subscriber_id.is_(None))
    return tuple(Report(*row) for row in connection.execute(chosen))


def explain(connection: sa.Connection, subscriber: int, rules: Rules) -> Explanation:
    """Explain what was reported of somebody, and what it adds up to.

    Raises:
        SubscriberError: Nobody has that number.
    """
    known = next(iter(read_known(connection, [subscriber])), None)
    if known is None:
        raise SubscriberError(f"nobody has the number {subscriber}", remedy="See 'subscribers find'.")
    rows = connection.execute(
        _columns().where(_feedback.c.subscriber_id == subscriber).order_by(_feedback.c.at, _feedback.c.id)
    )
    return Explanation(
        known.suppressed,
        known.joined.get(None),
        known.lifted,
        known.judgement(rules),
        tuple(Report(*row) for row in rows),
    )


def lift(connection: sa.Connection, subscriber: int, now: datetime, by: str) -> None:
    """Let somebody be mailed again whose address has bounced, because staff know that it works.

    Raises:
        SubscriberError: They are not suppressed, or for a reason that only they themselves can end.
    """
    mine = (
        _suppressions.c.address_hash
        == sa.select(_people.c.address_hash).where(_people.c.id == subscriber).scalar_subquery()
    )
    reason = connection.scalar(sa.select(_suppressions.c.reason).where(mine))
    if reason is None:
        raise SubscriberError("this address may be mailed already", remedy="Nothing is to be lifted.")
    if reason not in (Verdict.BOUNCED, Verdict.SOFT_BOUNCED):
        raise SubscriberError(
            f"this address is not mailed for another reason than a bounce: {reason}",
            remedy="Only the person can change that, by joining again.",
        )
    connection.execute(sa.delete(_suppressions).where(mine))
    record(connection, [subscriber], Consent(now, Act.LIFTED, Method.STAFF, by=by, detail=reason))


def _columns() -> sa.Select[*tuple[Any, ...]]:
    return sa.select(
        _feedback.c.id,
        _feedback.c.at,
        _feedback.c.received_at,
        _feedback.c.source,
        _feedback.c.kind,
        _feedback.c.fault,
        _feedback.c.status,
        _feedback.c.reply,
        _feedback.c.detail,
        _feedback.c.dispatch_id,
        _feedback.c.subscriber_id,
    )
