"""What can be asked about dispatches: which there are, how far each has come, and what was done with it."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from newsletter.dispatch import dispatches, lease
from newsletter.dispatch.audit import Event, read_log
from newsletter.dispatch.dispatches import Dispatch
from newsletter.dispatch.following import Kind
from newsletter.dispatch.receipt import Receipt, account_for
from newsletter.dispatch.scheduling import Closed, Pace, closed
from newsletter.errors import DispatchError
from newsletter.store import Database


@dataclass(frozen=True, slots=True)
class Standing:
    """How a dispatch stands.

    Args:
        processes: How many are sending it.
        events: What was done with it, the first thing first.
        followers: The dispatches that follow it.
        closed: Why nothing of it may be handed over now, if that is so.
    """

    receipt: Receipt
    processes: int
    events: tuple[Event, ...]
    followers: tuple[Dispatch, ...]
    closed: Closed | None = None

    @property
    def dispatch(self) -> Dispatch:
        """The dispatch itself."""
        return self.receipt.dispatch

    def document(self) -> dict[str, Any]:
        """Give it as data, ready for JSON."""
        return {
            **self.receipt.document(),
            "processes": self.processes,
            "closed": asdict(self.closed) if self.closed else None,
            "followed_by": [
                {"dispatch": one.id, "kind": one.kind, "issue": one.issue, "state": one.state} for one in self.followers
            ],
            "events": [dict(event.document()) for event in self.events],
        }


def find_dispatch(connection: sa.Connection, name: str) -> Dispatch:
    """Find a dispatch by its identifier, or by its issue where that went to only one audience.

    Those that follow another one are found by their identifier only.

    Raises:
        DispatchError: There is none, or there are several.
    """
    found = dispatches.all_dispatches(connection)
    for dispatch in found:
        if dispatch.id == name:
            return dispatch
    of_issue = [
        dispatch for dispatch in found if dispatch.issue == name and dispatch.kind not in (Kind.RETRY, Kind.TOP_UP)
    ]
    if len(of_issue) == 1:
        return of_issue[0]
    if of_issue:
        listed = "; ".join(f"{one.id} to {audience_of(one)}" for one in of_issue)
        raise DispatchError(f"the issue {name!r} has {len(of_issue)} dispatches", remedy=f"Name one of them: {listed}.")
    raise DispatchError(
        f"there is no dispatch {name!r}, and no issue of that name was sent",
        remedy="'newsletter dispatch list' shows which there are." if found else "Nothing was sent from here yet.",
    )


def standing(connection: sa.Connection, dispatch: Dispatch, now: datetime, pace: Pace) -> Standing:
    """Tell how a dispatch stands, from one state of the database.

    Raises:
        DispatchError: The ledger does not balance.
    """
    return _standing(connection, dispatch, dispatches.all_dispatches(connection), now, pace)


def _standing(
    connection: sa.Connection, dispatch: Dispatch, there: Sequence[Dispatch], now: datetime, pace: Pace
) -> Standing:
    followers = [one for one in there if one.follows == dispatch.id]
    return Standing(
        account_for(connection, dispatch),
        sum(not one.is_over(now) for one in lease.leases(connection, dispatch)),
        read_log(connection, dispatch.id),
        tuple(followers[::-1]),
        closed(connection, dispatch, now, pace) if dispatch.finished_at is None else None,
    )


def standings(database: Database, now: datetime, pace: Pace, *, unfinished: bool = False) -> Sequence[Standing]:
    """Tell how all dispatches stand, the newest first.

    Args:
        unfinished: Only those that are not over, or of which somebody is uncertain.

    Raises:
        DispatchError: The ledger does not balance.
    """
    with database.reading() as connection:
        there = dispatches.all_dispatches(connection)
        found = [_standing(connection, one, there, now, pace) for one in there]
    return [one for one in found if not unfinished or not one.receipt.balance.is_settled]


def audience_of(dispatch: Dispatch) -> str:
    """Name whom a dispatch is for, as people do."""
    return f"{dispatch.list}, segment {dispatch.segment}" if dispatch.segment else dispatch.list
