"""What can be measured of dispatches from the ledger, within milliseconds however many readers they have."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa

from newsletter.dispatch import account, dispatches
from newsletter.dispatch.audit import Action
from newsletter.dispatch.dispatches import Dispatch, DispatchState
from newsletter.dispatch.scheduling import Pace, closed
from newsletter.dispatch.states import State
from newsletter.store import tables

KEPT: Final = timedelta(days=1)
"""How long a dispatch is measured after its end."""

_dispatches, _counts = tables.dispatches, tables.delivery_counts
_events, _leases = tables.dispatch_events, tables.leases


@dataclass(frozen=True, slots=True)
class Measure:
    """How far a dispatch is.

    Args:
        states: How many deliveries are in each state, all states named.
        excluded: How many are excluded for each reason that occurs.
        started_at: When a process first began to send.
        leases: How many processes have it in hand.
        next_due: When the first deferred delivery is due, or was.
        is_closed: Whether nothing may be handed over now, though nobody has paused it.
    """

    dispatch: Dispatch
    states: Mapping[State, int]
    excluded: Mapping[str, int]
    started_at: datetime | None
    leases: int
    next_due: datetime | None
    is_closed: bool


@dataclass(frozen=True, slots=True)
class Measures:
    """What is measured of all dispatches at one moment.

    Args:
        current: Those that are not over, and those that ended lately; the newest first.
        uncertain: How many deliveries are uncertain, in whatever dispatch.
        by_state: How many dispatches are in each state.
        is_quiet: Whether these are quiet hours, or a quiet day.
    """

    at: datetime
    current: Sequence[Measure]
    uncertain: int
    by_state: Mapping[DispatchState, int]
    is_quiet: bool


def measure(connection: sa.Connection, now: datetime, pace: Pace) -> Measures:
    """Measure all dispatches; the deliveries themselves are not counted."""
    found = dispatches.dispatches_since(connection, now - KEPT)
    names = [one.id for one in found]
    states, started, held = _states(connection, names), _started(connection, names), _held(connection, names, now)
    uncertain = connection.scalar(sa.select(sa.func.sum(_counts.c.count)).where(_counts.c.state == State.UNCERTAIN))
    by_state = connection.execute(sa.select(_dispatches.c.state, sa.func.count()).group_by(_dispatches.c.state))
    return Measures(
        now,
        [
            Measure(
                one,
                {state: sum(states[one.id].get(state, {}).values()) for state in State},
                states[one.id].get(State.EXCLUDED, {}),
                started.get(one.id),
                held.get(one.id, 0),
                account.next_due(connection, one) if states[one.id].get(State.DEFERRED) else None,
                one.state is DispatchState.OPEN and closed(connection, one, now, pace) is not None,
            )
            for one in found
        ],
        int(uncertain or 0),
        dict.fromkeys(DispatchState, 0) | {DispatchState(state): count for state, count in by_state},
        pace.quiet.until(now) is not None,
    )


def _states(connection: sa.Connection, names: Sequence[str]) -> Mapping[str, dict[State, dict[str, int]]]:
    """Read the counts of each dispatch by state, and by reason below it, without what there is none of."""
    found: defaultdict[str, dict[State, dict[str, int]]] = defaultdict(dict)
    rows = connection.execute(
        sa.select(_counts.c.dispatch_id, _counts.c.state, _counts.c.reason, _counts.c.count).where(
            _counts.c.dispatch_id.in_(names), _counts.c.count > 0
        )
    )
    for name, state, reason, count in rows:
        found[name].setdefault(State(state), {})[reason] = count
    return found


def _started(connection: sa.Connection, names: Sequence[str]) -> Mapping[str, datetime]:
    rows = connection.execute(
        sa.select(_events.c.dispatch_id, sa.func.min(_events.c.at))
        .where(_events.c.dispatch_id.in_(names), _events.c.action == Action.STARTED)
        .group_by(_events.c.dispatch_id)
    )
    return {row[0]: row[1] for row in rows}


def _held(connection: sa.Connection, names: Sequence[str], now: datetime) -> Mapping[str, int]:
    rows = connection.execute(
        sa.select(_leases.c.dispatch_id, sa.func.count())
        .where(_leases.c.dispatch_id.in_(names), _leases.c.until > now)
        .group_by(_leases.c.dispatch_id)
    )
    return {row[0]: row[1] for row in rows}
