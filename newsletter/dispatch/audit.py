"""The log of what was done with each dispatch: what, when, and by whom. It is added to, and never changed."""

import getpass
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa

from newsletter.store import tables

_events = tables.dispatch_events


class Action(StrEnum):
    """What can be done with a dispatch."""

    FROZEN = "frozen"
    STARTED = "started"
    PAUSED = "paused"
    RESUMED = "resumed"
    CANCELLED = "cancelled"
    RETRIED = "retried"
    SETTLED = "settled"
    FOLLOWED = "followed"
    WAITED = "waited"
    WENT_ON = "went on"
    FINISHED = "finished"


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the log.

    Args:
        by: The name that the person, or the process, was logged in under.
        detail: In words; never anything about a reader.
    """

    at: datetime
    action: Action
    by: str
    detail: str

    def document(self) -> Mapping[str, str | None]:
        """Give it as data, ready for JSON."""
        return {
            "at": self.at.isoformat(),
            "action": self.action.value,
            "by": self.by,
            "detail": self.detail or None,
        }


def log(connection: sa.Connection, dispatch: str, now: datetime, action: Action, by: str, detail: str = "") -> None:
    """Write a line, in the transaction that does what it tells of."""
    connection.execute(
        sa.insert(_events).values(dispatch_id=dispatch, at=now, action=action.value, by=by, detail=detail)
    )


def read_log(connection: sa.Connection, dispatch: str) -> tuple[Event, ...]:
    """Read a dispatch's lines, the first one first."""
    rows = connection.execute(
        sa.select(_events.c.at, _events.c.action, _events.c.by, _events.c.detail)
        .where(_events.c.dispatch_id == dispatch)
        .order_by(_events.c.id)
    )
    return tuple(Event(row.at, Action(row.action), row.by, row.detail) for row in rows)


def first_moment(connection: sa.Connection, dispatch: str, action: Action) -> datetime | None:
    """Tell when something was first done with a dispatch; None where it was not."""
    found: datetime | None = connection.scalar(
        sa.select(_events.c.at)
        .where(_events.c.dispatch_id == dispatch, _events.c.action == action.value)
        .order_by(_events.c.id)
        .limit(1)
    )
    return found


def last_action(connection: sa.Connection, dispatch: str) -> Action | None:
    """Tell what was done last with a dispatch."""
    found = connection.scalar(
        sa.select(_events.c.action).where(_events.c.dispatch_id == dispatch).order_by(_events.c.id.desc()).limit(1)
    )
    return Action(found) if found is not None else None


def who() -> str:
    """Give the name that a person is logged in under on this machine."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "unknown"
