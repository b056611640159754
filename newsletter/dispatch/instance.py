"""Notices a database that was restored from a backup or copied to another machine, and lets nothing of it leave.

A restored database has forgotten what was handed over since its backup; a copied one does not know that the original
goes on. Either would mail people twice. So each workspace keeps a number beside its database, which both raise
together whenever a dispatch begins to be sent: where they differ, every open dispatch pauses and waits for a person.
"""

import hashlib
import json
import platform
import secrets
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import sqlalchemy as sa

from newsletter.dispatch.audit import Action, log
from newsletter.dispatch.dispatches import DispatchState
from newsletter.errors import DispatchError
from newsletter.store import Database, tables
from newsletter.workspace import Workspace, write_atomically

FILE: Final = "instance.json"
"""Below the workspace's state."""

_MACHINE: Final = Path("/etc/machine-id")
_instances, _dispatches = tables.instances, tables.dispatches


@dataclass(frozen=True, slots=True)
class Instance:
    """One workspace on one machine, with how often it has begun to send."""

    id: str
    epoch: int


def recognise(workspace: Workspace, database: Database, now: datetime, by: str, machine: str = "") -> None:
    """Begin to send from this workspace.

    Args:
        machine: What this machine is called, where its own name does not last.

    Raises:
        DispatchError: The database is not the one that this workspace knew last; its open dispatches are paused now.
        WorkspaceError: The number beside the database cannot be written.
    """
    known, place = _read(workspace), _place(workspace, machine)
    with database.writing() as connection:
        strange = _strangeness(connection, known, place)
        found = _renew(connection, known if strange is None else None, place, now)
        paused = _pause_all(connection, now, by, strange) if strange else 0
    _write(workspace, found)
    if paused:
        raise DispatchError(
            f"{strange}; {paused} open dispatches are paused",
            remedy="See with 'newsletter dispatch list' what may have been sent since. What is to go on all the same: "
            "newsletter dispatch resume DISPATCH.",
        )


def _strangeness(connection: sa.Connection, known: Instance | None, place: str) -> str | None:
    """Say in what way the database is not the one that this workspace knew last; None where it is."""
    if known is None:
        is_shared = connection.dialect.name == "postgresql"
        if is_shared or not connection.scalar(sa.select(sa.func.count()).select_from(_instances)):
            return None
        return "this database came from elsewhere"
    row = connection.execute(sa.select(_instances).where(_instances.c.id == known.id)).one_or_none()
    if row is None or row.epoch < known.epoch:
        return "this database was restored from a backup"
    if row.machine != place:
        return "this workspace was copied or moved from elsewhere"
    return None


def _renew(connection: sa.Connection, known: Instance | None, place: str, now: datetime) -> Instance:
    """Raise the number, or begin a new one."""
    if known is None:
        if connection.dialect.name == "sqlite":
            connection.execute(sa.delete(_instances))
        begun = Instance(secrets.token_hex(16), 1)
        connection.execute(sa.insert(_instances).values(id=begun.id, machine=place, epoch=begun.epoch, seen_at=now))
        return begun
    row = connection.execute(
        sa.update(_instances)
        .where(_instances.c.id == known.id)
        .values(epoch=_instances.c.epoch + 1, seen_at=now)
        .returning(_instances.c.epoch)
    ).one()
    return Instance(known.id, row.epoch)


def _pause_all(connection: sa.Connection, now: datetime, by: str, why: str) -> int:
    names = connection.scalars(
        sa.update(_dispatches)
        .where(_dispatches.c.state == DispatchState.OPEN)
        .values(state=DispatchState.PAUSED.value)
        .returning(_dispatches.c.id)
    ).all()
    for name in names:
        log(connection, name, now, Action.PAUSED, by, why)
    return len(names)


def _place(workspace: Workspace, machine: str) -> str:
    """Name this machine and the workspace's place on it, in a way that tells nothing about either."""
    if not machine:
        try:
            machine = _MACHINE.read_text(encoding="ascii").strip()
        except OSError:
            machine = platform.node()
    return hashlib.sha256(f"{machine}\0{workspace.root.resolve()}".encode("utf-8", "surrogateescape")).hexdigest()


def _read(workspace: Workspace) -> Instance | None:
    try:
        found = json.loads((workspace.state / FILE).read_bytes())
        return Instance(str(found["id"]), int(found["epoch"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _write(workspace: Workspace, instance: Instance) -> None:
    document = json.dumps({"id": instance.id, "epoch": instance.epoch})
    write_atomically(workspace.state / FILE, document.encode(), private=True)
