"""Pictures in every command that shows or sends an issue: there, small, and told of when they cannot be had."""

import re
from collections.abc import Iterator
from pathlib import Path

import fsspec
import pytest

from cli.conftest import Call
from cli.test_process import run
from conftest import SLUG
from newsletter.workspace import Workspace
from support import pictures as samples
from support.example import parse
from support.web_server import Answer, WebServer, serving

PICTURE = samples.saved(samples.photograph(2000, 1000), "JPEG", quality=90)


@pytest.fixture
def web() -> Iterator[WebServer]:
    with serving(lambda _request: Answer(PICTURE)) as server:
        yield server


@pytest.fixture
def environ(web: WebServer, workspace: Workspace) -> dict[str, str]:
    """Give the example issue a picture from elsewhere, and the settings to fetch it."""
    file = workspace.issues / SLUG / "douane-onderschept-meer.md"
    text = file.read_text(encoding="utf-8").replace("images/haven-bij-schemering.jpg", f"{web.url}/haven.jpg")
    file.write_text(text, encoding="utf-8")
    return {"NEWSLETTER_MEDIA__ALLOW": f'["{web.host}"]', "NEWSLETTER_MEDIA__KEEP_HOURS": "0"}


def test_picture_from_elsewhere_lies_beside_the_page(
    call: Call, environ: dict[str, str], web: WebServer, tmp_path: Path
) -> None:
    call("build", SLUG, "-o", tmp_path / "out", environ=environ)
    page = (tmp_path / "out/issue.html").read_text(encoding="utf-8")
    assert web.host not in page
    pictures = [samples.read(path.read_bytes()) for path in (tmp_path / "out/media").glob("*.jpg")]
    assert (1280, 640) in [picture.size for picture in pictures]
    assert len(pictures) == len(set(re.findall(r'src="media/([^"]+)"', page))) == 3


def test_picture_that_cannot_be_had_is_an_error_of_its_item_unless_there_is_a_copy(
    workspace: Workspace, environ: dict[str, str], web: WebServer, tmp_path: Path
) -> None:
    target = str(tmp_path / "out")
    good = web.script
    web.script = lambda _request: Answer(status=503)
    code, _, shown = run(workspace, "build", SLUG, "-o", target, environ=environ)
    assert code == 4
    flat = " ".join(shown.split())
    assert f"issues/{SLUG}/douane-onderschept-meer.md:15:11" in flat
    assert "the server answers 503" in flat
    web.script = good
    assert run(workspace, "build", SLUG, "-o", target, environ=environ)[0] == 0
    web.script = lambda _request: Answer(status=503)
    code, _, shown = run(workspace, "build", SLUG, "-o", target, environ=environ)
    assert code == 0
    assert f"issues/{SLUG}/douane-onderschept-meer.md:15:11" in shown
    assert "An older copy of it is shown" in shown


@pytest.mark.parametrize("folder", ["var/media", "memory://press/media"])
@pytest.mark.parametrize("command", ["send", "test"])
def test_what_is_mailed_has_been_published(call: Call, workspace: Workspace, folder: str, command: str) -> None:
    system = fsspec.filesystem("memory")
    system.store.clear()
    environ = {"NEWSLETTER_MEDIA__FOLDER": folder}
    call("subscribers", "add", "lezer@example.org", "--list", "leden", environ=environ)
    if command == "send":
        call("send", SLUG, "--list", "leden", "--yes", environ=environ)
    else:
        call("test", SLUG, "--to", "lezer@example.org", environ=environ)
    (message,) = (workspace.root / "var/outbox/messages").glob("*.eml")
    names = set(
        re.findall(r'src="https://[^"]+/media/([^"/]+)"', parse(message.read_bytes()).get_body(("html",)).get_content())
    )
    if folder == "var/media":
        published = {path.name for path in (workspace.root / "var/media").glob("*.jpg")}
        view = next((workspace.root / "var/outbox/view").glob("*.html")).read_text(encoding="utf-8")
        assert all(f"media/{name}" in view and "https" not in name for name in names)
    else:
        published = {path.rpartition("/")[2] for path in system.find("/press/media") if path.endswith(".jpg")}
    assert names == published
    assert len(names) == 3


def test_pictures_are_read_where_the_settings_say(call: Call, tmp_path: Path) -> None:
    environ = {"NEWSLETTER_MEDIA__URL": "https://pictures.example.org/nieuws"}
    call("build", SLUG, "-o", tmp_path / "out", environ=environ)
    message = (tmp_path / "out/example.eml").read_bytes()
    html = parse(message).get_body(("html",)).get_content()
    assert len(re.findall(r'src="https://pictures\.example\.org/nieuws/[0-9a-f]{16}\.jpg"', html)) == 3
    assert (tmp_path / "out/issue.html").read_text(encoding="utf-8").count('src="media/') == 3


def test_folder_of_a_store_that_is_not_installed_says_what_to_install(call: Call, workspace: Workspace) -> None:
    environ = {"NEWSLETTER_MEDIA__FOLDER": "s3://bucket/media"}
    shown = call("test", SLUG, "--to", "lezer@example.org", code=3, environ=environ).stderr
    assert "pip install s3fs" in " ".join(shown.split())
    assert not (workspace.root / "var/outbox/messages").exists()


@pytest.mark.parametrize("value", ["s3://key:secret@bucket/media", "s3://["])
def test_folder_with_a_password_in_it_is_refused(call: Call, value: str) -> None:
    shown = call("config", code=3, environ={"NEWSLETTER_MEDIA__FOLDER": value}).stderr
    assert "media.folder" in shown or "NEWSLETTER_MEDIA__FOLDER" in shown


@pytest.mark.parametrize("value", ['["example.org"]', '["https://example.org/"]', '["example.org:0"]'])
def test_host_without_a_port_is_refused(call: Call, value: str) -> None:
    shown = call("config", code=3, environ={"NEWSLETTER_MEDIA__ALLOW": value}).stderr
    assert "is not a host with its port" in " ".join(shown.split())


def test_pictures_of_a_body_come_along_with_the_item(call: Call, workspace: Workspace, tmp_path: Path) -> None:
    (tmp_path / "beeld").mkdir()
    (tmp_path / "beeld/de brug.jpg").write_bytes(PICTURE)
    item = "---\nkind: article\ntitle: T\n---\n![Een brug](<beeld/de brug.jpg>)\n\n![B](https://example.org/b.jpg)\n"
    (tmp_path / "brug.md").write_text(item, encoding="utf-8")
    call("issue", "add", SLUG, tmp_path / "brug.md")
    assert (workspace.issues / SLUG / "beeld/de brug.jpg").read_bytes() == PICTURE


def test_item_without_the_picture_of_its_body_is_not_added(call: Call, workspace: Workspace, tmp_path: Path) -> None:
    (tmp_path / "brug.md").write_text("---\nkind: article\ntitle: T\n---\n![a](weg.jpg)\n", encoding="utf-8")
    assert "weg.jpg" in call("issue", "add", SLUG, tmp_path / "brug.md", code=4).stderr
    assert not (workspace.issues / SLUG / "brug.md").exists()
