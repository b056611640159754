"""A workspace as `newsletter init` makes it, for all tests of one file."""

import pytest

from newsletter.starter import begin
from newsletter.subscribers import Definitions, read_definitions
from newsletter.workspace import Workspace


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    folder = tmp_path_factory.mktemp("templates") / "workspace"
    begin(folder, {})
    return Workspace(folder)


@pytest.fixture(scope="module")
def people(made: Workspace) -> Definitions:
    return read_definitions(made)
