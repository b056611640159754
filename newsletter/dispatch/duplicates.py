"""Sees to it that nobody gets one issue from two dispatches, and that nobody misses it because of two.

Whoever is on two lists has a row in both dispatches. The last moment decides, under a lock that all dispatches of
an issue share: who may have the issue from another dispatch already is left out; where an earlier dispatch still
has the reader before it, this one waits for what becomes of that.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from newsletter.dispatch.dispatches import Dispatch
from newsletter.dispatch.ledger import is_contested
from newsletter.dispatch.states import AHEAD, TAKEN
from newsletter.store import tables

_deliveries, _dispatches = tables.deliveries, tables.dispatches


@dataclass(frozen=True, slots=True)
class Rivals:
    """What other dispatches of the same issue mean for some subscribers.

    Args:
        served: Those who have the issue from another dispatch, or may have it.
        waiting: Those whom an earlier dispatch still has before it, with that dispatch.
    """

    served: frozenset[int]
    waiting: dict[int, str]


def is_served(issue: str, subscriber: sa.ColumnElement[int]) -> sa.ColumnElement[bool]:
    """Say in SQL that a subscriber has an issue, or may have it."""
    return sa.exists().where(
        _deliveries.c.subscriber_id == subscriber,
        _deliveries.c.dispatch_id == _dispatches.c.id,
        _dispatches.c.issue == issue,
        _deliveries.c.state.in_(TAKEN),
    )


def is_ahead(
    issue: str, list_name: str, segment: str, subscriber: sa.ColumnElement[int], now: datetime
) -> sa.ColumnElement[bool]:
    """Say in SQL that a dispatch to another audience than this one still has a subscriber before it."""
    return sa.exists().where(
        _deliveries.c.subscriber_id == subscriber,
        _deliveries.c.dispatch_id == _dispatches.c.id,
        _dispatches.c.issue == issue,
        (_dispatches.c.list != list_name) | (_dispatches.c.segment != segment),
        _dispatches.c.deadline > now,
        _deliveries.c.state.in_(AHEAD),
    )


def rivals(connection: sa.Connection, dispatch: Dispatch, subscribers: Sequence[int], now: datetime) -> Rivals:
    """Find those of some subscribers who are in another dispatch of the same issue too.

    A dispatch that was frozen earlier goes first, until its deadline.
    """
    if not subscribers or not is_contested(connection, dispatch):
        return Rivals(frozenset(), {})
    others = connection.execute(
        sa.select(
            _deliveries.c.subscriber_id,
            _deliveries.c.state,
            _dispatches.c.id,
            _dispatches.c.created_at,
            _dispatches.c.deadline,
        )
        .join_from(_deliveries, _dispatches, _deliveries.c.dispatch_id == _dispatches.c.id)
        .where(
            _deliveries.c.subscriber_id.in_(subscribers),
            _deliveries.c.state.in_(TAKEN | AHEAD),
            _dispatches.c.issue == dispatch.issue,
            _dispatches.c.id != dispatch.id,
        )
    ).all()
    served = frozenset(one.subscriber_id for one in others if one.state in TAKEN)
    waiting = {
        one.subscriber_id: one.id
        for one in others
        if one.state in AHEAD
        and (one.created_at, one.id) < (dispatch.created_at, dispatch.id)
        and now < one.deadline
        and one.subscriber_id not in served
    }
    return Rivals(served, waiting)
