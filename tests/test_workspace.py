"""The workspace: found from anywhere inside it, and written to in whole files only."""

import resource
from contextlib import suppress
from pathlib import Path

import pytest

from newsletter.errors import WorkspaceError
from newsletter.workspace import Workspace, find, replacing, write_atomically


def test_workspace_is_found_from_any_folder_in_it(workspace: Workspace) -> None:
    assert find(workspace.root / "templates/shared/parts") == workspace
    with pytest.raises(WorkspaceError, match=r"newsletter\.toml"):
        find(workspace.root.parent)


def test_name_of_a_file_is_what_a_person_would_call_it(workspace: Workspace) -> None:
    assert workspace.name_of(workspace.root / "issues/x") == "issues/x"
    assert workspace.name_of(Path("/elsewhere/y")) == "/elsewhere/y"


def test_file_that_fails_half_way_leaves_the_old_one_and_no_rest(tmp_path: Path) -> None:
    target = tmp_path / "file"
    target.write_bytes(b"old")
    with suppress(ZeroDivisionError), replacing(target) as file:
        file.write(b"half of the new")
        raise ZeroDivisionError
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    assert target.read_bytes() == b"old"


def test_full_disk_leaves_the_old_file_and_says_so(tmp_path: Path) -> None:
    target = tmp_path / "file"
    target.write_bytes(b"old")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, before[1]))
    try:
        with pytest.raises(WorkspaceError, match="Nothing was changed"):
            write_atomically(target, b"n" * 100_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    assert target.read_bytes() == b"old"


def test_folder_in_the_place_of_a_file_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").mkdir()
    with pytest.raises(WorkspaceError, match="cannot be written"):
        write_atomically(tmp_path / "file", b"new")


def test_private_file_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    write_atomically(tmp_path / "deep/file", b"x", private=True)
    assert (tmp_path / "deep/file").stat().st_mode & 0o777 == 0o600
