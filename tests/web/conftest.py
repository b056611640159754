"""What tests of the public site share: a workspace with several lists, and a site with three people."""

from collections.abc import Iterator
from datetime import datetime

import pytest

from newsletter.store import Database, open_database
from newsletter.subscribers import read_definitions, synchronise_attributes
from newsletter.tokens import Signer
from newsletter.workspace import Workspace
from support.dispatching import Bench, Clock
from support.public_site import LISTS, Stage, staged

EDITABLE = """
attributes:
  region:
    name: Regio
    choices: [Noord, Oost, Zuid, West]
    editable: true
  role:
    name: Functie
    choices: [procesregisseur, casusregisseur, adviseur, bestuurder, wijkagent, hulpverlener]
  member_since:
    name: Lid sinds
    type: date
    editable: true
  colleagues:
    name: Aantal collega's
    type: number
    editable: true
  meets:
    name: Komt naar studiedagen
    type: boolean
    editable: true
topics:
  ondermijning: {name: Ondermijning}
  bestuur: {name: Bestuur}
  jeugd: {name: Jeugd, lists: [leden]}
"""


@pytest.fixture
def bench(workspace: Workspace, database_url: str, signer: Signer, now: datetime) -> Iterator[Bench]:
    (workspace.subscribers / "lists.yaml").write_text(LISTS, encoding="utf-8")
    (workspace.subscribers / "attributes.yaml").write_text(EDITABLE, encoding="utf-8")
    (workspace.subscribers / "segments.yaml").write_text("segments: {}\n", encoding="utf-8")
    definitions = read_definitions(workspace)
    database: Database = open_database(database_url, workspace.root)
    synchronise_attributes(database, definitions)
    yield Bench(workspace, definitions, signer, database, Clock(now))
    database.close()


@pytest.fixture
def stage(bench: Bench) -> Iterator[Stage]:
    with staged(bench, ("jan", "mia", "kim")) as found:
        yield found
