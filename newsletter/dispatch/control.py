"""What a person does with a dispatch that there is: pause, resume, cancel, retry, and settle what is uncertain.

None of it needs the lease: a process that is sending looks at the dispatch's state in every transaction, before it
claims or hands over anything. Each function is one transaction, logged, and leaves a ledger that balances.
"""

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

import sqlalchemy as sa

from newsletter.dispatch import account, decisions, dispatches, kept, lease, ledger
from newsletter.dispatch.audit import Action, log
from newsletter.dispatch.dispatches import Dispatch, DispatchState
from newsletter.dispatch.reported import settle_reported
from newsletter.dispatch.retry import FIRST_GAP
from newsletter.dispatch.states import Reason, State
from newsletter.errors import DispatchError
from newsletter.store import Database, tables

_deliveries, _dispatches = tables.deliveries, tables.dispatches

OPEN, PAUSED, CANCELLED, FINISHED = DispatchState


class Settlement(StrEnum):
    """What a person knows, or decides, about uncertain deliveries."""

    RESEND = "resend"
    DROP = "drop"
    ACCEPTED = "accepted"


@dataclass(frozen=True, slots=True)
class Settling:
    """What became of uncertain deliveries.

    Args:
        settled: How many were settled.
        held: How many were sent again before, and stay as they are.
    """

    settled: int
    held: int = 0


@dataclass(frozen=True, slots=True)
class Controls:
    """Acts on one dispatch, in somebody's name."""

    database: Database
    dispatch: str
    by: str
    clock: Callable[[], datetime]

    def pause(self) -> None:
        """Let nothing more be handed over; what is under way is still settled.

        Raises:
            DispatchError: It is not open.
        """
        with self._acting(Action.PAUSED, OPEN) as (connection, dispatch, _):
            dispatches.move_to(connection, dispatch, PAUSED)

    def resume(self) -> None:
        """Let a paused dispatch go on, whatever it was paused for.

        Raises:
            DispatchError: It is not paused.
        """
        with self._acting(Action.RESUMED, PAUSED) as (connection, dispatch, now):
            dispatches.move_to(connection, dispatch, OPEN)
            # A person has decided: neither a start that was missed nor a first part holds it up any more.
            late = (_dispatches.c.start_at < now) & (_dispatches.c.id == dispatch.id)
            connection.execute(sa.update(_dispatches).where(late).values(start_at=now))
            seen = _dispatches.c.canary_until.is_not(None) & (_dispatches.c.id == dispatch.id)
            connection.execute(sa.update(_dispatches).where(seen).values(canary=None, canary_until=None))

    def cancel(self, reason: str = "") -> int:
        """End a dispatch: who has not been mailed is not mailed any more.

        What a process has in its hands at this moment is put down by it, or here where that process has ended.

        Returns:
            How many were excluded.

        Raises:
            DispatchError: It has come to its end already.
        """
        with self._acting(Action.CANCELLED, OPEN, PAUSED, CANCELLED, detail=reason) as (connection, dispatch, now):
            if dispatch.finished_at is not None:
                raise _unfit(dispatch, Action.CANCELLED)
            dispatches.move_to(connection, dispatch, CANCELLED)
            lease.reap(connection, dispatch, now)
            excluded = decisions.exclude_all(connection, dispatch, now, Reason.CANCELLED)
            come_to_rest(connection, dispatch, now)
            return excluded

    def retry(self) -> int:
        """Make everybody due now who was refused for now.

        Raises:
            DispatchError: It is over, or nobody is deferred.
        """
        with self._acting(Action.RETRIED, OPEN, PAUSED) as (connection, dispatch, now):
            count = decisions.hasten(connection, dispatch, now)
            if not count:
                raise DispatchError(f"nobody of dispatch {dispatch.id} is deferred")
            return count

    def settle(
        self,
        settlement: Settlement,
        *,
        subscribers: Collection[int] | None = None,
        deadline: datetime | None = None,
    ) -> Settling:
        """Settle uncertain deliveries: send them again, once; give them up; or note that they were accepted.

        Args:
            subscribers: Only these; None means all.
            deadline: A new one, for those that are sent again.

        Raises:
            DispatchError: Nothing of it is uncertain; or it is cancelled, or over, and nothing can be sent again.
        """
        with self._acting(Action.SETTLED, OPEN, PAUSED, FINISHED, CANCELLED, detail=settlement.value) as (
            connection,
            dispatch,
            now,
        ):
            if settlement is Settlement.RESEND:
                return _send_again(connection, dispatch, now, subscribers, deadline)
            count = decisions.settle_uncertain(
                connection, dispatch, now, subscribers, drop=settlement is Settlement.DROP
            )
            if not count:
                raise _nothing_uncertain(dispatch, subscribers)
            return Settling(count)

    @contextmanager
    def _acting(
        self, action: Action, *states: DispatchState, detail: str = ""
    ) -> Iterator[tuple[sa.Connection, Dispatch, datetime]]:
        """Act on the dispatch in one of some states; logged, and checked for its balance.

        Raises:
            DispatchError: It is in another state.
        """
        now = self.clock()
        with self.database.writing() as connection:
            dispatch = dispatches.hold_dispatch(connection, self.dispatch)
            if dispatch.state not in states:
                raise _unfit(dispatch, action)
            yield connection, dispatch, now
            kept.forget_readers(connection, dispatch)
            log(connection, dispatch.id, now, action, self.by, detail)
            account.balance(connection, dispatch)


def come_to_rest(connection: sa.Connection, dispatch: Dispatch, now: datetime) -> bool:
    """End a dispatch where nothing is left that could be done, and tell whether that was done now."""
    state = dispatches.read_dispatch(connection, dispatch.id).state
    if state == CANCELLED:
        decisions.exclude_all(connection, dispatch, now, Reason.CANCELLED)
    return account.balance(connection, dispatch).at_rest and ledger.finish(connection, dispatch, now)


def wind_up(database: Database, dispatch: Dispatch, now: datetime) -> None:
    """Put right what processes that were killed have left of a dispatch that was cancelled while they worked."""
    with database.writing() as connection:
        held = dispatches.hold_dispatch(connection, dispatch.id)
        lease.reap(connection, held, now)
        come_to_rest(connection, held, now)
        kept.forget_readers(connection, held)


def heed_policy(connection: sa.Connection, dispatch: Dispatch, now: datetime) -> None:
    """Settle what reports prove; then let the uncertain be tried again, once, where that was decided beforehand."""
    settle_reported(connection, dispatch, now)
    if dispatch.on_uncertain == Settlement.RESEND and now < dispatch.deadline:
        decisions.resend(connection, dispatch, now, None, min(now + FIRST_GAP, dispatch.deadline))


def _send_again(
    connection: sa.Connection,
    dispatch: Dispatch,
    now: datetime,
    subscribers: Collection[int] | None,
    deadline: datetime | None,
) -> Settling:
    if dispatch.state == CANCELLED:
        raise DispatchError(
            f"dispatch {dispatch.id} is cancelled, so nothing of it is sent again",
            remedy="Drop the uncertain ones, or send the issue to those people in a dispatch of its own.",
        )
    until = deadline or dispatch.deadline
    if until <= now:
        raise DispatchError(
            f"the deadline of dispatch {dispatch.id} has passed",
            remedy="Give a new one with --not-later-than, or drop the uncertain ones.",
        )
    count = decisions.resend(connection, dispatch, now, subscribers)
    held = account.balance(connection, dispatch).of(State.UNCERTAIN) if subscribers is None else 0
    if not count:
        if held:
            raise DispatchError(
                "everybody uncertain was sent the message again before, and nobody gets it a third time",
                remedy="Drop them, or note that they were accepted.",
            )
        raise _nothing_uncertain(dispatch, subscribers)
    connection.execute(
        sa.update(_dispatches)
        .where(_dispatches.c.id == dispatch.id)
        .values(deadline=until, state=OPEN if dispatch.state == FINISHED else dispatch.state, finished_at=None)
    )
    return Settling(count, held)


def _nothing_uncertain(dispatch: Dispatch, subscribers: Collection[int] | None) -> DispatchError:
    whom = "nobody" if subscribers is None else "none of them"
    return DispatchError(f"{whom} of dispatch {dispatch.id} is uncertain")


_VERBS: Final = {
    Action.PAUSED: "paused",
    Action.RESUMED: "resumed",
    Action.CANCELLED: "cancelled",
    Action.RETRIED: "tried again",
}


def _unfit(dispatch: Dispatch, action: Action) -> DispatchError:
    remedies = {
        OPEN: "It is going on already." if action is Action.RESUMED else "",
        PAUSED: f"Let it go on: newsletter dispatch resume {dispatch.id}.",
        FINISHED: "Everybody in it is accounted for; 'newsletter dispatch show' says how.",
        CANCELLED: "Who is to get the issue after all needs a new dispatch.",
    }
    return DispatchError(
        f"dispatch {dispatch.id} is {dispatch.state}, and cannot be {_VERBS[action]}", remedy=remedies[dispatch.state]
    )
