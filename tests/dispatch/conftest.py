from dataclasses import replace
from datetime import datetime

import pytest

from newsletter.store import Database
from newsletter.subscribers import Definitions, ListDefinition, Texts
from newsletter.tokens import Signer
from newsletter.workspace import Workspace
from support.dispatching import Bench, Clock


@pytest.fixture
def bench(workspace: Workspace, definitions: Definitions, signer: Signer, database: Database, now: datetime) -> Bench:
    """A workspace with an empty list, on each kind of database."""
    return Bench(workspace, definitions, signer, database, Clock(now))


@pytest.fixture
def two_lists(bench: Bench) -> Bench:
    """One with a second list, "anderen"."""
    other = ListDefinition("anderen", Texts.of("De anderen"), reason=Texts.of("U bent een ander."))
    lists = {**bench.definitions.lists, other.id: other}
    return replace(bench, definitions=replace(bench.definitions, lists=lists))
