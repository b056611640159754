"""What keeps a dispatch from handing over now: its start, quiet hours, and the look at how its first part was taken."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa

from newsletter.dispatch import account, dispatches, lease, ledger
from newsletter.dispatch.audit import Action, log
from newsletter.dispatch.brake import went_well
from newsletter.dispatch.dispatches import Dispatch, DispatchState
from newsletter.dispatch.states import RESTING, State
from newsletter.dispatch.timing import Quiet, quiet_of
from newsletter.settings import Settings
from newsletter.store import tables

_deliveries, _dispatches = tables.deliveries, tables.dispatches

EVERYBODY: Final = 100
"""In a hundred."""
TOUCHED: Final = (
    State.CLAIMED, State.SUBMITTING, State.ACCEPTED, State.REJECTED, State.UNCERTAIN, State.DEFERRED,
)  # fmt: skip
"""Where the deliveries of a first part are once somebody has begun with them."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How carefully a workspace sends.

    Args:
        quiet: When nothing is handed over.
        lateness: How long after its time a dispatch still begins by itself.
        observation: How long the first part is looked at before the rest follows.
        rejected: The share, from 0 to 1, of those refused for good that is too much; None where any is taken.
        window: How many outcomes that is judged by.
    """

    quiet: Quiet
    lateness: timedelta = timedelta(hours=6)
    observation: timedelta = timedelta(minutes=30)
    rejected: float | None = None
    window: int = 100


def pace_of(settings: Settings) -> Pace:
    """Read what the workspace says about it."""
    said = settings.dispatch
    return Pace(
        quiet_of(said, settings.time_zone),
        timedelta(hours=said.latest_start_hours),
        timedelta(minutes=said.canary_minutes),
        None if said.most_rejected >= EVERYBODY else said.most_rejected / EVERYBODY,
        said.judged_by,
    )


@dataclass(frozen=True, slots=True)
class Closed:
    """Why a dispatch hands nothing over now, and when it will again; None where a person must decide."""

    why: str
    until: datetime | None


def closed(connection: sa.Connection, dispatch: Dispatch, now: datetime, pace: Pace) -> Closed | None:
    """Tell why nothing of a dispatch may be handed over now; None where it may."""
    row = connection.execute(
        sa.select(_dispatches.c.start_at, _dispatches.c.canary, _dispatches.c.canary_until).where(
            _dispatches.c.id == dispatch.id
        )
    ).one()
    if row.start_at is not None and now < row.start_at:
        return Closed("it starts later", row.start_at)
    quiet_until = pace.quiet.until(now)
    if quiet_until is not None:
        return Closed("these are quiet hours", quiet_until)
    if row.canary and row.canary_until is not None and now < row.canary_until:
        return Closed("its first part is being looked at", row.canary_until)
    if row.canary and row.canary_until is None and _is_under_way(connection, dispatch):
        return Closed("its first part is still under way", None)
    return None


def begin(connection: sa.Connection, dispatch: Dispatch, now: datetime, pace: Pace, by: str) -> str | None:
    """Make sure that a dispatch does not begin much later than it was meant to, without a person.

    Returns:
        Why it is paused, if that is so.
    """
    row = connection.execute(sa.select(_dispatches.c.start_at).where(_dispatches.c.id == dispatch.id)).one()
    late = row.start_at is not None and now > row.start_at + pace.lateness
    if not late or dispatch.state is not DispatchState.OPEN or ledger.was_touched(connection, dispatch):
        return None
    why = f"it should have begun on {row.start_at:%Y-%m-%d %H:%M} UTC"
    pause(connection, dispatch, now, by, why)
    return why


def pause_skipped(connection: sa.Connection, since: datetime, now: datetime, by: str, why: str) -> Sequence[Dispatch]:
    """Pause what would begin now only because the clock was set ahead, and give it.

    Args:
        since: What the clock would say if nobody had set it.
    """
    names = connection.scalars(
        sa.select(_dispatches.c.id).where(
            _dispatches.c.state == DispatchState.OPEN, _dispatches.c.start_at > since, _dispatches.c.start_at <= now
        )
    ).all()
    found = [dispatches.read_dispatch(connection, name) for name in names]
    skipped = [dispatch for dispatch in found if not ledger.was_touched(connection, dispatch)]
    for dispatch in skipped:
        pause(connection, dispatch, now, by, why)
    return skipped


def judge_first_part(connection: sa.Connection, dispatch: Dispatch, now: datetime, pace: Pace, by: str) -> bool:
    """Let the rest of a dispatch follow its first part, or pause it where that was not taken well enough.

    Returns:
        Whether the rest may follow.
    """
    row = connection.execute(
        sa.select(_dispatches.c.canary, _dispatches.c.canary_until).where(_dispatches.c.id == dispatch.id)
    ).one()
    if not row.canary or row.canary_until is None or now < row.canary_until:
        return True
    counts = dict(account.balance(connection, dispatch).states)
    if not went_well(counts, 0.0 if pace.rejected is None else pace.rejected):
        told = ", ".join(f"{counts[state]:,} {state}" for state in State if counts.get(state) and state in TOUCHED)
        pause(connection, dispatch, now, by, f"the first part was not taken well enough: {told}")
        return False
    connection.execute(
        sa.update(_dispatches).where(_dispatches.c.id == dispatch.id).values(canary=None, canary_until=None)
    )
    log(connection, dispatch.id, now, Action.WENT_ON, by, "the first part was taken well")
    return True


def left_of_first_part(connection: sa.Connection, dispatch: Dispatch) -> int | None:
    """Tell how many more may be claimed before the first part is looked at; None where all may."""
    size = connection.scalar(sa.select(_dispatches.c.canary).where(_dispatches.c.id == dispatch.id))
    if size is None:
        return None
    return max(0, int(size) - account.balance(connection, dispatch).of(*TOUCHED))


def _is_under_way(connection: sa.Connection, dispatch: Dispatch) -> bool:
    """Tell whether all of the first part is claimed, and somebody still has some of it in hand."""
    in_hand = account.balance(connection, dispatch).of(State.CLAIMED, State.SUBMITTING)
    return bool(in_hand) and not left_of_first_part(connection, dispatch)


def conclude_first_part(connection: sa.Connection, dispatch: Dispatch, now: datetime, pace: Pace, by: str) -> None:
    """Begin to look at the first part, once all of it has been handed over."""
    row = connection.execute(
        sa.select(_dispatches.c.canary, _dispatches.c.canary_until).where(_dispatches.c.id == dispatch.id)
    ).one()
    if not row.canary or row.canary_until is not None or left_of_first_part(connection, dispatch):
        return
    if _is_under_way(connection, dispatch):
        return  # of several that share it, the last one begins
    until = now + pace.observation
    connection.execute(sa.update(_dispatches).where(_dispatches.c.id == dispatch.id).values(canary_until=until))
    log(connection, dispatch.id, now, Action.WAITED, by, f"the first {row.canary:,} are looked at")


def due(connection: sa.Connection, now: datetime, pace: Pace, *, shared: bool = False) -> Sequence[Dispatch]:
    """Name the dispatches that a process could go on with now, the oldest first.

    Args:
        shared: It would share them with others who do so too.
    """
    of_dispatch = _deliveries.c.dispatch_id == _dispatches.c.id
    is_due = (_deliveries.c.state == State.DEFERRED) & (_deliveries.c.due <= now)
    waiting = sa.exists().where(of_dispatch, (_deliveries.c.state == State.PLANNED) | is_due)
    stranded = sa.exists().where(of_dispatch, _deliveries.c.state.in_([State.CLAIMED, State.SUBMITTING]))
    # A process may have been killed when all that was left to do was to say that the dispatch has ended.
    unsettled = sa.exists().where(of_dispatch, _deliveries.c.state.in_(frozenset(State) - RESTING))
    is_open = _dispatches.c.state == DispatchState.OPEN
    is_cut_off = (_dispatches.c.state == DispatchState.CANCELLED) & _dispatches.c.finished_at.is_(None)
    rows = connection.execute(
        sa.select(_dispatches.c.id, waiting)
        .where((is_open & (waiting | stranded | ~unsettled)) | is_cut_off)
        .order_by(_dispatches.c.created_at, _dispatches.c.id)
    ).all()
    found = [(dispatches.read_dispatch(connection, name), has_work) for name, has_work in rows]
    return [one for one, has_work in found if _is_to_be_had(connection, one, now, pace, has_work, shared)]


def _is_to_be_had(
    connection: sa.Connection, dispatch: Dispatch, now: datetime, pace: Pace, has_work: bool, shared: bool
) -> bool:
    """Tell whether a process that came to a dispatch would find something to do."""
    held = lease.leases(connection, dispatch)
    living = [one for one in held if not one.is_over(now)]
    if any(not (shared and one.is_shared) for one in living):
        return False
    if len(living) < len(held):
        return True  # what one that has ended left is put right at any hour
    # Where nobody is at it, something is left: to let in who has joined, or to say that it has ended.
    return (has_work or not held) and closed(connection, dispatch, now, pace) is None


def pause(connection: sa.Connection, dispatch: Dispatch, now: datetime, by: str, why: str) -> None:
    """Pause an open dispatch by itself, and write down why."""
    if dispatches.move_to(connection, dispatch, DispatchState.PAUSED, DispatchState.OPEN):
        log(connection, dispatch.id, now, Action.PAUSED, by, why)
