"""`newsletter init`: a workspace that works at once, and never over what is there."""

import re
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

from conftest import SLUG
from newsletter.cli import main
from newsletter.subscribers import read_definitions
from newsletter.workspace import Workspace

ROOT = Path(__file__).parents[2]


def run(*arguments: object, code: int = 0) -> str:
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert result.exit_code == code, result.output
    return result.output


def test_new_workspace_works_at_once(tmp_path: Path) -> None:
    folder = tmp_path / "de brug"
    shown = run(
        "init", folder, "--name", 'De "Brug"', "--email", "brug@example.com", "--postal-address", "Kade 1\nUtrecht"
    )
    assert f"cd '{folder}'" in shown
    assert run("--workspace", folder, "config", "name").strip() == 'De "Brug"'
    assert run("--workspace", folder, "config", "sender.email").strip() == "brug@example.com"
    assert SLUG in run("--workspace", folder, "issue", "list")
    run("--workspace", folder, "build", SLUG, "-o", tmp_path / "built")
    assert "Kade 1" in (tmp_path / "built" / "issue.txt").read_text(encoding="utf-8")


def test_people_and_secrets_stay_out_of_git(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    run("init", folder)
    imported = ("import", folder / "subscribers/example.csv", "--list", "leden", "--basis", "opt-in", "--yes")
    run("--workspace", folder, "subscribers", *imported)
    run("--workspace", folder, "subscribers", "export", "--list", "leden", "-o", folder / "subscribers/all.csv")
    run("--workspace", folder, "send", SLUG, "--list", "leden", "--yes")
    subprocess.run(["git", "init", "-q", str(folder)], check=True)
    listed = subprocess.run(
        ["git", "-C", str(folder), "ls-files", "--others", "--exclude-standard"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split()
    assert "newsletter.toml" in listed
    assert any(name.startswith(f"issues/{SLUG}/receipt-") for name in listed)
    example = "subscribers/example.csv"
    kept = "".join((folder / name).read_text("utf-8", "replace") for name in listed if name != example)
    people = re.findall(r"[\w.-]+@[\w.-]+", (folder / example).read_text(encoding="utf-8"))
    assert len(people) > 20
    assert not any(person in kept for person in people)
    assert not any(name.startswith("var/") or name.endswith(("all.csv", ".db", ".key")) for name in listed)


def test_people_stay_out_of_git_wherever_they_are_written(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    run("init", folder)
    run("--workspace", folder, "subscribers", "add", "zoe@example.org", "--list", "leden")
    run("--workspace", folder, "subscribers", "export", "--list", "leden", "-o", folder / "all.csv")
    run("--workspace", folder, "build", SLUG, "-o", folder / "uit", "--as", "zoe@example.org")
    for name in ("leden.xlsx", "issues/leden.csv", "subscribers/example.xlsx", "subscribers/sub/example.csv"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text("zoe@example.org", encoding="utf-8")
    subprocess.run(["git", "init", "-q", str(folder)], check=True)
    shown = ["git", "-C", str(folder), "ls-files", "--others", "--exclude-standard"]
    listed = subprocess.run(shown, check=True, capture_output=True, text=True).stdout.split()
    assert [name for name in listed if name.endswith((".csv", ".xlsx", ".eml"))] == ["subscribers/example.csv"]


def test_golden_messages_of_the_repository_are_no_people(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    (tmp_path / ".gitignore").write_bytes((ROOT / ".gitignore").read_bytes())
    names = ("tests/golden/example_issue/example.eml", "uit/example.eml")
    ignored = subprocess.run(
        ["git", "-C", str(tmp_path), "check-ignore", *names], check=True, capture_output=True, text=True
    ).stdout.split()
    assert ignored == ["uit/example.eml"]


@pytest.mark.parametrize("language", ["de", "fr-BE"])
def test_language_that_the_template_lacks_is_refused(tmp_path: Path, language: str) -> None:
    shown = run("init", tmp_path / "new", "--language", language, code=3)
    assert "It has: nl, en." in shown
    assert not (tmp_path / "new").exists()


def test_folder_without_a_name_is_refused() -> None:
    assert "no name in it" in run("init", "", code=2)


def test_english_workspace_has_the_same_definitions_in_english(tmp_path: Path) -> None:
    run("init", tmp_path / "nl")
    run("init", tmp_path / "en", "--language", "en-GB")
    dutch, english = (read_definitions(Workspace(tmp_path / language)) for language in ("nl", "en"))
    assert str(english.lists["leden"].name) == "Members of the network"
    assert str(english.lists["leden"].reason).startswith("You receive")
    assert english.lists.keys() == dutch.lists.keys()
    assert english.topics.keys() == dutch.topics.keys()
    assert {name: one.where.source for name, one in english.segments.items()} == {
        name: one.where.source for name, one in dutch.segments.items()
    }
    assert {name: (one.type, one.choices) for name, one in english.attributes.items()} == {
        name: (one.type, one.choices) for name, one in dutch.attributes.items()
    }
    words = {str(one.name) for group in (english.lists, english.topics, english.attributes) for one in group.values()}
    assert words.isdisjoint(
        str(one.name) for group in (dutch.lists, dutch.topics, dutch.attributes) for one in group.values()
    )
    run("--workspace", tmp_path / "en", "build", SLUG, "-o", tmp_path / "built")


def test_files_of_a_workspace_point_to_nothing_that_is_not_there(tmp_path: Path) -> None:
    run("init", tmp_path / "nl")
    run("init", tmp_path / "en", "--language", "en")
    for path in [path for path in tmp_path.rglob("*") if path.suffix in (".toml", ".yaml", ".j2", ".md")]:
        assert "docs/" not in path.read_text(encoding="utf-8"), path


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    (folder / "templates/bulletin").mkdir(parents=True)
    (folder / "templates/bulletin/template.toml").write_text("mine", encoding="utf-8")
    shown = run("init", folder, code=3)
    assert "templates/bulletin/template.toml" in shown
    assert [path.name for path in folder.rglob("*") if path.is_file()] == ["template.toml"]


def test_answer_that_will_not_do_writes_nothing(tmp_path: Path) -> None:
    shown = run("init", tmp_path / "new", "--email", "nobody", "--time-zone", "Mars/Olympus", code=3)
    assert "'nobody' is no e-mail address" in shown
    assert "'Mars/Olympus' is not a time zone" in shown
    assert not (tmp_path / "new").exists()


def test_file_in_the_way_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", encoding="utf-8")
    assert "Name a folder" in run("init", tmp_path / "file", code=3)
