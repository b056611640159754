"""A database that was restored or copied mails nobody before a person has looked at it: I16."""

import platform
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from newsletter.dispatch import Controls, dispatches, instance
from newsletter.dispatch.instance import FILE
from newsletter.errors import DispatchError
from newsletter.providers.base import Deferred
from newsletter.store import open_database, tables
from newsletter.subscribers import synchronise_attributes
from newsletter.workspace import Workspace
from support.dispatching import Bench, Scripted

NAMES = ("anna", "ben", "cas")


@pytest.fixture
def local(bench: Bench) -> Bench:
    """A workspace with its database inside of it."""
    database = open_database("sqlite:///var/own.db", bench.workspace.root)
    synchronise_attributes(database, bench.definitions)
    own = replace(bench, database=database)
    own.subscribe(NAMES)
    return own


def copy(bench: Bench, folder: Path) -> Bench:
    """The whole workspace once more, as a copy of the machine would have it."""
    bench.database.close()
    shutil.copytree(bench.workspace.root, folder)
    workspace = Workspace(folder)
    return replace(bench, workspace=workspace, database=open_database("sqlite:///var/own.db", folder))


def refused(bench: Bench, identifier: str, match: str) -> None:
    provider = Scripted()
    with bench.database.reading() as connection:
        dispatch = dispatches.read_dispatch(connection, identifier)
    with pytest.raises(DispatchError, match=match):
        bench.drive(dispatch, provider)
    assert provider.handed_over == []
    with bench.database.reading() as connection:
        assert dispatches.read_dispatch(connection, identifier).state == "paused"


def test_workspace_sends_again_and_again_from_its_own_database(local: Bench) -> None:
    frozen = local.freeze()
    for _ in range(3):
        local.drive(frozen, Scripted(lambda message: Deferred(message.key, "450 later")))
        local.clock.pass_by(hours=9)
    provider = Scripted()
    local.drive(frozen, provider)
    assert len(provider.handed_over) == len(NAMES)


def test_restored_backup_mails_nobody_until_a_person_says_so(local: Bench, tmp_path: Path) -> None:
    frozen = local.freeze()
    local.database.close()
    shutil.copytree(local.workspace.root / "var", tmp_path / "backup")
    local = replace(local, database=open_database("sqlite:///var/own.db", local.workspace.root))
    local.drive(frozen, Scripted())
    local.database.close()
    for file in (local.workspace.root / "var").glob("own.db*"):
        file.unlink()
    shutil.copy(tmp_path / "backup/own.db", local.workspace.root / "var/own.db")
    restored = replace(local, database=open_database("sqlite:///var/own.db", local.workspace.root))
    refused(restored, frozen.id, "restored from a backup; 1 open dispatches are paused")
    Controls(restored.database, frozen.id, "tester", restored.clock).resume()
    provider = Scripted()
    restored.drive(frozen, provider)
    assert len(provider.handed_over) == len(NAMES)


def forget(workspace: Workspace) -> None:
    (workspace.state / FILE).unlink()


@pytest.mark.parametrize(("change", "match"), [(lambda _: None, "copied or moved"), (forget, "came from elsewhere")])
def test_copied_workspace_mails_nobody_and_the_original_goes_on(
    local: Bench, tmp_path: Path, change: Callable[[Workspace], None], match: str
) -> None:
    frozen = local.freeze()
    local.drive(frozen, Scripted(lambda message: Deferred(message.key, "450 later")))
    local.clock.pass_by(hours=1)
    clone = copy(local, tmp_path / "clone")
    change(clone.workspace)
    refused(clone, frozen.id, match)
    original = replace(local, database=open_database("sqlite:///var/own.db", local.workspace.root))
    provider = Scripted()
    original.drive(frozen, provider)
    assert len(provider.handed_over) == len(NAMES)


def test_moved_workspace_without_open_dispatches_just_goes_on(local: Bench, tmp_path: Path) -> None:
    local.drive(local.freeze(), Scripted())
    moved = copy(local, tmp_path / "moved")
    moved.subscribe(["dirk"], region="Noord")
    provider = Scripted()
    moved.drive(moved.freeze("noord"), provider)
    assert provider.handed_over == ["dirk@example.org"]


def test_damaged_number_counts_as_none(local: Bench) -> None:
    frozen = local.freeze()
    local.drive(frozen, Scripted(lambda message: Deferred(message.key, "450 later")))
    (local.workspace.state / FILE).write_text("{", encoding="utf-8")
    refused(local, frozen.id, "came from elsewhere")


def test_database_that_knows_less_than_its_workspace_was_restored(bench: Bench) -> None:
    bench.subscribe(NAMES)
    frozen = bench.freeze()
    bench.drive(frozen, Scripted(lambda message: Deferred(message.key, "450 later")))
    with bench.database.writing() as connection:
        connection.execute(sa.update(tables.instances).values(epoch=1))
    refused(bench, frozen.id, "restored from a backup")


def test_another_machine_may_join_a_server_and_never_a_file(bench: Bench, tmp_path: Path) -> None:
    bench.subscribe(NAMES)
    frozen = bench.freeze()
    shutil.copytree(bench.workspace.root, tmp_path / "other", ignore=shutil.ignore_patterns("var"))
    other = replace(bench, workspace=Workspace(tmp_path / "other"))
    if bench.database.is_sqlite:
        refused(other, frozen.id, "came from elsewhere")
        return
    provider = Scripted()
    other.drive(frozen, provider)
    assert len(provider.handed_over) == len(NAMES)


def test_container_with_a_name_of_its_own_is_no_copy(local: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    with local.workspace.settings_file.open("a", encoding="utf-8") as file:
        file.write('\n[dispatch]\nmachine = "newsletter"\n')
    frozen = local.freeze()
    local.drive(frozen, Scripted(lambda message: Deferred(message.key, "450 later")))
    monkeypatch.setattr(instance, "_MACHINE", local.workspace.root / "there-is-none")
    monkeypatch.setattr(platform, "node", lambda: "another-name")
    local.clock.pass_by(hours=1)
    provider = Scripted()
    local.drive(frozen, provider)
    assert len(provider.handed_over) == len(NAMES)
