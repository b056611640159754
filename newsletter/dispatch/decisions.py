"""What people decide about deliveries that nobody has in hand: statements on the ledger, without a lease.

Each takes a connection with a transaction under way, which holds the dispatch.
"""

from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa

from newsletter.dispatch.dispatches import Dispatch
from newsletter.dispatch.ledger import note, take_step
from newsletter.dispatch.states import Reason, State, Step
from newsletter.store import tables

_deliveries = tables.deliveries


def exclude_all(connection: sa.Connection, dispatch: Dispatch, now: datetime, reason: Reason) -> int:
    """Exclude everybody whom nobody has in hand; tell how many that were."""
    since = (State.PLANNED, State.DEFERRED)
    return take_step(connection, dispatch, Step.EXCLUDE, now, None, since=since, reason=reason.value, due=None)


def hasten(connection: sa.Connection, dispatch: Dispatch, now: datetime) -> int:
    """Make everybody due who is deferred; tell how many these are."""
    statement = (
        sa.update(_deliveries)
        .where(_deliveries.c.dispatch_id == dispatch.id, _deliveries.c.state == State.DEFERRED)
        .values(due=now, changed_at=now)
    )
    return connection.execute(statement).rowcount


def settle_uncertain(
    connection: sa.Connection, dispatch: Dispatch, now: datetime, subscribers: Collection[int] | None, *, drop: bool
) -> int:
    """Give up the uncertain, or note that they were accepted; tell how many these were."""
    uncertain = _uncertain(connection, dispatch, subscribers)
    decided = State.EXCLUDED if drop else State.ACCEPTED
    note(connection, dispatch, now, decided, dict.fromkeys(uncertain, "a person has decided so"))
    if drop:
        return take_step(
            connection,
            dispatch,
            Step.EXCLUDE,
            now,
            uncertain,
            since=(State.UNCERTAIN,),
            reason=Reason.ABANDONED.value,
        )
    return take_step(connection, dispatch, Step.ACCEPT, now, uncertain, since=(State.UNCERTAIN,))


def resend(
    connection: sa.Connection,
    dispatch: Dispatch,
    now: datetime,
    subscribers: Collection[int] | None,
    due: datetime | None = None,
) -> int:
    """Defer those uncertain who were never sent their message again; tell how many these are.

    Args:
        due: When they are tried again; at once if not given.
    """
    fresh = _uncertain(connection, dispatch, subscribers, resends=0)
    note(connection, dispatch, now, State.DEFERRED, dict.fromkeys(fresh, "to be sent once more"))
    return take_step(connection, dispatch, Step.DEFER, now, fresh, since=(State.UNCERTAIN,), due=due or now, resends=1)


def _uncertain(
    connection: sa.Connection, dispatch: Dispatch, subscribers: Collection[int] | None, resends: int | None = None
) -> list[int]:
    chosen = sa.select(_deliveries.c.subscriber_id).where(
        _deliveries.c.dispatch_id == dispatch.id, _deliveries.c.state == State.UNCERTAIN
    )
    if subscribers is not None:
        chosen = chosen.where(_deliveries.c.subscriber_id.in_(list(subscribers)))
    if resends is not None:
        chosen = chosen.where(_deliveries.c.resends == resends)
    return list(connection.scalars(chosen))
