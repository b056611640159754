"""What every check of the doctor must be, whatever stands in the folder."""

import inspect
import re
from pathlib import Path

import pytest

from newsletter import plugins
from newsletter.doctor.base import Outcome, names
from newsletter.workspace import Workspace
from support.surroundings import examine

CHECKS = names()
DOCS = Path(__file__).parents[2] / "docs/doctor.md"


@pytest.mark.parametrize("name", CHECKS)
def test_check_explains_itself_and_can_be_awaited(name: str) -> None:
    module = plugins.load("doctor", name)
    first, _, rest = (module.__doc__ or "").partition("\n\n")
    assert first.endswith(".")
    assert "\n" not in first
    assert rest.strip()
    assert isinstance(module.NEEDS_NETWORK, bool)
    assert inspect.iscoroutinefunction(module.examine)


@pytest.mark.parametrize("name", CHECKS)
def test_whatever_is_not_well_comes_with_what_to_do(name: str, workspace: Workspace) -> None:
    settings = {"NEWSLETTER_PUBLIC_URL": "http://localhost:9/"}
    found = [*examine(name, workspace, settings=settings), *examine(name, workspace, settings=settings, received=b"")]
    assert found
    for one in found:
        assert one.message
        assert not one.message.endswith(".")
        if one.outcome is not Outcome.OK:
            assert re.search(r"[.…]$", one.remedy), one


@pytest.mark.parametrize("name", CHECKS)
def test_nothing_is_made_in_the_workspace(name: str, workspace: Workspace) -> None:
    before = sorted(workspace.root.rglob("*"))
    examine(name, workspace, settings={"NEWSLETTER_PUBLIC_URL": "http://localhost:9/"})
    assert sorted(workspace.root.rglob("*")) == before


@pytest.mark.parametrize("name", [name for name in CHECKS if plugins.load("doctor", name).NEEDS_NETWORK])
def test_check_that_needs_the_network_is_left_out_offline(name: str, workspace: Workspace) -> None:
    (found,) = examine(name, workspace, offline=True)
    assert found.outcome is Outcome.UNKNOWN
    assert "--offline" in found.remedy


def test_every_check_is_described() -> None:
    rows = dict(re.findall(r"^\| `([a-z-]+)` \| ([^|]+) \|", DOCS.read_text(encoding="utf-8"), re.MULTILINE))
    assert set(rows) == set(CHECKS)
