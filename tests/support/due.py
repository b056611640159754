"""A dispatch that is frozen and due, for a worker that is about to find it."""

from newsletter.audience import Selection
from newsletter.clock import now
from newsletter.dispatch import Dispatch, Surroundings, accept, propose
from newsletter.settings import load, secret_keys
from newsletter.store import open_database
from newsletter.subscribers import read_definitions
from newsletter.tokens import Signer
from newsletter.workspace import Workspace
from support.dispatching import SLUG


def freeze_due(workspace: Workspace, provider: str = "smtp") -> Dispatch:
    """Freeze the example issue for the list, in the workspace's own database, and begin nothing."""
    settings = load(workspace, {})
    database = open_database(settings.database.url, workspace.root)
    try:
        signer = Signer.of(secret_keys(workspace, {}))
        there = Surroundings(workspace, settings, read_definitions(workspace), signer, database, now)
        return accept(there, propose(there, SLUG, Selection("leden", None), provider))
    finally:
        database.close()
