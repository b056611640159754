"""The lease that a dispatch is driven under: one owner at a time, and a fencing number against one that slept."""

import os
import socket
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Final

import sqlalchemy as sa

from newsletter.dispatch import dispatches, ledger
from newsletter.dispatch.dispatches import Dispatch
from newsletter.errors import DispatchError
from newsletter.store import Database, tables

LASTING: Final = timedelta(seconds=60)
RENEWAL: Final = LASTING / 4
"""How often an owner renews its lease, however long the provider takes over a reply."""

_dispatches = tables.dispatches


class Fate(StrEnum):
    """What is known of an owner."""

    LIVES = "lives"
    ENDED = "ended"
    ELSEWHERE = "elsewhere"
    """On another machine, where only the end of its lease tells."""


def owner_name(token: str) -> str:
    """Name this process as an owner: by machine, number and start, so that no later process is taken for it."""
    return f"{socket.gethostname()}:{os.getpid()}:{_status(os.getpid())[1]}:{token}"


def fate(owner: str) -> Fate:
    """Tell what became of an owner.

    Where two machines share a name this may be wrong; the fencing number then stops the one that is still there.
    """
    host, number, started = (*owner.rsplit(":", 3), "", "")[:3]
    if host != socket.gethostname() or not number.isdigit():
        return Fate.ELSEWHERE
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return Fate.ENDED
    except OSError:
        pass  # somebody else's process, but there is one
    state, began = _status(int(number))
    is_another = bool(started and began) and started != began
    return Fate.ENDED if state in _DEAD or is_another else Fate.LIVES


def take(database: Database, dispatch: Dispatch, owner: str, now: datetime) -> Dispatch:
    """Take the lease and give the dispatch with its new fencing number.

    Raises:
        DispatchError: Another process is sending it.
    """
    with database.writing() as connection:
        return take_in(connection, dispatch, owner, now)


def take_in(connection: sa.Connection, dispatch: Dispatch, owner: str, now: datetime) -> Dispatch:
    """Take the lease within a transaction.

    An owner whose process lives on this machine keeps it, even past its end; one whose process has ended here need
    not be waited for.

    Raises:
        DispatchError: Another process is sending it, or the dispatch is no more.
    """
    held = sa.select(_dispatches.c.lease_owner, _dispatches.c.lease_until).where(_dispatches.c.id == dispatch.id)
    if connection.dialect.name == "postgresql":
        held = held.with_for_update()
    row = connection.execute(held).one_or_none()
    if row is not None and row.lease_owner is not None:
        _assert_free(dispatch, row.lease_owner, is_over=row.lease_until < now)
    connection.execute(
        sa.update(_dispatches)
        .where(_dispatches.c.id == dispatch.id)
        .values(lease_owner=owner, lease_until=now + LASTING, lease_number=_dispatches.c.lease_number + 1)
    )
    return dispatches.read_dispatch(connection, dispatch.id)


def is_free(connection: sa.Connection, dispatch: Dispatch, now: datetime) -> bool:
    """Tell whether no process has a dispatch in hand."""
    row = connection.execute(
        sa.select(_dispatches.c.lease_owner, _dispatches.c.lease_until).where(_dispatches.c.id == dispatch.id)
    ).one()
    return row.lease_owner is None or _is_over(row.lease_owner, past_end=row.lease_until < now)


def renew(connection: sa.Connection, dispatch: Dispatch, now: datetime) -> None:
    """Hold the lease for longer.

    Raises:
        DispatchError: It was lost.
    """
    ledger.assert_lease(connection, dispatch)
    connection.execute(sa.update(_dispatches).where(_dispatches.c.id == dispatch.id).values(lease_until=now + LASTING))


def give_back(connection: sa.Connection, dispatch: Dispatch) -> None:
    """Let go of the lease, so that another process need not wait for its end."""
    connection.execute(
        sa.update(_dispatches)
        .where(_dispatches.c.id == dispatch.id, _dispatches.c.lease_number == dispatch.lease_number)
        .values(lease_owner=None, lease_until=None)
    )


def _assert_free(dispatch: Dispatch, owner: str, *, is_over: bool) -> None:
    if _is_over(owner, past_end=is_over):
        return
    found = fate(owner)
    message = f"another process is sending {dispatch.issue} to {dispatch.list}"
    if found is Fate.LIVES:
        number = owner.rsplit(":", 3)[1]
        raise DispatchError(
            f"{message}: number {number} on this machine",
            remedy="Wait until it has finished, or stop it, and run the same command again.",
        )
    raise DispatchError(
        message, remedy="Wait until it has finished; one that died on another machine lets go after a minute."
    )


def _is_over(owner: str, *, past_end: bool) -> bool:
    found = fate(owner)
    return found is Fate.ENDED or (found is Fate.ELSEWHERE and past_end)


_DEAD: Final = frozenset("ZXx")
"""Ended, though its parent has not asked yet."""


def _status(number: int) -> tuple[str, str]:
    """Give a process's state and when it started, or empty texts where the system does not say.

    Source: proc_pid_stat(5), fields 3 and 22.
    """
    try:
        text = Path(f"/proc/{number}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return "", ""
    fields = text.rpartition(")")[2].split()
    return fields[0], fields[19]
