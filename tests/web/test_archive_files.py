"""The archive as files: whole, by itself, and careful with what else lies in its folder."""

import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from newsletter.errors import WorkspaceError
from newsletter.web import write_archive
from newsletter.web.archive.writing import MANIFEST
from support.dispatching import SLUG
from support.public_site import ADDRESS, Stage

LINK = re.compile(r'(?:href|src)="([^"]*)"')


@pytest.fixture
def folder(stage: Stage, tmp_path: Path) -> Path:
    stage.send()
    return tmp_path / "public" / "archive"


def test_every_link_leads_to_a_file_or_to_the_site(stage: Stage, folder: Path) -> None:
    written = write_archive(stage.site, folder)
    assert (written.issues, written.removed) == (1, 0)
    assert written.files == sum(1 for path in folder.rglob("*") if path.is_file()) - 1
    for page in folder.rglob("*.html"):
        for link in LINK.findall(page.read_text(encoding="utf-8")):
            parts = urlsplit(link)
            if parts.scheme or link.startswith("#"):
                assert "/leave/" not in link
                assert "/preferences/" not in link
                continue
            target = page.parent / unquote(parts.path)
            assert not parts.path.startswith("/"), link
            assert target.is_file(), link
    assert (folder / "issues" / SLUG / "index.html").is_file()
    assert list((folder / "media").glob("*.ics"))
    assert list((folder / "media").glob("*.jpg"))


def test_feeds_name_where_the_archive_will_be(stage: Stage, folder: Path) -> None:
    write_archive(stage.site, folder, "https://www.example.org/archief/")
    for kind in ("rss", "atom"):
        text = (folder / f"feed.{kind}").read_text(encoding="utf-8")
        assert f"https://www.example.org/archief/issues/{SLUG}/" in text
        assert f"https://www.example.org/archief/feed.{kind}" in text
    write_archive(stage.site, folder)
    assert f"{ADDRESS}/issues/{SLUG}/" in (folder / "feed.atom").read_text(encoding="utf-8")


def test_only_what_an_earlier_archive_wrote_is_removed(stage: Stage, folder: Path) -> None:
    write_archive(stage.site, folder)
    (folder / "CNAME").write_text("www.example.org", encoding="utf-8")
    (folder / "old").mkdir()
    (folder / "old" / "index.html").write_text("x", encoding="utf-8")
    outside = folder.parent / "outside.txt"
    outside.write_text("x", encoding="utf-8")
    manifest = folder / MANIFEST
    manifest.write_text(f"{manifest.read_text()}old/index.html\n../outside.txt\n{outside}\n", encoding="utf-8")
    assert write_archive(stage.site, folder).removed == 1
    assert not (folder / "old").exists()
    assert outside.exists()
    assert (folder / "CNAME").exists()


def test_writing_again_gives_the_same_bytes(stage: Stage, folder: Path) -> None:
    def content() -> dict[str, bytes]:
        return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}

    write_archive(stage.site, folder)
    before = content()
    write_archive(stage.site, folder)
    assert content() == before


def test_a_file_in_the_place_of_the_folder_is_said(stage: Stage, folder: Path) -> None:
    folder.parent.mkdir(parents=True)
    folder.write_text("x", encoding="utf-8")
    with pytest.raises(WorkspaceError, match="a file, not a folder"):
        write_archive(stage.site, folder)
