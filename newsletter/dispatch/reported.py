"""What reports about messages prove: that the provider took them, and that too many readers complain.

Reports are kept by `newsletter.feedback`. One may come before the provider's own reply is read, while the delivery is
not uncertain yet; so they are looked at again wherever something becomes of the uncertain.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Final

import sqlalchemy as sa

from newsletter.dispatch import account, counts, dispatches, scheduling
from newsletter.dispatch.audit import Action, log
from newsletter.dispatch.dispatches import Dispatch, DispatchState
from newsletter.dispatch.ledger import note, take_step
from newsletter.dispatch.states import State, Step
from newsletter.providers.base.feedback import EventKind
from newsletter.store import tables

PROVING: Final = frozenset(EventKind) - {EventKind.OTHER}
"""Nothing of this can be told of a message that the provider never took."""
FEWEST_COMPLAINTS: Final = 3
"""So few may be an accident, whatever share of the readers they are."""

_deliveries, _feedback, _events = tables.deliveries, tables.feedback_events, tables.dispatch_events


def settle_reported(
    connection: sa.Connection, dispatch: Dispatch, now: datetime, subscribers: Collection[int] | None = None
) -> int:
    """Note of uncertain deliveries that the provider took them, where something was reported that proves it.

    Args:
        subscribers: Only of these.

    Returns:
        How many these are.
    """
    reported = sa.exists().where(
        _feedback.c.key == _deliveries.c.key,
        _feedback.c.dispatch_id == dispatch.id,
        _feedback.c.kind.in_([kind.value for kind in PROVING]),
    )
    chosen = sa.select(_deliveries.c.subscriber_id).where(
        _deliveries.c.dispatch_id == dispatch.id, _deliveries.c.state == State.UNCERTAIN.value, reported
    )
    if subscribers is not None:
        chosen = chosen.where(_deliveries.c.subscriber_id.in_(list(subscribers)))
    proved = list(connection.scalars(chosen))
    note(connection, dispatch, now, State.ACCEPTED, dict.fromkeys(proved, "what was reported proves it"))
    return take_step(connection, dispatch, Step.ACCEPT, now, proved, since=(State.UNCERTAIN,))


def settle_by_reports(
    connection: sa.Connection, name: str, subscribers: Collection[int], now: datetime, by: str
) -> int:
    """Settle what is uncertain of a dispatch that nobody need have in hand; logged, and checked for its balance."""
    dispatch = dispatches.hold_dispatch(connection, name)
    settled = settle_reported(connection, dispatch, now, subscribers)
    if settled:
        log(connection, dispatch.id, now, Action.SETTLED, by, f"{settled} by what was reported")
        account.balance(connection, dispatch)
    return settled


def heed_complaints(connection: sa.Connection, name: str, share: float, now: datetime, by: str) -> str | None:
    """Pause a dispatch that too many of its readers complain about, and tell why, if so.

    Args:
        share: More than this, from 0 to 1, of those accepted is too many; 1 takes any.
    """
    dispatch = dispatches.hold_dispatch(connection, name)
    if dispatch.state is not DispatchState.OPEN:
        return None
    # Whoever let it go on has seen those of before.
    resumed = connection.scalar(
        sa.select(sa.func.max(_events.c.at)).where(
            _events.c.dispatch_id == name, _events.c.action == Action.RESUMED.value
        )
    )
    complained = connection.scalar(
        sa.select(sa.func.count(_feedback.c.subscriber_id.distinct())).where(
            _feedback.c.dispatch_id == name,
            _feedback.c.kind == EventKind.COMPLAINED.value,
            sa.true() if resumed is None else _feedback.c.received_at > resumed,
        )
    )
    accepted = sum(count for (state, _), count in counts.read(connection, name).items() if state is State.ACCEPTED)
    if not complained or complained < FEWEST_COMPLAINTS or complained <= share * max(accepted, 1):
        return None
    why = f"{complained} of {accepted} readers called it spam"
    scheduling.pause(connection, dispatch, now, by, why)
    return why
