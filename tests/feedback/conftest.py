from datetime import datetime

import pytest

from newsletter.store import Database
from newsletter.subscribers import Definitions
from newsletter.tokens import Signer
from newsletter.workspace import Workspace
from support.dispatching import Bench, Clock


@pytest.fixture
def bench(workspace: Workspace, definitions: Definitions, signer: Signer, database: Database, now: datetime) -> Bench:
    """A workspace with an empty list, on each kind of database."""
    return Bench(workspace, definitions, signer, database, Clock(now))
