"""The example issue as it is built today; a change shows up here and is reviewed by eye."""

from pathlib import Path

import pytest

from conftest import SLUG
from newsletter.dispatch import Built, build_issue, write_build
from newsletter.settings import load
from newsletter.subscribers import Definitions, example_record
from newsletter.workspace import Workspace

GOLDEN = Path(__file__).parent / "example_issue"
FILES = ("issue.html", "issue.txt", "example.eml", "statistics.json")


@pytest.fixture
def built(workspace: Workspace, definitions: Definitions) -> Built:
    return build_issue(workspace, load(workspace, {}), definitions, SLUG, "leden", example_record(definitions))


@pytest.mark.parametrize("name", FILES)
def test_example_issue_is_built_as_it_was_reviewed(
    built: Built, name: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    write_build(built, tmp_path / "build")
    content = (tmp_path / "build" / name).read_bytes()
    if request.config.getoption("--update-golden"):
        (GOLDEN / name).write_bytes(content)
    assert content == (GOLDEN / name).read_bytes(), "review the change, then run: make golden"


def test_same_files_give_the_same_bytes(built: Built, workspace: Workspace, definitions: Definitions) -> None:
    again = build_issue(workspace, load(workspace, {}), definitions, SLUG, "leden", example_record(definitions))
    assert again.message == built.message
    assert again.prepared.compiled.content_hash == built.prepared.compiled.content_hash
