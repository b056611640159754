from collections.abc import Iterator
from datetime import datetime

import pytest

from newsletter.store import Database, open_database
from newsletter.subscribers import Definitions, synchronise_attributes
from newsletter.workspace import Workspace
from support.confirming import Desk
from support.dispatching import Clock


@pytest.fixture
def desk(workspace: Workspace, definitions: Definitions, database: Database, now: datetime) -> Desk:
    """A workspace on each kind of database, whose mails go into the outbox."""
    return Desk(workspace, definitions, database, Clock(now))


@pytest.fixture
def small(workspace: Workspace, definitions: Definitions, sqlite_url: str, now: datetime) -> Iterator[Desk]:
    """One on SQLite alone, for what does not depend on the database."""
    database = open_database(sqlite_url, workspace.root)
    synchronise_attributes(database, definitions)
    yield Desk(workspace, definitions, database, Clock(now))
    database.close()
