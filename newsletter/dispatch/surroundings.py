"""What every freezing and sending needs of its workspace."""

from dataclasses import dataclass, field

from newsletter.dispatch import instance
from newsletter.dispatch.audit import who
from newsletter.dispatch.observing import NOBODY, Observer
from newsletter.dispatch.transactions import Clock
from newsletter.media import Target, open_target
from newsletter.settings import Settings
from newsletter.store import Database
from newsletter.subscribers import Definitions
from newsletter.tokens import Signer
from newsletter.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What every sending needs of its workspace."""

    workspace: Workspace
    settings: Settings
    definitions: Definitions
    signer: Signer
    database: Database
    clock: Clock
    by: str = field(default_factory=who)
    """Who does it, for the log."""
    observer: Observer = NOBODY
    """Who watches what is sent."""

    def media_target(self) -> Target:
        """Open the place where pictures and documents are published."""
        return open_target(self.settings.media.folder, self.workspace.root)


def begin_sending(surroundings: Surroundings) -> None:
    """Begin to freeze or send; see `instance.recognise`.

    Raises:
        DispatchError: The database is not the one that this workspace knew last; its open dispatches are paused now.
    """
    there = surroundings
    instance.recognise(there.workspace, there.database, there.clock(), there.by, there.settings.dispatch.machine)
