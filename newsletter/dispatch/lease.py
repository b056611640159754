"""The leases that dispatches are driven under: of one process alone, or of several; numbers tell one that slept."""

import os
import secrets
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Final

import sqlalchemy as sa

from newsletter.dispatch import dispatches, ledger
from newsletter.dispatch.dispatches import Dispatch
from newsletter.errors import DispatchError
from newsletter.store import tables
from newsletter.store.prepared import Prepared

LASTING: Final = timedelta(seconds=60)
SHARED_LASTING: Final = timedelta(seconds=20)
"""Shorter, because others are there who go on."""

_leases = tables.leases
_failed: set[str] = set()
"""The owners within this process that have failed, and perhaps could not give their leases back."""


class InOtherHands(DispatchError):
    """Workers are sending the dispatch, and go on by themselves."""


class Fate(StrEnum):
    """What is known of an owner."""

    LIVES = "lives"
    ENDED = "ended"
    ELSEWHERE = "elsewhere"
    """On another machine, where only the end of its lease tells."""


@dataclass(frozen=True, slots=True)
class Lease:
    """A process's right to work on a dispatch.

    Args:
        number: Higher than that of any lease before, of whatever dispatch.
        is_shared: Whether others may work on it too.
    """

    number: int
    owner: str
    until: datetime
    is_shared: bool

    def is_over(self, now: datetime) -> bool:
        """Tell whether its owner has ended, as far as can be known."""
        found = fate(self.owner)
        return found is Fate.ENDED or (found is Fate.ELSEWHERE and self.until < now)


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
    return Fate.ENDED if state in _DEAD or is_another or owner in _failed else Fate.LIVES


@contextmanager
def at_work() -> Iterator[str]:
    """Name an owner within this process; when the block fails, nobody need wait for its lease to end."""
    owner = owner_name(secrets.token_hex(4))
    try:
        yield owner
    except BaseException:
        _failed.add(owner)
        raise


def take(connection: sa.Connection, dispatch: Dispatch, owner: str, now: datetime, *, shared: bool = False) -> Dispatch:
    """Take a lease within a transaction, which then holds the dispatch; what owners that have ended left is put right.

    An owner whose process lives on this machine keeps its lease, even past its end; one whose process has ended here
    need not be waited for.

    Args:
        shared: Others who share it too may be at work on it.

    Raises:
        DispatchError: Another process is sending it, or the dispatch is no more.
    """
    dispatches.hold_dispatch(connection, dispatch.id)
    for other in reap(connection, dispatch, now):
        if not (shared and other.is_shared):
            raise _taken(dispatch, other)
    number = connection.execute(
        sa.insert(_leases)
        .values(dispatch_id=dispatch.id, owner=owner, until=now + lasting(shared=shared), is_shared=shared)
        .returning(_leases.c.number)
    ).scalar_one()
    return replace(dispatches.read_dispatch(connection, dispatch.id), lease=number)


def reap(connection: sa.Connection, dispatch: Dispatch, now: datetime) -> Sequence[Lease]:
    """Put right what owners that have ended have left, and give the leases of those that have not.

    The transaction must hold the dispatch.
    """
    held: list[Lease] = []
    for lease in leases(connection, dispatch):
        if lease.is_over(now):
            # Whoever slept in a transaction of theirs is waited for here, and finds no lease in the next one.
            connection.execute(sa.delete(_leases).where(_leases.c.number == lease.number))
            ledger.recover(connection, dispatch, lease.number, now)
        else:
            held.append(lease)
    return held


def leases(connection: sa.Connection, dispatch: Dispatch) -> Sequence[Lease]:
    """Read the leases of a dispatch, also of owners that have ended."""
    rows = connection.execute(
        sa.select(_leases.c.number, _leases.c.owner, _leases.c.until, _leases.c.is_shared)
        .where(_leases.c.dispatch_id == dispatch.id)
        .order_by(_leases.c.number)
    )
    return [Lease(*row) for row in rows]


def count_leases(connection: sa.Connection, dispatch: Dispatch) -> int:
    """Tell how many processes are at work on a dispatch."""
    return int(_COUNT.rows(connection, dispatch=dispatch.id)[0][0])


def renew(connection: sa.Connection, dispatch: Dispatch, now: datetime) -> None:
    """Hold the lease for longer.

    Raises:
        DispatchError: It was lost.
    """
    ledger.assert_lease(connection, dispatch)
    until = sa.case(
        (_leases.c.is_shared, sa.literal(now + lasting(shared=True), _leases.c.until.type)),
        else_=sa.literal(now + lasting(shared=False), _leases.c.until.type),
    )
    connection.execute(sa.update(_leases).where(_leases.c.number == dispatch.lease).values(until=until))


def give_back(connection: sa.Connection, dispatch: Dispatch) -> None:
    """Let go of the lease, so that another process need not wait for its end."""
    connection.execute(sa.delete(_leases).where(_leases.c.number == dispatch.lease))


def lasting(*, shared: bool) -> timedelta:
    """Tell how long a lease lasts that is not renewed."""
    return SHARED_LASTING if shared else LASTING


def renewal(*, shared: bool) -> timedelta:
    """Tell how often an owner renews its lease, however long the provider takes over a reply."""
    return lasting(shared=shared) / 4


def _taken(dispatch: Dispatch, lease: Lease) -> DispatchError:
    if lease.is_shared:
        return InOtherHands(
            f"workers are sending {dispatch.issue} to {dispatch.list}",
            remedy=f"They go on by themselves. How far they are: newsletter dispatch show {dispatch.id}.",
        )
    message = f"another process is sending {dispatch.issue} to {dispatch.list}"
    if fate(lease.owner) is Fate.LIVES:
        number = lease.owner.rsplit(":", 3)[1]
        return DispatchError(
            f"{message}: number {number} on this machine",
            remedy="Wait until it has finished, or stop it, and run the same command again.",
        )
    return DispatchError(
        message, remedy="Wait until it has finished; one that died on another machine lets go after a minute."
    )


_COUNT: Final = Prepared(
    {"dispatch": sa.Text()},
    lambda given: sa.select(sa.func.count()).select_from(_leases).where(_leases.c.dispatch_id == given["dispatch"]),
)

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
