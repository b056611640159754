"""`newsletter issue`: from an empty issue to a full one, and every slip undone."""

import json
import shutil
from datetime import date
from pathlib import Path

import pytest

from cli.conftest import Call
from conftest import SLUG
from newsletter.workspace import Workspace
from support.pictures import photograph, saved

NEW = "2024-03-05-nieuwsbrief-13"
ARTICLE = """\
---
kind: article
title: De brug gaat open
image:
  source: brug.jpg
  alt: Een brug
url: https://example.org/brug/
---
Open.
"""
EVENT = "---\nkind: event\ntitle: Feest\nstart: 2024-03-18 14:00\n---\n"


@pytest.fixture
def items(tmp_path: Path) -> Path:
    folder = tmp_path / "berichten"
    folder.mkdir()
    (folder / "brug.md").write_text(ARTICLE, encoding="utf-8")
    (folder / "brug.jpg").write_bytes(saved(photograph(), "JPEG"))
    (folder / "feest.md").write_text(EVENT, encoding="utf-8")
    return folder


def test_issue_is_made_filled_ordered_and_built(call: Call, workspace: Workspace, items: Path, tmp_path: Path) -> None:
    made = call("issue", "new", NEW, "--subject", "Over: de #brug", "--date", "2024-03-05").stdout
    assert f"issues/{NEW}/issue.yaml" in made
    added = call("issue", "add", NEW, items / "feest.md", items / "brug.md").stdout
    assert "feest.md as 3.1 (Agenda)" in added
    assert "brug.md as 2.1 (Nieuws)" in added
    assert (workspace.issues / NEW / "brug.jpg").is_file()
    assert "1.1 (lead)" in call("issue", "move", NEW, "brug.md", "--section", "lead").stdout
    shown = call("issue", "show", NEW).stdout
    assert "Over: de #brug" in shown
    assert "1.1  article" in shown
    document = json.loads(call("issue", "show", NEW, "--json").stdout)
    assert [len(section["items"]) for section in document["sections"]] == [1, 0, 1, 0]
    call("build", NEW, "-o", tmp_path / "out")
    assert "De brug gaat open" in (tmp_path / "out/issue.txt").read_text(encoding="utf-8")


def test_issue_of_another_template_begins_with_what_that_template_shows(
    call: Call, workspace: Workspace, items: Path, tmp_path: Path
) -> None:
    folder = workspace.templates / "anders"
    shutil.copytree(workspace.templates / "bulletin", folder)
    manifest = folder / "template.toml"
    text = manifest.read_text(encoding="utf-8")
    manifest.write_text(text.replace('["lead", "news", "agenda", "publications"]', '["story"]'), encoding="utf-8")
    call("issue", "new", NEW, "--subject", "Anders", "--template", "anders")
    document = json.loads(call("issue", "show", NEW, "--json").stdout)
    assert [section["layout"] for section in document["sections"]] == ["story"]
    call("issue", "add", NEW, items / "brug.md")
    call("build", NEW, "-o", tmp_path / "out")
    manifest.write_text(text.replace('["lead", "news", "agenda", "publications"]', '["sport"]'), encoding="utf-8")
    refused = call("issue", "new", "x", "--subject", "Anders", "--template", "anders", code=5).stderr
    assert "templates/anders/template.toml, sections" in refused
    assert "'sport' is none of the layouts" in refused


def test_item_taken_out_comes_back_and_the_file_is_as_it_was(call: Call, workspace: Workspace) -> None:
    file = workspace.issues / SLUG / "issue.yaml"
    before = file.read_bytes()
    shown = call("issue", "remove", SLUG, "3.1").stdout
    assert "newsletter issue restore" in shown
    assert "studiedag-ondermijning.md" not in file.read_text(encoding="utf-8")
    call("issue", "restore", SLUG, "studiedag-ondermijning.md", "--at", "1")
    assert file.read_bytes() == before


def test_deleting_a_file_is_asked_about(call: Call, workspace: Workspace) -> None:
    assert "--yes" in call("issue", "remove", SLUG, "2.1", "--delete-file", code=2).stderr
    file = workspace.issues / SLUG / "extra-geld-voor-slachtofferhulp.md"
    assert file.is_file()
    call("issue", "remove", SLUG, "2.1", "--delete-file", "--yes")
    assert not file.exists()


def test_list_shows_the_newest_first_and_what_is_broken(call: Call, workspace: Workspace) -> None:
    call("issue", "new", NEW, "--subject", "Nieuw", "--date", "2024-03-05")
    (workspace.issues / "stuk").mkdir()
    (workspace.issues / "stuk/issue.yaml").write_text("subject: [", encoding="utf-8")
    result = call("issue", "list")
    lines = result.stdout.splitlines()
    assert lines.index(next(line for line in lines if NEW in line)) < lines.index(
        next(line for line in lines if SLUG in line)
    )
    assert "stuk" in result.stdout
    assert "issues/stuk/issue.yaml:1" in result.stderr
    listed = json.loads(call("issue", "list", "--json").stdout)
    readable = {one["slug"]: one["readable"] for one in listed}
    assert readable.pop("stuk") is False
    assert {NEW, SLUG} < readable.keys()
    assert all(readable.values())


@pytest.mark.parametrize("path", [f"issues/{SLUG}", f"issues/{SLUG}/", f"./issues/{SLUG}/"])
def test_path_of_an_issue_is_taken_for_its_name(call: Call, workspace: Workspace, tmp_path: Path, path: str) -> None:
    assert json.loads(call("issue", "show", path, "--json").stdout)["slug"] == SLUG
    assert f"out of {SLUG}." in call("issue", "remove", path, "2.1").stdout
    call("build", str(workspace.root / path), "-o", tmp_path / "out")
    call("send", path, "--list", "leden", "--dry-run")


def test_new_issue_is_dated_today_in_the_time_zone_of_the_workspace(call: Call) -> None:
    call("issue", "new", "vandaag", "--subject", "Nu")
    assert date.fromisoformat(json.loads(call("issue", "show", "vandaag", "--json").stdout)["date"])


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("new", "Nieuwsbrief 13", "--subject", "x"), 4, "small letters"),
        (("new", SLUG, "--subject", "x"), 4, "already"),
        (("new", "x", "--subject", "x", "--template", "bulletn"), 5, "bulletin"),
        (("new", "x", "--subject", "x", "--date", "morgen"), 2, "2024-02-20"),
        (("new", "x", "--subject", ""), 4, "subject is empty"),
        (("new", "x", "--subject", "x", "--language", "de"), 4, "It has: nl, en"),
        (("new", "x", "--subject", "x", "--language", "nl-foo!"), 4, "nl-BE"),
        (("new", "x" * 300, "--subject", "x"), 4, "at most 100"),
        (("show", "x" * 300), 4, SLUG),
        (("show", "2024-02-20"), 4, SLUG),
        (("show", "../../etc"), 4, "no issue"),
        (("add", SLUG, "nergens.md"), 4, "does not exist"),
        (("move", SLUG, "9.9"), 4, "2.3"),
        (("move", SLUG, "2.1", "--at", "40"), 4, "from 1 to"),
        (("move", SLUG, "2.1", "--section", "Sport"), 4, "3 Agenda"),
        (("move", SLUG, "2.1", "--section", "Agenda"), 4, "cannot show an item of the kind article"),
        (("restore", SLUG, "studiedag-ondermijning.md"), 4, "issue move"),
        (("restore", SLUG, "../../../newsletter.toml"), 4, "does not lie"),
    ],
)
def test_wrong_call_is_answered_with_a_remedy_and_changes_nothing(
    call: Call, workspace: Workspace, arguments: tuple[str, ...], code: int, says: str
) -> None:
    before = {path: path.read_bytes() for path in workspace.issues.rglob("*") if path.is_file()}
    assert says in call("issue", *arguments, code=code).stderr
    assert before == {path: path.read_bytes() for path in workspace.issues.rglob("*") if path.is_file()}


def test_issue_whose_template_is_gone_can_still_be_edited(call: Call, workspace: Workspace, items: Path) -> None:
    shutil.rmtree(workspace.templates / "bulletin")
    call("issue", "add", SLUG, items / "feest.md", "--section", "lead")


def test_several_files_are_added_whole_or_not_at_all(call: Call, workspace: Workspace, items: Path) -> None:
    before = (workspace.issues / SLUG / "issue.yaml").read_bytes()
    call("issue", "add", SLUG, items / "feest.md", items / "nergens.md", code=4)
    assert (workspace.issues / SLUG / "issue.yaml").read_bytes() == before


def test_broken_item_is_not_added(call: Call, workspace: Workspace, items: Path) -> None:
    (items / "feest.md").write_text(EVENT.replace("2024-03-18 14:00", "18 maart"), encoding="utf-8")
    shown = call("issue", "add", SLUG, items / "feest.md", code=4).stderr
    assert "feest.md:4:8" in shown
    assert "Write 2024-03-07" in shown
    assert not (workspace.issues / SLUG / "feest.md").exists()


def test_item_whose_picture_is_missing_is_not_added(call: Call, workspace: Workspace, items: Path) -> None:
    (items / "brug.jpg").unlink()
    before = (workspace.issues / SLUG / "issue.yaml").read_bytes()
    assert "brug.jpg" in call("issue", "add", SLUG, items / "brug.md", code=4).stderr
    assert not (workspace.issues / SLUG / "brug.md").exists()
    assert (workspace.issues / SLUG / "issue.yaml").read_bytes() == before
