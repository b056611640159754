"""`newsletter template`: what there is, a new one, a check, a gallery."""

import json
from pathlib import Path

from cli.conftest import Call
from newsletter.workspace import Workspace


def test_list_names_templates_and_their_layouts(call: Call) -> None:
    listed = {one["name"]: one for one in json.loads(call("template", "list", "--json").stdout)}
    assert listed.keys() == {"announcement", "bulletin", "digest"}
    assert listed["digest"]["layouts"] == ["lead", "short", "dates", "note"]
    assert "shared" not in call("template", "list").stdout


def test_new_template_is_found_in_order(call: Call, workspace: Workspace) -> None:
    assert "wrote templates/jaar/issue.mjml.j2" in call("template", "new", "jaar").stdout
    assert "every layout compiled in en, nl, nl-x-informal" in call("template", "check", "jaar").stdout
    assert "there already" in call("template", "new", "jaar", code=5).stderr
    call("issue", "new", "eerste", "--subject", "Nieuw", "--template", "jaar")


def test_check_tells_what_blocks_cost_and_which_words_are_missing(call: Call, workspace: Workspace) -> None:
    part = workspace.templates / "announcement/parts/header.mjml.j2"
    part.write_text(part.read_text(encoding="utf-8").replace("</h1>", '</h1>{{ _("Never heard") }}'), encoding="utf-8")
    shown = " ".join(call("template", "check", "announcement").stdout.split())
    assert "no nl for 'Never heard'" in shown
    assert "templates/announcement/parts/header.mjml.j2:" in shown
    assert "head, header and footer" in shown
    assert "Netwerkdag" in shown


def test_check_names_the_words_that_a_new_language_lacks(call: Call, workspace: Workspace) -> None:
    manifest = workspace.templates / "announcement/template.toml"
    text = manifest.read_text(encoding="utf-8")
    manifest.write_text(text.replace('languages = ["nl", "en"]', 'languages = ["nl", "en", "ar"]'), encoding="utf-8")
    words = workspace.templates / "shared/translations"
    (words / "ar.po").write_bytes((words / "nl.po").read_bytes())
    shown = " ".join(call("template", "check", "announcement").stdout.split())
    assert "no ar for 'all day'" in shown
    assert "newsletter/render/words/nl.po:" in shown
    assert "Add them to templates/shared/translations/ar.po" in shown
    assert "no ar for 'Take part online'" not in shown, "the catalogue has it"
    assert "%(hours)s" not in shown, "the locale data write hours"
    assert "no nl for" not in shown
    with (words / "ar.po").open("a", encoding="utf-8") as file:
        file.write('\nmsgid "all day"\nmsgstr "طوال اليوم"\n')
    assert "'all day'" not in call("template", "check", "announcement").stdout


def test_unknown_language_says_how_to_add_one(call: Call, workspace: Workspace, tmp_path: Path) -> None:
    file = workspace.issues / "2024-03-12-uitnodiging-netwerkdag/issue.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("language: nl\n", "language: he\n"), encoding="utf-8")
    shown = " ".join(call("build", "2024-03-12-uitnodiging-netwerkdag", "-o", tmp_path / "out", code=5).stderr.split())
    assert "has no words in the language 'he'" in shown
    assert "copy templates/shared/translations/nl.po to he.po" in shown


def test_check_refuses_colours_that_cannot_be_read(call: Call, workspace: Workspace) -> None:
    (workspace.templates / "digest/theme.toml").write_text('[dark]\nmuted = "#333a44"\n', encoding="utf-8")
    shown = call("template", "check", "digest", code=5).stderr
    assert "templates/digest/theme.toml:2:1" in shown
    assert "needs 4.5 : 1" in shown


def test_gallery_is_written(call: Call, tmp_path: Path) -> None:
    shown = call("template", "gallery", "bulletin", "-o", tmp_path / "gallery", "--language", "en").stdout
    assert f"wrote {tmp_path}/gallery/index.html" in shown
    page = (tmp_path / "gallery/bulletin-agenda.html").read_text(encoding="utf-8")
    assert "Cancelled" in page


def test_build_prints_what_each_block_costs(call: Call, tmp_path: Path) -> None:
    shown = call("build", "2024-03-12-uitnodiging-netwerkdag", "-o", tmp_path / "out").stdout
    assert "head, header and footer" in shown
    assert "Een woord vooraf (voorbeeld)" in shown


def test_issue_may_speak_informally(call: Call, workspace: Workspace, tmp_path: Path) -> None:
    file = workspace.issues / "2024-03-12-uitnodiging-netwerkdag/issue.yaml"
    file.write_text(
        file.read_text(encoding="utf-8").replace("language: nl\n", "language: nl-x-informal\n"), encoding="utf-8"
    )
    call("build", "2024-03-12-uitnodiging-netwerkdag", "-o", tmp_path / "out")
    html = (tmp_path / "out/issue.html").read_text(encoding="utf-8")
    assert "Wijzig je voorkeuren" in html
    assert '<html lang="nl" dir="ltr"' in html
    assert "donderdag 30 mei 2024" in html


def test_language_that_nobody_can_write_dates_in_is_named(call: Call, workspace: Workspace, tmp_path: Path) -> None:
    file = workspace.issues / "2024-03-12-uitnodiging-netwerkdag/issue.yaml"
    text = file.read_text(encoding="utf-8")
    for tag in ("nl-??", "nl-Lat?", "nl-BE-y"):
        file.write_text(text.replace("language: nl\n", f"language: '{tag}'\n"), encoding="utf-8")
        shown = call("build", "2024-03-12-uitnodiging-netwerkdag", "-o", tmp_path / "out", code=5).stderr
        assert tag in shown
        assert "nl-x-informal" in shown
