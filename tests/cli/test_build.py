"""`newsletter build`: files to look at, the same every time."""

import json
from pathlib import Path

from cli.conftest import Call
from conftest import SLUG
from newsletter.workspace import Workspace


def files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_same_files_give_the_same_bytes(call: Call, tmp_path: Path) -> None:
    shown = call("build", SLUG, "-o", tmp_path / "one").stdout
    call("build", SLUG, "-o", tmp_path / "two")
    built = files(tmp_path / "one")
    assert built == files(tmp_path / "two")
    assert {"issue.html", "issue.txt", "example.eml", "statistics.json"} <= built.keys()
    assert sum(name.endswith(".jpg") for name in built) == 3
    assert sum(name.startswith("media/") and name.endswith(".ics") for name in built) == 5
    assert "whole message" in shown


def test_pictures_of_the_page_lie_beside_it(call: Call, tmp_path: Path) -> None:
    call("build", SLUG, "-o", tmp_path / "out")
    html = (tmp_path / "out/issue.html").read_text(encoding="utf-8")
    assert "https://nieuwsbrief.example.org/media/" not in html
    assert html.count('src="media/') == 3


def test_statistics_count_parts_and_blocks(call: Call, tmp_path: Path) -> None:
    statistics = json.loads(call("build", SLUG, "-o", tmp_path / "out", "--json").stdout)
    assert statistics == json.loads((tmp_path / "out/statistics.json").read_text(encoding="utf-8"))
    assert statistics["parts"]["html"]["slots"] == 3
    assert {block["shown_if"] for block in statistics["blocks"]} == {
        'subscriber.region == "Noord"',
        '"jeugd" in subscriber.topics',
    }


def test_it_is_built_as_for_a_subscriber(call: Call, tmp_path: Path) -> None:
    call("subscribers", "add", "zuid@example.org", "--list", "leden", "--set", "region=Zuid")
    call("build", SLUG, "-o", tmp_path / "south", "--as", "zuid@example.org")
    call("build", SLUG, "-o", tmp_path / "example")
    south, example = ((tmp_path / name / "issue.txt").read_text(encoding="utf-8") for name in ("south", "example"))
    assert "Regiobijeenkomst Noord" in example
    assert "Regiobijeenkomst Noord" not in south


def test_mistake_in_a_template_is_named_and_nothing_is_written(
    call: Call, workspace: Workspace, tmp_path: Path
) -> None:
    part = workspace.templates / "shared/parts/news.mjml.j2"
    part.write_text(part.read_text(encoding="utf-8").replace("</mj-column>", "</mj-colum>"), encoding="utf-8")
    shown = call("build", SLUG, "-o", tmp_path / "out", code=5).stderr
    assert "templates/shared/parts/news.mjml.j2:" in shown
    assert "mj-colum" in shown
    assert not (tmp_path / "out").exists()


def test_address_that_nobody_has_is_said_to_be_made_up(call: Call, tmp_path: Path) -> None:
    call("subscribers", "add", "zuid@example.org", "--list", "leden")
    shown = call("build", SLUG, "-o", tmp_path / "out", "--as", "niemand@example.org")
    assert "Nobody has the address niemand@example.org" in shown.stderr
    assert "made-up reader" in shown.stderr
    assert call("build", SLUG, "-o", tmp_path / "out", "--as", "zuid@example.org").stderr == ""
    assert call("build", SLUG, "-o", tmp_path / "out").stderr == ""
