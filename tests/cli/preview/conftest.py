"""The example issue, built once for all tests of the preview."""

import pytest

from conftest import SLUG
from newsletter.dispatch import Built, build_issue
from newsletter.settings import load
from newsletter.starter import begin
from newsletter.subscribers import example_record, read_definitions
from newsletter.workspace import Workspace


@pytest.fixture(scope="session")
def example(tmp_path_factory: pytest.TempPathFactory) -> Built:
    folder = tmp_path_factory.mktemp("example") / "workspace"
    begin(folder, {})
    workspace = Workspace(folder)
    definitions = read_definitions(workspace)
    return build_issue(workspace, load(workspace, {}), definitions, SLUG, None, example_record(definitions))
