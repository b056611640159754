"""The secret key: made once, private, and never replaced by accident."""

import threading
from pathlib import Path

import pytest

from newsletter.errors import SettingsError
from newsletter.settings import SECRET_VARIABLE, secret_keys
from newsletter.workspace import Workspace


def test_secret_is_made_once_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    (first,) = secret_keys(workspace, {})
    assert len(first) >= 32
    assert secret_keys(workspace, {}) == (first,)
    file = workspace.state / "secret.key"
    assert file.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in workspace.state.iterdir()] == ["secret.key"]


def test_many_that_need_it_at_once_get_the_same(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    found: list[tuple[bytes, ...]] = []
    threads = [threading.Thread(target=lambda: found.append(secret_keys(workspace, {}))) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 12
    assert len(set(found)) == 1


def test_environment_goes_before_the_file_and_may_hold_older_ones(tmp_path: Path) -> None:
    given = {SECRET_VARIABLE: f"{'n' * 32} {'o' * 40}"}
    assert secret_keys(Workspace(tmp_path), given) == (b"n" * 32, b"o" * 40)
    assert not (tmp_path / "var").exists()


@pytest.mark.parametrize("content", ["kort", "\n", f"{'n' * 32} kort"])
def test_secret_that_is_too_short_is_refused_without_being_shown(tmp_path: Path, content: str) -> None:
    workspace = Workspace(tmp_path)
    workspace.state.mkdir()
    (workspace.state / "secret.key").write_text(content, encoding="ascii")
    with pytest.raises(SettingsError) as caught:
        secret_keys(workspace, {})
    assert "var/secret.key" in str(caught.value)
    assert "kort" not in str(caught.value)


def test_secret_that_is_no_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="no text"):
        secret_keys(Workspace(tmp_path), {SECRET_VARIABLE: "n" * 32 + "\udcff"})
