"""Dispatches that follow another: to those it could not reach, to those who joined since, or with a correction.

A delivery that came to its end stays as it is. Whoever is to get something after all gets it from a dispatch of its
own, which has a ledger and a receipt of its own and names the one that it follows.
"""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

import sqlalchemy as sa

from newsletter.dispatch.states import Reason, State
from newsletter.errors import DispatchError
from newsletter.store import tables

_deliveries, _dispatches = tables.deliveries, tables.dispatches


class Kind(StrEnum):
    """What a dispatch is for."""

    FIRST = "first"
    RETRY = "retry"
    """The same issue, to those who were rejected or whom it did not get to."""
    TOP_UP = "top-up"
    """The same issue, to those who have joined since."""
    CORRECTION = "correction"
    """Another issue, to exactly those who accepted the first."""


@dataclass(frozen=True, slots=True)
class Following:
    """Which dispatch another one follows, and for whom of it.

    Args:
        states: For a retry: whom of it, by state.
        reasons: For a retry of excluded ones: by their reason.
    """

    dispatch: str
    kind: Kind
    states: frozenset[State] = frozenset()
    reasons: frozenset[Reason] = frozenset()


def is_followed(following: Following, subscriber: sa.ColumnElement[int]) -> sa.ColumnElement[bool]:
    """Say in SQL that a dispatch which follows another is for a subscriber."""
    if following.kind is Kind.TOP_UP:
        return ~sa.exists().where(
            _deliveries.c.dispatch_id.in_(_family(following.dispatch)), _deliveries.c.subscriber_id == subscriber
        )
    return sa.exists().where(
        _deliveries.c.dispatch_id == following.dispatch,
        _deliveries.c.subscriber_id == subscriber,
        _missed(following.states, following.reasons)
        if following.kind is Kind.RETRY
        else _deliveries.c.state == State.ACCEPTED,
    )


def assert_nothing_follows(connection: sa.Connection, following: Following) -> None:
    """Refuse a second dispatch of a kind while the first of it is not over: both would be for the same people.

    Raises:
        DispatchError: There is one.
    """
    other = connection.scalar(
        sa.select(_dispatches.c.id).where(
            _dispatches.c.follows == following.dispatch,
            _dispatches.c.kind == following.kind.value,
            _dispatches.c.finished_at.is_(None),
        )
    )
    if other is not None:
        raise DispatchError(
            f"dispatch {other} is a {following.kind} of {following.dispatch} already, and is not over",
            remedy=f"Go on with that one, 'newsletter dispatch resume {other}', or cancel it first.",
        )


def _missed(states: Collection[State], reasons: Collection[Reason]) -> sa.ColumnElement[bool]:
    return _deliveries.c.state.in_([state.value for state in states]) | (
        (_deliveries.c.state == State.EXCLUDED) & _deliveries.c.reason.in_([reason.value for reason in reasons])
    )


def _family(dispatch: str) -> sa.Select[tuple[str]]:
    """Select a dispatch and its top-ups, which are for the same audience."""
    is_top_up = (_dispatches.c.follows == dispatch) & (_dispatches.c.kind == Kind.TOP_UP.value)
    return sa.select(_dispatches.c.id).where((_dispatches.c.id == dispatch) | is_top_up)
