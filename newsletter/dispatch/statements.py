"""The statements that every message goes through, prepared once.

Each is guarded by the state that its deliveries must be in, and by the lease that they are held under, so that what
another process has moved, or has in hand, is not moved again.
"""

from typing import Any, Final

import sqlalchemy as sa

from newsletter.dispatch.states import State
from newsletter.store import UtcDateTime, tables
from newsletter.store.conditions import past_index
from newsletter.store.prepared import Places, Prepared, PreparedForEach
from newsletter.store.types import BigIdentifier

_deliveries, _dispatches, _leases = tables.deliveries, tables.dispatches, tables.leases
_text: Any = sa.Text()
_number: Any = sa.Integer()


def _look(given: Places) -> sa.Select[tuple[str, bool]]:
    other = _dispatches.alias("other")
    contested = sa.exists().where(other.c.issue == _dispatches.c.issue, other.c.id != _dispatches.c.id)
    # The dispatch is held first, and then the lease: so does who takes the lease of an owner that has ended.
    return (
        sa.select(_dispatches.c.state, contested)
        .join_from(_dispatches, _leases, _leases.c.dispatch_id == _dispatches.c.id)
        .where(_dispatches.c.id == given["dispatch"], _leases.c.number == given["lease"])
        .with_for_update(read=True, of=[_dispatches, _leases])
    )


def _due(given: Places) -> sa.Select[tuple[int]]:
    return _chosen(given, State.DEFERRED).where(_deliveries.c.due <= given["now"])


def _planned(given: Places) -> sa.Select[tuple[int]]:
    # That they are not due leaves them in the order of the index, so that nobody sorts a million of them.
    return _chosen(given, State.PLANNED).where(_deliveries.c.due.is_(None))


def _chosen(given: Places, state: State) -> sa.Select[tuple[int]]:
    return (
        sa.select(_deliveries.c.subscriber_id)
        .where(_deliveries.c.dispatch_id == given["dispatch"], _deliveries.c.state == state.value)
        .order_by(_deliveries.c.due, _deliveries.c.subscriber_id)
        .limit(given["size"])
        .with_for_update(skip_locked=True)
    )


def _claim(common: Places, row: Places) -> sa.Update:
    return (
        sa.update(_deliveries)
        .where(
            _deliveries.c.dispatch_id == common["dispatch"],
            _deliveries.c.subscriber_id == row["subscriber"],
            past_index(_deliveries.c.state) == common["since"],
        )
        .values(state=State.CLAIMED.value, due=None, lease_number=common["lease"], changed_at=common["now"])
    )


def _intend(common: Places, row: Places) -> sa.Update:
    return (
        sa.update(_deliveries)
        .where(
            _deliveries.c.dispatch_id == common["dispatch"],
            _deliveries.c.subscriber_id == row["subscriber"],
            past_index(_deliveries.c.state) == State.CLAIMED.value,
            _deliveries.c.lease_number == common["lease"],
        )
        .values(
            state=State.SUBMITTING.value,
            attempts=_deliveries.c.attempts + 1,
            key=row["delivery_key"],
            changed_at=common["now"],
        )
    )


def _settle(common: Places, row: Places) -> sa.Update:
    return (
        sa.update(_deliveries)
        .where(
            _deliveries.c.dispatch_id == common["dispatch"],
            _deliveries.c.subscriber_id == row["subscriber"],
            past_index(_deliveries.c.state) == common["since"],
            _deliveries.c.lease_number == common["lease"],
        )
        .values(
            state=common["state"],
            reply=row["new_reply"],
            reference=row["new_reference"],
            due=row["new_due"],
            deferrals=_deliveries.c.deferrals + common["more"],
            changed_at=common["now"],
        )
    )


_MOMENT: Final = UtcDateTime()
_SHARED: Final = {"dispatch": _text, "now": _MOMENT}
_OWN: Final = {**_SHARED, "lease": BigIdentifier}

LOOK: Final = Prepared({"dispatch": _text, "lease": BigIdentifier}, _look)
"""The state, and whether the issue has other dispatches; nothing where the lease was lost."""
DUE: Final = Prepared({**_SHARED, "size": _number}, _due)
PLANNED: Final = Prepared({**_SHARED, "size": _number}, _planned)
CLAIM: Final = PreparedForEach({**_OWN, "since": _text}, {"subscriber": BigIdentifier}, _claim)
INTEND: Final = PreparedForEach(_OWN, {"subscriber": BigIdentifier, "delivery_key": _text}, _intend)
SETTLE: Final = PreparedForEach(
    {**_OWN, "since": _text, "state": _text, "more": _number},
    {"subscriber": BigIdentifier, "new_reply": _text, "new_reference": _text, "new_due": _MOMENT},
    _settle,
)
