"""The ledger: one function for each thing that is asked of it or written to it, and no SQL elsewhere.

Every function takes a connection with a transaction under way. Those that change deliveries take the number of
the lease they act under and refuse when it is no longer the newest.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from newsletter.dispatch.states import RESTING, Reason, State, Step, sources, target
from newsletter.errors import DispatchError
from newsletter.message import DeliveryKey
from newsletter.store import tables

_deliveries = tables.deliveries
_dispatches = tables.dispatches

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
    finished_at: datetime | None
    lease_number: int


@dataclass(frozen=True, slots=True)
class Settled:
    """What a provider's outcome makes of one delivery."""

    subscriber: int
    step: Step
    reply: str = ""
    reference: str = ""
    due: datetime | None = None


@dataclass(frozen=True, slots=True)
class Balance:
    """How many deliveries are in each state, and how many there must be."""

    selected: int
    states: Mapping[State, int]
    reasons: Mapping[str, int]

    @property
    def total(self) -> int:
        """The sum over all states."""
        return sum(self.states.values())

    @property
    def is_balanced(self) -> bool:
        """Whether nobody was lost and nobody came in from elsewhere."""
        return self.selected == self.total

    @property
    def at_rest(self) -> bool:
        """Whether nothing is left to do."""
        return self.is_balanced and all(not count or state in RESTING for state, count in self.states.items())

    def of(self, *states: State) -> int:
        """Count the deliveries in some states."""
        return sum(self.states.get(state, 0) for state in states)


def find_dispatch(connection: sa.Connection, issue: str, list_name: str, segment: str) -> Dispatch | None:
    """Find the dispatch of an issue to an audience."""
    return _dispatch(
        connection,
        (_dispatches.c.issue == issue) & (_dispatches.c.list == list_name) & (_dispatches.c.segment == segment),
    )


def read_dispatch(connection: sa.Connection, dispatch: str) -> Dispatch:
    """Read a dispatch by its identifier.

    Raises:
        DispatchError: There is none.
    """
    found = _dispatch(connection, _dispatches.c.id == dispatch)
    if found is None:
        raise DispatchError(f"there is no dispatch {dispatch!r}")
    return found


def claim(connection: sa.Connection, dispatch: Dispatch, now: datetime, size: int) -> list[int]:
    """Claim deliveries that are planned, or deferred and due.

    Returns:
        Subscribers' numbers, at most `size`, in ascending order.
    """
    _assert_lease(connection, dispatch)
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


def release(connection: sa.Connection, dispatch: Dispatch, now: datetime, subscribers: Collection[int]) -> None:
    """Give back deliveries that were claimed and not handed over."""
    _assert_lease(connection, dispatch)
    _advance(connection, dispatch, Step.RELEASE, now, subscribers)


def exclude(connection: sa.Connection, dispatch: Dispatch, now: datetime, reasons: Mapping[int, Reason]) -> None:
    """Exclude claimed deliveries, each for its reason."""
    _assert_lease(connection, dispatch)
    for reason in set(reasons.values()):
        members = [subscriber for subscriber, given in reasons.items() if given is reason]
        _advance(connection, dispatch, Step.EXCLUDE, now, members, reason=reason.value)


def intend(connection: sa.Connection, dispatch: Dispatch, now: datetime, keys: Mapping[int, DeliveryKey]) -> None:
    """Write down that messages are about to be handed over; committed before their last octet may leave."""
    _assert_lease(connection, dispatch)
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
    _assert_lease(connection, dispatch)
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


def recover(connection: sa.Connection, dispatch: Dispatch, now: datetime) -> int:
    """Put right what an owner that died has left: claimed is planned again, submitting is uncertain.

    Returns:
        How many deliveries are uncertain because of it.
    """
    _assert_lease(connection, dispatch)
    _advance(connection, dispatch, Step.RELEASE, now, None)
    return _advance(connection, dispatch, Step.LOSE, now, None, reply="the sending process ended before the reply")


def balance(connection: sa.Connection, dispatch: Dispatch) -> Balance:
    """Count the deliveries of a dispatch by state.

    Raises:
        DispatchError: The counts do not add up to the audience that was frozen.
    """
    rows = connection.execute(
        sa.select(_deliveries.c.state, _deliveries.c.reason, sa.func.count())
        .where(_deliveries.c.dispatch_id == dispatch.id)
        .group_by(_deliveries.c.state, _deliveries.c.reason)
    ).all()
    states: dict[State, int] = dict.fromkeys(State, 0)
    reasons: dict[str, int] = {}
    for state, reason, count in rows:
        states[State(state)] += count
        if reason:
            reasons[reason] = count
    found = Balance(dispatch.selected, states, reasons)
    if not found.is_balanced:
        raise DispatchError(
            f"the ledger of dispatch {dispatch.id} does not balance: "
            f"{found.selected} selected, {found.total} accounted for",
            remedy="Send nothing more, keep a copy of the database, and report this.",
        )
    return found


def next_due(connection: sa.Connection, dispatch: Dispatch) -> datetime | None:
    """Tell when the first deferred delivery may be tried again."""
    due: datetime | None = connection.scalar(
        sa.select(_deliveries.c.due)
        .where(_deliveries.c.dispatch_id == dispatch.id, _deliveries.c.state == State.DEFERRED)
        .order_by(_deliveries.c.due)
        .limit(1)
    )
    return due


def finish(connection: sa.Connection, dispatch: Dispatch, now: datetime) -> None:
    """Mark a dispatch as finished: nothing of it is left to do."""
    _assert_lease(connection, dispatch)
    connection.execute(
        sa.update(_dispatches)
        .where(_dispatches.c.id == dispatch.id, _dispatches.c.state == "open")
        .values(state="finished", finished_at=now)
    )


def replies(connection: sa.Connection, dispatch: Dispatch, states: Iterable[State]) -> list[tuple[int, str, str]]:
    """List subscribers in some states with the state and the reply, for a person to look into."""
    rows = connection.execute(
        sa.select(_deliveries.c.subscriber_id, _deliveries.c.state, _deliveries.c.reply)
        .where(_deliveries.c.dispatch_id == dispatch.id, _deliveries.c.state.in_(list(states)))
        .order_by(_deliveries.c.subscriber_id)
    )
    return [(subscriber, state, reply or "") for subscriber, state, reply in rows]


def take_lease(
    connection: sa.Connection,
    dispatch: Dispatch,
    owner: str,
    now: datetime,
    lasting: timedelta,
    is_gone: Callable[[str], bool] = lambda _owner: False,
) -> int | None:
    """Take the lease of a dispatch, unless somebody else holds it.

    Args:
        is_gone: Tells whether an owner is certainly no more, so that nobody need wait for the end of its lease.

    Returns:
        The new fencing number, or None where another owner's lease is still valid.
    """
    mine = _dispatches.c.id == dispatch.id
    holder = connection.scalar(sa.select(_dispatches.c.lease_owner).where(mine))
    free = (
        _dispatches.c.lease_owner.is_(None) | (_dispatches.c.lease_owner == owner) | (_dispatches.c.lease_until < now)
    )
    if holder is not None and is_gone(holder):
        free |= _dispatches.c.lease_owner == holder
    changed = connection.execute(
        sa.update(_dispatches)
        .where(mine, free)
        .values(lease_owner=owner, lease_until=now + lasting, lease_number=_dispatches.c.lease_number + 1)
    )
    if changed.rowcount != 1:
        return None
    return connection.scalar(sa.select(_dispatches.c.lease_number).where(mine))


def renew_lease(connection: sa.Connection, dispatch: Dispatch, now: datetime, lasting: timedelta) -> None:
    """Hold the lease for longer."""
    _assert_lease(connection, dispatch)
    connection.execute(sa.update(_dispatches).where(_dispatches.c.id == dispatch.id).values(lease_until=now + lasting))


def give_lease_back(connection: sa.Connection, dispatch: Dispatch) -> None:
    """Let go of the lease, so that another process need not wait for its end."""
    connection.execute(
        sa.update(_dispatches)
        .where(_dispatches.c.id == dispatch.id, _dispatches.c.lease_number == dispatch.lease_number)
        .values(lease_owner=None, lease_until=None)
    )


def _dispatch(connection: sa.Connection, condition: sa.ColumnElement[bool]) -> Dispatch | None:
    columns = [_dispatches.c[name] for name in Dispatch.__dataclass_fields__]
    row = connection.execute(sa.select(*columns).where(condition)).one_or_none()
    return Dispatch(*row) if row else None


def _assert_lease(connection: sa.Connection, dispatch: Dispatch) -> None:
    statement = sa.select(_dispatches.c.lease_number).where(_dispatches.c.id == dispatch.id)
    if connection.dialect.name == "postgresql":
        statement = statement.with_for_update(read=True)
    if connection.scalar(statement) != dispatch.lease_number:
        raise DispatchError(
            f"another process has taken over dispatch {dispatch.id}",
            remedy="Let that process finish; this one has stopped.",
        )


def _advance(
    connection: sa.Connection,
    dispatch: Dispatch,
    step: Step,
    now: datetime,
    subscribers: Collection[int] | None,
    **values: Any,
) -> int:
    """Take one step with some deliveries, or with all that can; guarded by the table of transitions."""
    statement = (
        sa.update(_deliveries)
        .where(_deliveries.c.dispatch_id == dispatch.id, _deliveries.c.state.in_(sources(step)))
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
