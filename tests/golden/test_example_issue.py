"""The example issues as they are built today; a change shows up here and is reviewed by eye."""

from pathlib import Path

import pytest

from conftest import SLUG
from newsletter.dispatch import Built, build_issue, write_build
from newsletter.settings import load
from newsletter.subscribers import Definitions, example_record
from newsletter.workspace import Workspace

HERE = Path(__file__).parent
FILES = ("issue.html", "issue.txt", "example.eml", "statistics.json")
EXAMPLES = {
    "example_issue": SLUG,
    "example_digest": "2024-03-05-overzicht-maart",
    "example_announcement": "2024-03-12-uitnodiging-netwerkdag",
}


def built(workspace: Workspace, definitions: Definitions, slug: str) -> Built:
    return build_issue(workspace, load(workspace, {}), definitions, slug, "leden", example_record(definitions))


@pytest.mark.parametrize("folder", EXAMPLES)
def test_example_issue_is_built_as_it_was_reviewed(
    workspace: Workspace, definitions: Definitions, folder: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    write_build(built(workspace, definitions, EXAMPLES[folder]), tmp_path / "build")
    for name in FILES:
        content = (tmp_path / "build" / name).read_bytes()
        if request.config.getoption("--update-golden"):
            (HERE / folder).mkdir(exist_ok=True)
            (HERE / folder / name).write_bytes(content)
        assert content == (HERE / folder / name).read_bytes(), "review the change, then run: make golden"


def test_same_files_give_the_same_bytes(workspace: Workspace, definitions: Definitions) -> None:
    one, again = (built(workspace, definitions, SLUG) for _ in range(2))
    assert again.message == one.message
    assert again.prepared.compiled.content_hash == one.prepared.compiled.content_hash
