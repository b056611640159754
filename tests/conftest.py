"""What tests of all packages share: corpora, databases, a workspace, and a clock that stands still."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import hypothesis
import pytest

from newsletter.starter import begin
from newsletter.store import Database, open_database
from newsletter.subscribers import Definitions, read_definitions, synchronise_attributes
from newsletter.tokens import Signer
from newsletter.workspace import Workspace
from support.postgresql import Cluster, Unavailable

# A change is judged by the same examples each time; whoever works on it gets new ones with every run.
# Nobody is judged by how long one takes: machines are busy.
hypothesis.settings.register_profile("repeatable", derandomize=True, deadline=None)
hypothesis.settings.register_profile("patient", deadline=None)
hypothesis.settings.load_profile("repeatable" if os.environ.get("CI") else "patient")

NOW = datetime(2024, 2, 20, 8, 30, tzinfo=UTC)
SLUG = "2024-02-20-nieuwsbrief-12"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write the golden files anew; review them by eye")


@pytest.fixture(scope="session", autouse=True)
def _caches(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Keep what is kept for later out of the caches of whoever runs the tests."""
    os.environ["XDG_CACHE_HOME"] = str(tmp_path_factory.mktemp("caches"))


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.startswith("NEWSLETTER_") and name != "NEWSLETTER_CORPORA":
            monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def corpora() -> Path:
    """The folder of real inputs."""
    folder = os.environ.get("NEWSLETTER_CORPORA")
    if not folder:
        pytest.skip("NEWSLETTER_CORPORA names no folder of corpora")
    return Path(folder)


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A PostgreSQL server of our own, for as long as the tests run."""
    try:
        cluster = Cluster.start()
    except Unavailable as error:
        pytest.skip(str(error))
    yield cluster
    cluster.stop()


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/test.db"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """The URL of a fresh, empty database, of each kind that is supported."""
    if request.param == "sqlite":
        url: str = request.getfixturevalue("sqlite_url")
        return url
    running: Cluster = request.getfixturevalue("cluster")
    return running.new_database()


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """A workspace as `newsletter init` makes it."""
    folder = tmp_path / "workspace"
    begin(folder, {})
    return Workspace(folder)


@pytest.fixture
def definitions(workspace: Workspace) -> Definitions:
    return read_definitions(workspace)


@pytest.fixture
def database(database_url: str, workspace: Workspace, definitions: Definitions) -> Iterator[Database]:
    """A fresh database of each kind, with the workspace's attributes."""
    opened = open_database(database_url, workspace.root)
    synchronise_attributes(opened, definitions)
    yield opened
    opened.close()


@pytest.fixture
def signer() -> Signer:
    return Signer.of((b"a secret of thirty-two characters",))


@pytest.fixture
def now() -> datetime:
    return NOW
