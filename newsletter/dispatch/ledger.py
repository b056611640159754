"""The ledger: one function for each thing that is written to it.

Every function takes a connection with a transaction under way. What a sending process does is refused unless its
lease is still its own; whatever moves deliveries keeps their counts too.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

import sqlalchemy as sa

from newsletter.dispatch import counts, statements
from newsletter.dispatch.dispatches import Dispatch, DispatchState
from newsletter.dispatch.states import TAKEN, Reason, State, Step, advance, sources, target
from newsletter.errors import DispatchError
from newsletter.message import DeliveryKey
from newsletter.store import tables
from newsletter.store.conditions import past_index
from newsletter.store.prepared import Started, together

_deliveries = tables.deliveries
_dispatches = tables.dispatches
_events = tables.dispatch_events

REPLY_LENGTH = 500


@dataclass(frozen=True, slots=True)
class Settled:
    """What a provider's outcome makes of one delivery.

    Args:
        due: When one that was deferred may be tried again.
        since: The state that it is in: claimed, where it was refused before its intent.
    """

    subscriber: int
    step: Step
    reply: str = ""
    reference: str = ""
    due: datetime | None = None
    since: State = State.SUBMITTING


def assert_lease(connection: sa.Connection, dispatch: Dispatch) -> DispatchState:
    """Refuse to go on under a lease that was lost, and hold it until the transaction ends.

    Returns:
        The state that the dispatch is in now; nothing is claimed or handed over unless it is open.

    Raises:
        DispatchError: Another process has taken over.
    """
    return _look(connection, dispatch).state


def is_contested(connection: sa.Connection, dispatch: Dispatch) -> bool:
    """Tell whether there are other dispatches of the same issue.

    Raises:
        DispatchError: Another process has taken over.
    """
    return _look(connection, dispatch).contested


def claim(connection: sa.Connection, dispatch: Dispatch, now: datetime, size: int) -> list[int]:
    """Claim deliveries that are deferred and due, those due first before others, and then such as are planned.

    Nothing is claimed of a dispatch that is not open.

    Returns:
        Subscribers' numbers, at most `size`, in ascending order.
    """
    if assert_lease(connection, dispatch) is not DispatchState.OPEN:
        return []
    claimed: list[int] = []
    moves: Counter[tuple[State, str]] = Counter()
    for since, chosen in ((State.DEFERRED, statements.DUE), (State.PLANNED, statements.PLANNED)):
        room = size - len(claimed)
        found = [row[0] for row in chosen.rows(connection, dispatch=dispatch.id, now=now, size=room)] if room else []
        if found:
            rows = [(subscriber,) for subscriber in found]
            moved = statements.CLAIM.run(
                connection, rows, dispatch=dispatch.id, lease=dispatch.lease, now=now, since=since.value
            )
            _assert_all_moved(moved, len(found), Step.CLAIM)
            moves.update(_move(since, State.CLAIMED, moved))
            claimed += found
    counts.move(connection, dispatch.id, moves)
    return sorted(claimed)


def expire(connection: sa.Connection, dispatch: Dispatch, now: datetime) -> None:
    """Exclude, once the deadline has passed, what nobody is at work on."""
    assert_lease(connection, dispatch)
    if now >= dispatch.deadline:
        reason = Reason.EXPIRED.value
        take_step(
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
    if not waiting:
        return
    assert_lease(connection, dispatch)
    for why in set(waiting.values()):
        members = [subscriber for subscriber, given in waiting.items() if given == why]
        take_step(connection, dispatch, Step.DEFER, now, members, since=(State.CLAIMED,), due=until, reply=why)


def deferrals(connection: sa.Connection, dispatch: Dispatch, subscribers: Collection[int]) -> dict[int, int]:
    """Tell how often deliveries have been refused for now."""
    rows = connection.execute(
        sa.select(_deliveries.c.subscriber_id, _deliveries.c.deferrals).where(
            _deliveries.c.dispatch_id == dispatch.id, _deliveries.c.subscriber_id.in_(list(subscribers))
        )
    )
    return {row.subscriber_id: row.deferrals for row in rows}


def exclude(connection: sa.Connection, dispatch: Dispatch, now: datetime, reasons: Mapping[int, Reason]) -> None:
    """Exclude deliveries, each for its reason."""
    if not reasons:
        return
    assert_lease(connection, dispatch)
    for reason in set(reasons.values()):
        members = [subscriber for subscriber, given in reasons.items() if given is reason]
        take_step(connection, dispatch, Step.EXCLUDE, now, members, reason=reason.value, due=None)


def intend(
    connection: sa.Connection, dispatch: Dispatch, now: datetime, keys: Mapping[int, DeliveryKey]
) -> Mapping[int, DeliveryKey]:
    """Write down that messages are about to be handed over; committed before their last octet may leave.

    Returns:
        What may be handed over: nothing of a dispatch that is not open.
    """
    return exchange(connection, dispatch, now, (), keys)


def settle(connection: sa.Connection, dispatch: Dispatch, now: datetime, settled: Sequence[Settled]) -> None:
    """Write down what became of messages that were handed over, or refused before they were."""
    exchange(connection, dispatch, now, settled, {})


def exchange(
    connection: sa.Connection,
    dispatch: Dispatch,
    now: datetime,
    settled: Sequence[Settled],
    keys: Mapping[int, DeliveryKey],
    before: counts.Counts = MappingProxyType({}),
) -> Mapping[int, DeliveryKey]:
    """Write down what became of some messages and that others are about to be handed over, in as few steps as it takes.

    Args:
        before: What counts are to change by that this transaction has done already.

    Returns:
        What may be handed over: nothing of a dispatch that is not open.
    """
    going = keys if assert_lease(connection, dispatch) is DispatchState.OPEN else {}
    moves = Counter(before)
    by_step: dict[tuple[State, Step], list[Settled]] = {}
    for one in settled:
        by_step.setdefault((one.since, one.step), []).append(one)
    for (since, step), ones in by_step.items():
        state = advance(since, step)
        moves.update(_move(since, state, len(ones)))
        if state is not State.ACCEPTED:
            note(connection, dispatch, now, state, {one.subscriber: _kept(one.reply) for one in ones})
    if going:
        moves.update(_move(State.CLAIMED, target(Step.INTEND), len(going)))
    own = {"dispatch": dispatch.id, "lease": dispatch.lease, "now": now}
    with together(connection):
        started = [
            (step, len(ones), _settle(connection, own, since, step, ones)) for (since, step), ones in by_step.items()
        ]
        if going:
            started.append((Step.INTEND, len(going), statements.INTEND.start(connection, list(going.items()), **own)))
        counts.move(connection, dispatch.id, moves)
    for step, wanted, statement in started:
        _assert_all_moved(statement.rowcount, wanted, step)
    return going


def recover(connection: sa.Connection, dispatch: Dispatch, lease: int, now: datetime) -> int:
    """Put right what the owner of a lease has left: claimed is planned again, submitting is uncertain.

    Returns:
        How many deliveries are uncertain because of it.
    """
    of_lease = _deliveries.c.lease_number == lease
    take_step(connection, dispatch, Step.RELEASE, now, None, only=of_lease)
    why = "the sending process ended before the reply"
    lost = connection.scalars(
        sa.select(_deliveries.c.subscriber_id).where(
            _deliveries.c.dispatch_id == dispatch.id, _deliveries.c.state == State.SUBMITTING, of_lease
        )
    ).all()
    note(connection, dispatch, now, State.UNCERTAIN, dict.fromkeys(lost, why))
    return take_step(connection, dispatch, Step.LOSE, now, None, only=of_lease, reply=why)


def note(
    connection: sa.Connection, dispatch: Dispatch, now: datetime, state: State, replies: Mapping[int, str | None]
) -> None:
    """Add to the story of readers that their delivery has entered a state, other than by being accepted at once."""
    rows = [
        {"dispatch_id": dispatch.id, "subscriber_id": subscriber, "at": now, "state": state.value, "reply": reply}
        for subscriber, reply in replies.items()
    ]
    if rows:
        connection.execute(sa.insert(tables.delivery_events), rows)


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
    counts.forget(connection, dispatch.id)
    connection.execute(sa.delete(tables.kept_readers).where(tables.kept_readers.c.dispatch_id == dispatch.id))
    connection.execute(sa.delete(tables.leases).where(tables.leases.c.dispatch_id == dispatch.id))
    connection.execute(sa.delete(tables.delivery_events).where(tables.delivery_events.c.dispatch_id == dispatch.id))
    connection.execute(sa.delete(_events).where(_events.c.dispatch_id == dispatch.id))
    connection.execute(sa.delete(_deliveries).where(_deliveries.c.dispatch_id == dispatch.id))
    connection.execute(sa.delete(_dispatches).where(_dispatches.c.id == dispatch.id))


def finish(connection: sa.Connection, dispatch: Dispatch, now: datetime) -> bool:
    """Mark a dispatch as finished, and tell whether it was not before. One that was cancelled stays so."""
    is_cancelled = _dispatches.c.state == DispatchState.CANCELLED
    ended = sa.case((is_cancelled, DispatchState.CANCELLED.value), else_=DispatchState.FINISHED.value)
    marked = connection.execute(
        sa.update(_dispatches)
        .where(_dispatches.c.id == dispatch.id, _dispatches.c.finished_at.is_(None))
        .values(state=ended, finished_at=now)
    )
    connection.info.pop(_LOOK, None)
    return bool(marked.rowcount)


def take_step(
    connection: sa.Connection,
    dispatch: Dispatch,
    step: Step,
    now: datetime,
    subscribers: Collection[int] | None,
    *,
    since: Collection[State] | None = None,
    only: sa.ColumnElement[bool] | None = None,
    **values: Any,
) -> int:
    """Take one step with some deliveries, or with all that can; guarded by the table of transitions.

    Args:
        since: Only from these states.
        only: Of all that can, only these.
    """
    if subscribers is not None and not subscribers:
        return 0
    reason = str(values.get("reason") or "")
    moves: Counter[tuple[State, str]] = Counter()
    total = 0
    for start in sources(step):
        if since is not None and start not in since:
            continue
        statement = sa.update(_deliveries).values(state=target(step), changed_at=now, **values)
        if subscribers is None:
            statement = statement.where(
                _deliveries.c.dispatch_id == dispatch.id,
                _deliveries.c.state == start,
                sa.true() if only is None else only,
            )
        else:
            statement = statement.where(
                _deliveries.c.subscriber_id.in_(list(subscribers)),
                past_index(_deliveries.c.dispatch_id) == dispatch.id,
                past_index(_deliveries.c.state) == start,
            )
        moved = connection.execute(statement).rowcount
        moves.update(_move(start, target(step), moved, reason))
        total += moved
    if subscribers is not None:
        _assert_all_moved(total, len(subscribers), step)
    counts.move(connection, dispatch.id, moves)
    return total


def _settle(
    connection: sa.Connection, own: Mapping[str, object], since: State, step: Step, settled: Sequence[Settled]
) -> Started:
    rows = [(one.subscriber, _kept(one.reply), _kept(one.reference), one.due) for one in settled]
    values = {"since": since.value, "state": advance(since, step).value, "more": int(step is Step.DEFER)}
    return statements.SETTLE.start(connection, rows, **own, **values)


def _kept(words: str) -> str | None:
    return words[:REPLY_LENGTH] or None


def _move(since: State, state: State, count: int, reason: str = "") -> counts.Counts:
    return {(since, ""): -count, (state, reason): count}


def _assert_all_moved(moved: int, wanted: int, step: Step) -> None:
    if moved != wanted:
        raise DispatchError(
            f"{wanted - moved} of {wanted} deliveries were not where they should be for the step {step}",
            remedy="Nothing of it was written. Run the same command again.",
        )


_LOOK: Final = "newsletter: what a transaction has seen of its dispatch"


@dataclass(frozen=True, slots=True)
class _Look:
    """What a transaction has seen of its dispatch; it holds for as long as that lasts."""

    transaction: object
    dispatch: str
    lease: int
    state: DispatchState
    contested: bool


def _look(connection: sa.Connection, dispatch: Dispatch) -> _Look:
    """Look at a dispatch once in a transaction: nobody else changes it before that ends."""
    transaction = connection.get_transaction()
    seen: _Look | None = connection.info.get(_LOOK)
    if (
        seen is not None
        and seen.transaction is transaction
        and (seen.dispatch, seen.lease) == (dispatch.id, dispatch.lease)
    ):
        return seen
    rows = statements.LOOK.rows(connection, dispatch=dispatch.id, lease=dispatch.lease)
    if not rows:
        raise DispatchError(
            f"another process has taken over dispatch {dispatch.id}",
            remedy="Let that process finish; this one has stopped.",
        )
    state, contested = rows[0]
    transaction = connection.get_transaction()
    seen = _Look(transaction, dispatch.id, dispatch.lease, DispatchState(state), bool(contested))
    connection.info[_LOOK] = seen
    return seen
