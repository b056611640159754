"""Dispatches as they stand in the database: what was frozen, and the state that each is in."""

from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

import sqlalchemy as sa

from newsletter.errors import DispatchError
from newsletter.store import tables
from newsletter.store.prepared import Prepared, Types

_LOCK: Final = 6_394_862_016
"""The seed of our advisory locks on issues, in PostgreSQL."""

_dispatches = tables.dispatches


class DispatchState(StrEnum):
    """Whether a dispatch may hand messages over."""

    OPEN = "open"
    PAUSED = "paused"
    CANCELLED = "cancelled"
    FINISHED = "finished"


@dataclass(frozen=True, slots=True)
class Dispatch:
    """One sending of one issue to one audience, as it was frozen.

    Args:
        lease: The number of the lease that a process drives it under, as `lease.take` gave it; 0 for none.
    """

    id: str
    issue: str
    list: str
    segment: str
    provider: str
    content_hash: str
    letterhead: str
    secret: bytes
    state: DispatchState
    selected: int
    created_at: datetime
    deadline: datetime
    finished_at: datetime | None
    override: str | None
    kind: str = "first"
    follows: str | None = None
    on_uncertain: str = "hold"
    approval: str | None = None
    start: str | None = None
    start_at: datetime | None = None
    canary: int | None = None
    canary_until: datetime | None = None
    lease: int = 0


_COLUMNS: Final = [_dispatches.c[field.name] for field in fields(Dispatch) if field.name != "lease"]


def first_dispatch(connection: sa.Connection, issue: str, list_name: str, segment: str) -> Dispatch | None:
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
    rows = connection.execute(sa.select(*_COLUMNS).order_by(_dispatches.c.created_at.desc(), _dispatches.c.id))
    return tuple(map(_read, rows))


def dispatches_since(connection: sa.Connection, moment: datetime) -> tuple[Dispatch, ...]:
    """Read the dispatches that are not over, and those that ended since a moment, the newest first."""
    is_current = _dispatches.c.finished_at.is_(None) | (_dispatches.c.finished_at >= moment)
    newest_first = (_dispatches.c.created_at.desc(), _dispatches.c.id)
    return tuple(map(_read, connection.execute(sa.select(*_COLUMNS).where(is_current).order_by(*newest_first))))


def hold_issue(connection: sa.Connection, issue: str, *, alone: bool = False) -> None:
    """Let no other dispatch of an issue be frozen, nor hand anything over, before this transaction ends.

    Args:
        alone: There is no other dispatch of the issue: processes that drive this one need not wait for each other.
    """
    if connection.dialect.name == "postgresql":
        (_HOLD_TOGETHER if alone else _HOLD).run(connection, issue=issue)


def hold_dispatch(connection: sa.Connection, dispatch: str) -> Dispatch:
    """Read a dispatch, and let no other transaction go on with it before this one ends.

    Raises:
        DispatchError: There is none.
    """
    found = read_dispatch(connection, dispatch)
    if connection.dialect.name == "postgresql":
        # Whoever shares a row is let in past one who waits to have it alone; this lock is given in turn.
        hold_issue(connection, found.issue)
        connection.execute(sa.select(_dispatches.c.id).where(_dispatches.c.id == dispatch).with_for_update())
        found = read_dispatch(connection, dispatch)
    return found


def read_dispatch(connection: sa.Connection, dispatch: str) -> Dispatch:
    """Read a dispatch by its identifier.

    Raises:
        DispatchError: There is none.
    """
    found = _dispatch(connection, _dispatches.c.id == dispatch)
    if found is None:
        raise DispatchError(f"there is no dispatch {dispatch!r}")
    return found


def move_to(connection: sa.Connection, dispatch: Dispatch, state: DispatchState, *since: DispatchState) -> bool:
    """Move a dispatch to a state, and tell whether that was done.

    Args:
        since: Only from one of these states; from any where none is given.
    """
    statement = sa.update(_dispatches).where(_dispatches.c.id == dispatch.id).values(state=state.value)
    if since:
        statement = statement.where(_dispatches.c.state.in_([one.value for one in since]))
    return bool(connection.execute(statement).rowcount)


def _dispatch(connection: sa.Connection, condition: sa.ColumnElement[bool]) -> Dispatch | None:
    row = connection.execute(sa.select(*_COLUMNS).where(condition)).one_or_none()
    return _read(row) if row else None


def _read(row: Any) -> Dispatch:
    return Dispatch(**{**row._mapping, "state": DispatchState(row.state)})  # noqa: SLF001 - SQLAlchemy's public name


_ISSUE: Final[Types] = {"issue": sa.Text()}
_HOLD: Final = Prepared(
    _ISSUE, lambda given: sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(given["issue"], _LOCK)))
)
_HOLD_TOGETHER: Final = Prepared(
    _ISSUE,
    lambda given: sa.select(sa.func.pg_advisory_xact_lock_shared(sa.func.hashtextextended(given["issue"], _LOCK))),
)
