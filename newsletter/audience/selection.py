"""Selects an audience: everybody who ever joined a list, and for those who must not get it the reason.

Somebody outside the segment is not part of the audience at all; somebody who has left the list, may not be mailed, or
wants nothing for now is, and is counted as excluded, so that the receipt tells about everybody whom a person would look
for.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa

from newsletter.audience.segments import segment_clause
from newsletter.store import tables
from newsletter.store.conditions import Numbers, is_among, past_index
from newsletter.store.prepared import Places, Prepared
from newsletter.store.types import UtcDateTime
from newsletter.subscribers import Definitions, ListDefinition

UNSUBSCRIBED = "unsubscribed"
SUPPRESSED = "suppressed"
PAUSED = "paused"
FREQUENCY = "frequency"

SLACK: Final = timedelta(hours=12)
"""A weekly issue that goes out an hour earlier than the last one is not too soon for who wants one a week."""
_HAVE_IT: Final = ("accepted", "submitting", "uncertain")
"""The states of deliveries that have reached their reader, or may have."""

_deliveries, _dispatches = tables.deliveries, tables.dispatches
_people, _subscriptions, _suppressions = tables.subscribers, tables.subscriptions, tables.suppressions


@dataclass(frozen=True, slots=True)
class Selection:
    """Whom a dispatch is for: a list, and perhaps only a segment of it."""

    list: str
    segment: str | None = None


def selected(
    selection: Selection, definitions: Definitions, now: datetime, *, heed_frequency: bool = True
) -> sa.Select[tuple[int, str | None]]:
    """Select the audience as rows of `subscriber_id` and `exclusion`, which is NULL for those who get the issue.

    Args:
        heed_frequency: Leave out who has had an issue of the list more lately than they want the next one; a
            correction goes to them all the same.

    Raises:
        ContentError: There is no such list or segment.
    """
    chosen_list = definitions.list(selection.list)
    frequent = _too_frequent(chosen_list, now) if heed_frequency else []
    exclusion = sa.case(
        (_is_suppressed(), SUPPRESSED),
        (_subscriptions.c.status != "subscribed", UNSUBSCRIBED),
        (_is_paused(sa.literal(now, UtcDateTime())), PAUSED),
        *((condition, FREQUENCY) for condition in frequent),
        else_=sa.null(),
    )
    chosen = (
        sa.select(_people.c.id.label("subscriber_id"), exclusion.label("exclusion"))
        .join_from(_people, _subscriptions, _subscriptions.c.subscriber_id == _people.c.id)
        .where(_subscriptions.c.list == selection.list)
    )
    if selection.segment:
        chosen = chosen.where(segment_clause(definitions.segment(selection.segment).where, definitions, selection.list))
    return chosen


def departed(connection: sa.Connection, subscribers: Sequence[int], list_name: str, now: datetime) -> dict[int, str]:
    """Find those who must not be mailed any more: they have left the list, pause, are suppressed, or were erased.

    For the others nothing changes before the transaction ends: who leaves meanwhile waits for it.

    Returns:
        The reason by the subscriber's number.
    """
    if not subscribers:
        return {}
    if connection.dialect.name == "postgresql":
        # A suppression that is being added is a row that nobody can lock yet; this must come before the rows below.
        connection.exec_driver_sql("LOCK TABLE suppressions IN SHARE MODE")
    staying = _STAYING.rows(connection, subscribers=subscribers, list=list_name, now=now)
    found = {
        subscriber: SUPPRESSED if suppressed else PAUSED if paused else None
        for subscriber, suppressed, paused in staying
    }
    reasons = ((subscriber, found.get(subscriber, UNSUBSCRIBED)) for subscriber in subscribers)
    return {subscriber: reason for subscriber, reason in reasons if reason is not None}


def _staying(given: Places) -> sa.Select[tuple[int, bool, bool]]:
    """Select who is still on a list, and whether they are suppressed or pause."""
    return (
        sa.select(_people.c.id, _is_suppressed(), _is_paused(given["now"]))
        .join_from(_people, _subscriptions, _subscriptions.c.subscriber_id == _people.c.id)
        .where(
            is_among(_subscriptions.c.subscriber_id, given["subscribers"]),
            past_index(_subscriptions.c.list) == given["list"],
            _subscriptions.c.status == "subscribed",
        )
        .order_by(_subscriptions.c.subscriber_id)
        .with_for_update(read=True, of=_subscriptions)
    )


def _is_suppressed() -> sa.ColumnElement[bool]:
    return sa.exists().where(_suppressions.c.address_hash == _people.c.address_hash)


def _is_paused(now: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
    return _subscriptions.c.paused_until.is_not(None) & (_subscriptions.c.paused_until > now)


def _too_frequent(chosen: ListDefinition, now: datetime) -> list[sa.ColumnElement[bool]]:
    """Say for each frequency of a list who wants it and has had an issue too lately for another one."""
    return [
        (_subscriptions.c.frequency == one.id)
        & sa.exists().where(
            _deliveries.c.subscriber_id == _people.c.id,
            _deliveries.c.dispatch_id == _dispatches.c.id,
            _dispatches.c.list == chosen.id,
            _deliveries.c.state.in_(_HAVE_IT),
            _deliveries.c.changed_at > now - timedelta(days=one.days) + SLACK,
        )
        for one in chosen.frequencies.values()
    ]


_STAYING: Final = Prepared({"subscribers": Numbers(), "list": sa.Text(), "now": UtcDateTime()}, _staying)
