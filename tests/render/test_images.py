"""Pictures as public files: named by what is in them."""

from pathlib import Path

from conftest import SLUG
from newsletter.issues import read_issue
from newsletter.render import Media, collect_media, publish_media
from newsletter.subscribers import Definitions
from newsletter.workspace import Workspace

URL = "https://nieuws.example.org/"


def media_of(workspace: Workspace, definitions: Definitions) -> Media:
    issue = read_issue(workspace, SLUG, definitions.schema(), time_zone="UTC", language="nl")
    return collect_media(issue, URL)


def test_changed_picture_has_another_address(workspace: Workspace, definitions: Definitions) -> None:
    before = media_of(workspace, definitions)
    picture = workspace.issues / SLUG / "images/haven-bij-schemering.jpg"
    picture.write_bytes(picture.read_bytes() + b"\0")
    after = media_of(workspace, definitions)
    assert len(before.urls) == 3
    changed = {name for name in before.urls if before.urls[name] != after.urls[name]}
    assert changed == {("douane-onderschept-meer.md", "images/haven-bij-schemering.jpg")}


def test_published_files_are_whole_and_written_once(
    workspace: Workspace, definitions: Definitions, tmp_path: Path
) -> None:
    media = media_of(workspace, definitions)
    publish_media(media, tmp_path / "media")
    written = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "media").iterdir()}
    publish_media(media, tmp_path / "media")
    assert {path.name: path.stat().st_mtime_ns for path in (tmp_path / "media").iterdir()} == written
    assert len(written) == 3
    for url in media.urls.values():
        assert url.startswith(f"{URL}media/")
        assert url.rpartition("/")[2] in written
