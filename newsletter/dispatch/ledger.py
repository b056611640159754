"""The ledger: one function for each thing that is written to it.

Every function takes a connection with a transaction under way. Those that change deliveries take the number of
the lease they act under and refuse when it is no longer the newest.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from newsletter.dispatch.states import TAKEN, Reason, State, Step, sources, target
from newsletter.errors import DispatchError
from newsletter.message import DeliveryKey
from newsletter.store import tables

_deliveries = tables.deliveries
_dispatches = tables.dispatches
_events = tables.dispatch_events

REPLY_LENGTH = 500


@dataclass(frozen=True, slots=True)
class Dispatch:
    """One sending of one issue to one audience, as it was frozen."""

    id: str
    issue: str
    list: str
    segment: str
    provider: str
    content_hash: str
    letterhead: str
    secret: bytes
    state: str
    selected: int
    created_at: datetime
    deadline: datetime
    finished_at: datetime | None
    lease_number: int
    override: str | None
    kind: str = "first"
    follows: str | None = None
    on_uncertain: str = "hold"
    approval: str | None = None
    start: str | None = None
    start_at: datetime | None = None
    canary: int | None = None
    canary_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Settled:
    """What a provider's outcome makes of one delivery.

    Args:
        due: When one that was deferred may be tried again.
    """

    subscriber: int
    step: Step
    reply: str = ""
    reference: str = ""
    due: datetime | None = None


def find_dispatch(connection: sa.Connection, issue: str, list_name: str, segment: str) -> Dispatch | None:
    """Find the first dispatch of an issue to an audience; others may follow it."""
    return _dispatch(
        connection,
        (_dispatches.c.issue == issue)
        & (_dispatches.c.list == list_name)
        & (_dispatches.c.segment == segment)
        & (_dispatches.c.kind == "first"),
    )


def all_dispatches(connection: sa.Connection) -> tuple[Dispatch, ...]:
    """Read the dispatches that there are, the newest first."""
    columns = [_dispatches.c[name] for name in Dispatch.__dataclass_fields__]
    rows = connection.execute(sa.select(*columns).order_by(_dispatches.c.created_at.desc(), _dispatches.c.id))
    return tuple(Dispatch(*row) for row in rows)


def hold_dispatch(connection: sa.Connection, dispatch: str) -> Dispatch:
    """Read a dispatch, and let no other transaction go on with it before this one ends.

    Raises:
        DispatchError: There is none.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(_dispatches.c.id).where(_dispatches.c.id == dispatch).with_for_update())
    return read_dispatch(connection, dispatch)


def read_dispatch(connection: sa.Connection, dispatch: str) -> Dispatch:
    """Read a dispatch by its identifier.

    Raises:
        DispatchError: There is none.
    """
    found = _dispatch(connection, _dispatches.c.id == dispatch)
    if found is None:
        raise DispatchError(f"there is no dispatch {dispatch!r}")
    return found


def assert_lease(connection: sa.Connection, dispatch: Dispatch) -> str:
    """Refuse to go on under a lease that was lost, and hold it until the transaction ends.

    Returns:
        The state that the dispatch is in now; nothing is claimed or handed over unless it is open.

    Raises:
        DispatchError: Another process has taken over.
    """
    statement = sa.select(_dispatches.c.lease_number, _dispatches.c.state).where(_dispatches.c.id == dispatch.id)
    if connection.dialect.name == "postgresql":
        statement = statement.with_for_update(read=True)
    row = connection.execute(statement).one_or_none()
    if row is None or row.lease_number != dispatch.lease_number:
        raise DispatchError(
            f"another process has taken over dispatch {dispatch.id}",
            remedy="Let that process finish; this one has stopped.",
        )
    return str(row.state)


def claim(connection: sa.Connection, dispatch: Dispatch, now: datetime, size: int) -> list[int]:
    """Claim deliveries that are planned, or deferred and due.

    Returns:
        Subscribers' numbers, at most `size`, in ascending order.
    """
    if assert_lease(connection, dispatch) != "open" or not size:
        return []
    due = (_deliveries.c.state == State.PLANNED) | (
        (_deliveries.c.state == State.DEFERRED) & (_deliveries.c.due <= now)
    )
    chosen = (
        sa.select(_deliveries.c.subscriber_id)
        .where(_deliveries.c.dispatch_id == dispatch.id, due)
        .order_by(_deliveries.c.subscriber_id)
        .limit(size)
    )
    if connection.dialect.name == "postgresql":
        chosen = chosen.with_for_update(skip_locked=True)
    subscribers = list(connection.scalars(chosen))
    if subscribers:
        _advance(connection, dispatch, Step.CLAIM, now, subscribers, due=None)
    return subscribers


def expire(connection: sa.Connection, dispatch: Dispatch, now: datetime) -> None:
    """Exclude, once the deadline has passed, what nobody is at work on."""
    assert_lease(connection, dispatch)
    if now >= dispatch.deadline:
        reason = Reason.EXPIRED.value
        _advance(
            connection,
            dispatch,
            Step.EXCLUDE,
            now,
            None,
            since=(State.PLANNED, State.DEFERRED),
            reason=reason,
            due=None,
        )


def postpone(
    connection: sa.Connection, dispatch: Dispatch, now: datetime, until: datetime, waiting: Mapping[int, str]
) -> None:
    """Put off claimed deliveries, each with why; nobody has refused them."""
    assert_lease(connection, dispatch)
    for why in set(waiting.values()):
        members = [subscriber for subscriber, given in waiting.items() if given == why]
        _advance(connection, dispatch, Step.DEFER, now, members, since=(State.CLAIMED,), due=until, reply=why)


def deferrals(connection: sa.Connection, dispatch: Dispatch, subscribers: Collection[int]) -> dict[int, int]:
    """Tell how often deliveries have been refused for now."""
    rows = connection.execute(
        sa.select(_deliveries.c.subscriber_id, _deliveries.c.deferrals).where(
            _deliveries.c.dispatch_id == dispatch.id, _deliveries.c.subscriber_id.in_(list(subscribers))
        )
    )
    return {row.subscriber_id: row.deferrals for row in rows}


def release(connection: sa.Connection, dispatch: Dispatch, now: datetime, subscribers: Collection[int]) -> None:
    """Give back deliveries that were claimed and not handed over."""
    assert_lease(connection, dispatch)
    _advance(connection, dispatch, Step.RELEASE, now, subscribers)


def exclude(connection: sa.Connection, dispatch: Dispatch, now: datetime, reasons: Mapping[int, Reason]) -> None:
    """Exclude deliveries, each for its reason."""
    assert_lease(connection, dispatch)
    for reason in set(reasons.values()):
        members = [subscriber for subscriber, given in reasons.items() if given is reason]
        _advance(connection, dispatch, Step.EXCLUDE, now, members, reason=reason.value, due=None)


def intend(connection: sa.Connection, dispatch: Dispatch, now: datetime, keys: Mapping[int, DeliveryKey]) -> None:
    """Write down that messages are about to be handed over; committed before their last octet may leave."""
    assert_lease(connection, dispatch)
    if not keys:
        return
    statement = (
        sa.update(_deliveries)
        .where(
            _deliveries.c.dispatch_id == dispatch.id,
            _deliveries.c.subscriber_id == sa.bindparam("subscriber"),
            _in_source_of(Step.INTEND),
        )
        .values(
            state=target(Step.INTEND),
            attempts=_deliveries.c.attempts + 1,
            key=sa.bindparam("delivery_key"),
            changed_at=now,
        )
    )
    parameters = [{"subscriber": subscriber, "delivery_key": key} for subscriber, key in keys.items()]
    _assert_all_moved(connection.execute(statement, parameters).rowcount, len(parameters), Step.INTEND)


def settle(connection: sa.Connection, dispatch: Dispatch, now: datetime, settled: Sequence[Settled]) -> None:
    """Write down what became of messages that were handed over, or refused before they were."""
    assert_lease(connection, dispatch)
    for step in {one.step for one in settled}:
        statement = (
            sa.update(_deliveries)
            .where(
                _deliveries.c.dispatch_id == dispatch.id,
                _deliveries.c.subscriber_id == sa.bindparam("subscriber"),
                _in_source_of(step),
            )
            .values(
                state=target(step),
                reply=sa.bindparam("new_reply"),
                reference=sa.bindparam("new_reference"),
                due=sa.bindparam("new_due"),
                deferrals=_deliveries.c.deferrals + int(step is Step.DEFER),
                changed_at=now,
            )
        )
        parameters = [
            {
                "subscriber": one.subscriber,
                "new_reply": one.reply[:REPLY_LENGTH] or None,
                "new_reference": one.reference[:REPLY_LENGTH] or None,
                "new_due": one.due,
            }
            for one in settled
            if one.step is step
        ]
        _assert_all_moved(connection.execute(statement, parameters).rowcount, len(parameters), step)


def exclude_all(connection: sa.Connection, dispatch: Dispatch, now: datetime, reason: Reason) -> int:
    """Exclude everybody whom nobody has in hand; tell how many that were."""
    since = (State.PLANNED, State.DEFERRED)
    return _advance(connection, dispatch, Step.EXCLUDE, now, None, since=since, reason=reason.value, due=None)


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
    if drop:
        return _advance(
            connection,
            dispatch,
            Step.EXCLUDE,
            now,
            uncertain,
            since=(State.UNCERTAIN,),
            reason=Reason.ABANDONED.value,
        )
    return _advance(connection, dispatch, Step.ACCEPT, now, uncertain, since=(State.UNCERTAIN,))


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
    return _advance(connection, dispatch, Step.DEFER, now, fresh, since=(State.UNCERTAIN,), due=due or now, resends=1)


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


def recover(connection: sa.Connection, dispatch: Dispatch, now: datetime) -> int:
    """Put right what an owner that died has left: claimed is planned again, submitting is uncertain.

    Returns:
        How many deliveries are uncertain because of it.
    """
    assert_lease(connection, dispatch)
    _advance(connection, dispatch, Step.RELEASE, now, None)
    return _advance(connection, dispatch, Step.LOSE, now, None, reply="the sending process ended before the reply")


def was_touched(connection: sa.Connection, dispatch: Dispatch) -> bool:
    """Tell whether any message of a dispatch was ever handed over, or may have been."""
    touched = sa.exists().where(
        _deliveries.c.dispatch_id == dispatch.id,
        (_deliveries.c.attempts > 0) | _deliveries.c.state.in_(TAKEN | {State.REJECTED}),
    )
    return bool(connection.scalar(sa.select(touched)))


def drop(connection: sa.Connection, dispatch: Dispatch) -> None:
    """Take out a dispatch of which nothing was ever handed over.

    Raises:
        DispatchError: Something was, or may have been.
    """
    assert_lease(connection, dispatch)
    if was_touched(connection, dispatch):
        raise DispatchError(
            f"messages of dispatch {dispatch.id} have been handed over already, or may have been",
            remedy="It can only go on as it was frozen: leave out --refreeze.",
        )
    connection.execute(sa.delete(_events).where(_events.c.dispatch_id == dispatch.id))
    connection.execute(sa.delete(_deliveries).where(_deliveries.c.dispatch_id == dispatch.id))
    connection.execute(sa.delete(_dispatches).where(_dispatches.c.id == dispatch.id))


def finish(connection: sa.Connection, dispatch: Dispatch, now: datetime) -> None:
    """Mark a dispatch as finished: nothing of it is left to do. One that was cancelled stays so."""
    assert_lease(connection, dispatch)
    is_cancelled = _dispatches.c.state == "cancelled"
    connection.execute(
        sa.update(_dispatches)
        .where(_dispatches.c.id == dispatch.id, _dispatches.c.finished_at.is_(None))
        .values(state=sa.case((is_cancelled, "cancelled"), else_="finished"), finished_at=now)
    )


def _dispatch(connection: sa.Connection, condition: sa.ColumnElement[bool]) -> Dispatch | None:
    columns = [_dispatches.c[name] for name in Dispatch.__dataclass_fields__]
    row = connection.execute(sa.select(*columns).where(condition)).one_or_none()
    return Dispatch(*row) if row else None


def _advance(
    connection: sa.Connection,
    dispatch: Dispatch,
    step: Step,
    now: datetime,
    subscribers: Collection[int] | None,
    *,
    since: Collection[State] | None = None,
    **values: Any,
) -> int:
    """Take one step with some deliveries, or with all that can; guarded by the table of transitions.

    Args:
        since: Only from these states.
    """
    starts = [state for state in sources(step) if since is None or state in since]
    statement = (
        sa.update(_deliveries)
        .where(_deliveries.c.dispatch_id == dispatch.id, _deliveries.c.state.in_(starts))
        .values(state=target(step), changed_at=now, **values)
    )
    if subscribers is None:
        return connection.execute(statement).rowcount
    if not subscribers:
        return 0
    moved = connection.execute(statement.where(_deliveries.c.subscriber_id.in_(list(subscribers)))).rowcount
    _assert_all_moved(moved, len(subscribers), step)
    return moved


def _in_source_of(step: Step) -> sa.ColumnElement[bool]:
    """Guard a statement that is run for many deliveries at once, which takes no list of its own."""
    return sa.or_(*(_deliveries.c.state == state for state in sources(step)))


def _assert_all_moved(moved: int, wanted: int, step: Step) -> None:
    if moved != wanted:
        raise DispatchError(
            f"{wanted - moved} of {wanted} deliveries were not where they should be for the step {step}",
            remedy="Nothing of it was written. Run the same command again.",
        )
