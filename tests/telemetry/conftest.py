"""What tests of telemetry share: an empty list on each database, and a workspace with an issue for three people."""

import pytest

from dispatch.conftest import bench
from faults.test_kills import run
from newsletter.workspace import Workspace

__all__ = ["bench"]

PEOPLE = {
    "Anna": "anna.bakker@example.org",
    "Çağla": "zoe.celik@bücher.example",
    "Bob": "o'brien+news@sub.example.net",
}


@pytest.fixture
def addressed(workspace: Workspace) -> Workspace:
    """A workspace with three people on its list."""
    rows = ["email,voornaam", *(f"{address},{name}" for name, address in PEOPLE.items())]
    (workspace.root / "people.csv").write_text("\n".join(rows), encoding="utf-8")
    code, said = run(workspace, "subscribers", "import", "people.csv", "--list", "leden", "--basis", "opt-in", "--yes")
    assert code == 0, said
    return workspace
