"""Selects an audience: everybody who ever joined a list, and for those who must not get it the reason.

Somebody outside the segment is not part of the audience at all; somebody who has left the list or may not be mailed
is, and is counted as excluded, so that the receipt tells about everybody whom a person would look for.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from newsletter.audience.segments import segment_clause
from newsletter.store import tables
from newsletter.store.prepared import Numbers, Places, Prepared, is_among, past_index
from newsletter.subscribers import Definitions

UNSUBSCRIBED = "unsubscribed"
SUPPRESSED = "suppressed"

_people, _subscriptions, _suppressions = tables.subscribers, tables.subscriptions, tables.suppressions


@dataclass(frozen=True, slots=True)
class Selection:
    """Whom a dispatch is for: a list, and perhaps only a segment of it."""

    list: str
    segment: str | None = None


def selected(selection: Selection, definitions: Definitions) -> sa.Select[tuple[int, str | None]]:
    """Select the audience as rows of `subscriber_id` and `exclusion`, which is NULL for those who get the issue.

    Raises:
        ContentError: There is no such list or segment.
    """
    definitions.list(selection.list)
    exclusion = sa.case(
        (_is_suppressed(), SUPPRESSED),
        (_subscriptions.c.status != "subscribed", UNSUBSCRIBED),
        else_=sa.null(),
    )
    chosen = (
        sa.select(_people.c.id.label("subscriber_id"), exclusion.label("exclusion"))
        .join_from(_people, _subscriptions, _subscriptions.c.subscriber_id == _people.c.id)
        .where(_subscriptions.c.list == selection.list)
    )
    if selection.segment:
        chosen = chosen.where(segment_clause(definitions.segment(selection.segment).where, definitions))
    return chosen


def departed(connection: sa.Connection, subscribers: Sequence[int], list_name: str) -> dict[int, str]:
    """Find those who must not be mailed any more: they have left the list, are suppressed, or were erased.

    For the others nothing changes before the transaction ends: who leaves meanwhile waits for it.

    Returns:
        The reason by the subscriber's number.
    """
    if not subscribers:
        return {}
    if connection.dialect.name == "postgresql":
        # A suppression that is being added is a row that nobody can lock yet; this must come before the rows below.
        connection.exec_driver_sql("LOCK TABLE suppressions IN SHARE MODE")
    staying = _STAYING.rows(connection, subscribers=subscribers, list=list_name)
    found = {subscriber: bool(suppressed) for subscriber, suppressed in staying}
    return {
        subscriber: SUPPRESSED if found.get(subscriber) else UNSUBSCRIBED
        for subscriber in subscribers
        if found.get(subscriber, True)
    }


def _staying(given: Places) -> sa.Select[tuple[int, bool]]:
    """Select who is still on a list, and whether they are suppressed."""
    return (
        sa.select(_people.c.id, _is_suppressed())
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


_STAYING: Final = Prepared({"subscribers": Numbers(), "list": sa.Text()}, _staying)
