"""The folder that a rehearsal happens in: a database of its own, with a copy of the audience and a frozen dispatch.

The copy holds people's addresses and what else is kept of them. Only the owner can read the folder, and it is removed
in the end, however the rehearsal ends.
"""

import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import sqlalchemy as sa

from newsletter.audience import Selection, selected
from newsletter.dispatch import freeze
from newsletter.dispatch.audit import Action, log
from newsletter.dispatch.dispatches import Dispatch
from newsletter.dispatch.freeze import Plan
from newsletter.dispatch.prepare import make_letterhead, prepare_issue
from newsletter.errors import DispatchError, Place, WorkspaceError
from newsletter.settings import SECRET_FILE, Settings, secret_keys
from newsletter.store import Database, open_database, tables
from newsletter.subscribers import Definitions, copy_people, renew_hashes, synchronise_attributes
from newsletter.tokens import Signer
from newsletter.workspace import SETTINGS_FILE, Workspace, write_atomically

BY: Final = "a rehearsal"
PROVIDER: Final = "smtp"
"""What carries the messages of every rehearsal, since that is what the sink speaks."""
DATABASE: Final = "sqlite:///var/newsletter.db"

_SHARED: Final = (SETTINGS_FILE, "templates", "issues", "subscribers")
_STOPPING: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(frozen=True, slots=True)
class Stage:
    """The folder, as a workspace beside the real one.

    Args:
        real: The workspace that it stands in for.
    """

    workspace: Workspace
    real: Workspace

    @property
    def journal(self) -> Path:
        """What the sink writes down."""
        return self.workspace.state / "journal"

    @property
    def complaints(self) -> Path:
        """What the processes of a rehearsal say when something is wrong with them."""
        return self.workspace.state / "complaints.txt"

    def open(self) -> Database:
        """Open the rehearsal's own database."""
        return open_database(DATABASE, self.workspace.root)

    def signer(self) -> Signer:
        """Give what signs the readers' links: with the real secret where there is one."""
        return Signer.of(secret_keys(self.workspace, os.environ))


@contextmanager
def stage(real: Workspace, *, keep: bool) -> Iterator[Stage]:
    """Make the folder, and remove it in the end, also when a person stops the rehearsal.

    Args:
        keep: Leave it there.

    Raises:
        WorkspaceError: It cannot be made.
    """
    root: Path | None = None
    with _stopped_in_order():
        try:
            root = _make_folder()
            made = Stage(Workspace(root), real)
            _furnish(made)
            yield made
        finally:
            if root is not None and not keep:
                _remove(root)


@dataclass(frozen=True, slots=True)
class Casting:
    """Whom a rehearsal is for.

    Args:
        limit: Only the first so many readers, by number; None means all.
    """

    selection: Selection
    limit: int | None = None
    on_uncertain: str = "hold"


def rehearsed_plan(
    made: Stage, settings: Settings, definitions: Definitions, slug: str, casting: Casting, now: datetime
) -> Plan:
    """Compile the issue as for a real dispatch; caches are the folder's own.

    Raises:
        NewsletterError: The issue, the template or the list is not in order.
    """
    prepared = prepare_issue(made.workspace, settings, definitions, slug, casting.selection.list)
    return Plan(
        compiled=prepared.compiled,
        letterhead=make_letterhead(prepared, settings, now),
        selection=casting.selection,
        provider=PROVIDER,
        public_url=settings.public_url,
        return_path=settings.sender.return_path or settings.sender.email,
        on_uncertain=casting.on_uncertain,
    )


def copy_audience(
    made: Stage,
    source: Database,
    definitions: Definitions,
    casting: Casting,
    now: datetime,
    progress: Callable[[int], None],
) -> None:
    """Copy the people of the audience's list into the rehearsal's own database."""
    selection = casting.selection
    target = made.open()
    try:
        synchronise_attributes(target, definitions)
        # Who is in the segment shows in the copy only.
        limit = casting.limit if selection.segment is None else None
        copy_people(source, target, selection.list, definitions, progress, limit)
        renew_hashes(target, made.signer().address_hashes)
        if casting.limit is not None and selection.segment is not None:
            _leave_only(target, definitions, casting, now)
    finally:
        target.close()


def freeze_audience(database: Database, plan: Plan, definitions: Definitions, now: datetime) -> Dispatch:
    """Freeze the rehearsal's dispatch, in its own database.

    Raises:
        DispatchError: Nobody would be mailed.
    """
    with database.writing() as connection:
        audience = freeze.survey(connection, plan, definitions, now)
        if audience.selected and not audience.planned:
            left_out = ", ".join(f"{count:,} {reason}" for reason, count in sorted(audience.excluded.items()))
            raise DispatchError(
                f"nobody of the {audience.selected:,} on the list {plan.selection.list!r} would be mailed: {left_out}",
                remedy="Choose another list or segment.",
            )
        dispatch = freeze.freeze(connection, plan, definitions, now)
        log(connection, dispatch.id, now, Action.FROZEN, BY, "")
    return dispatch


def _make_folder() -> Path:
    """Make a folder that nobody else can read."""
    try:
        return Path(tempfile.mkdtemp(prefix="newsletter-rehearsal-"))
    except OSError as error:
        raise WorkspaceError(
            f"no folder can be made to rehearse in: {error.strerror}",
            where=Place(str(error.filename or "")),
            remedy="Make room there, or name another place in the environment variable TMPDIR.",
        ) from error


def _furnish(made: Stage) -> None:
    """Let the folder show the workspace's files, and have its own place for everything that is written."""
    real, root = made.real, made.workspace.root
    for name in _SHARED:
        if (real.root / name).exists():
            (root / name).symlink_to(real.root / name)
    made.workspace.state.mkdir(mode=0o700)
    cache = real.state / "cache"
    if cache.is_dir():
        with suppress(OSError):  # what is not there is made anew
            shutil.copytree(cache, made.workspace.state / "cache")
    secret = real.state / SECRET_FILE
    if secret.is_file():
        write_atomically(made.workspace.state / SECRET_FILE, secret.read_bytes(), private=True)


def _leave_only(database: Database, definitions: Definitions, casting: Casting, now: datetime) -> None:
    """Take off the list whoever is not among the first of the segment."""
    rows = selected(casting.selection, definitions, now).subquery()
    first = sa.select(rows.c.subscriber_id).order_by(rows.c.subscriber_id).limit(casting.limit)
    subscriptions = tables.subscriptions
    with database.writing() as connection:
        connection.execute(sa.delete(subscriptions).where(subscriptions.c.subscriber_id.not_in(first)))


@contextmanager
def _stopped_in_order() -> Iterator[None]:
    """Let every way in which a person stops a process end as Ctrl-C does, which cleans up."""

    def stop(_number: int, _frame: object) -> None:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, stop) for number in _STOPPING}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _remove(root: Path) -> None:
    """Remove the folder; who is impatient meanwhile does not leave half of it there."""
    before = {number: signal.signal(number, signal.SIG_IGN) for number in _STOPPING}
    try:
        shutil.rmtree(root, ignore_errors=True)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
