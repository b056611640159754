"""`newsletter init`: a workspace that works at once, and never over what is there."""

import re
import subprocess
from pathlib import Path

from click.testing import CliRunner

from conftest import SLUG
from newsletter.cli import main


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
    run("--workspace", folder, "subscribers", "import", folder / "subscribers/example.csv", "--list", "leden", "--yes")
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


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    (folder / "templates/bulletin").mkdir(parents=True)
    (folder / "templates/bulletin/theme.toml").write_text("mine", encoding="utf-8")
    shown = run("init", folder, code=3)
    assert "templates/bulletin/theme.toml" in shown
    assert [path.name for path in folder.rglob("*") if path.is_file()] == ["theme.toml"]


def test_answer_that_will_not_do_writes_nothing(tmp_path: Path) -> None:
    shown = run("init", tmp_path / "new", "--email", "nobody", "--time-zone", "Mars/Olympus", code=3)
    assert "'nobody' is no e-mail address" in shown
    assert "'Mars/Olympus' is not a time zone" in shown
    assert not (tmp_path / "new").exists()


def test_file_in_the_way_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", encoding="utf-8")
    assert "Name a folder" in run("init", tmp_path / "file", code=3)
