"""Pictures and documents of an issue, from beside the item or elsewhere: found, copied, or told with their place."""

import logging
import re
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine

from newsletter.dispatch import prepare_issue
from newsletter.errors import ContentError, Place, Problems
from newsletter.media import Collected, Copies, FolderTarget, Media, PictureCache, Reference, collect, publish
from newsletter.media.collecting import DOCUMENT_LIMIT
from newsletter.settings import load
from newsletter.subscribers import read_definitions
from newsletter.workspace import Workspace
from support import pictures as samples
from support.checking import Desk
from support.web_server import Answer, Request, WebServer, serving

PLACE = Place("issues/1/brug.md", 5, 11)
PICTURE = samples.saved(samples.photograph(), "JPEG")
START = datetime(2024, 2, 20, 9, tzinfo=UTC)


@pytest.fixture
def web() -> Iterator[WebServer]:
    with serving(lambda _request: Answer(PICTURE, headers={"ETag": '"1"'})) as server:
        yield server


def reference(source: str, folder: Path, kind: str = "picture") -> Reference:
    path = None if "://" in source else folder / source
    return Reference("brug.md", source, "document" if kind == "document" else "picture", path, folder, lambda: PLACE)


def collected(folder: Path, *sources: str, allow: str = "", keep: int = 24, kind: str = "picture") -> Collected:
    copies = Copies(folder / "cache/copies", timedelta(hours=keep), frozenset({allow} if allow else ()))
    wanted = [reference(source, folder, kind) for source in sources]
    return collect(wanted, PictureCache(folder / "cache"), copies, base="https://example.org/media/", paper="#ffffff")


def test_picture_beside_the_item_is_found_with_its_size(tmp_path: Path) -> None:
    (tmp_path / "brug.png").write_bytes(PICTURE)
    found = collected(tmp_path, "brug.png").variant("brug.md", "brug.png", 40)
    assert found is not None
    assert (found.width, found.height, found.original.facts.width) == (80, 40, 200)
    assert found.name.endswith(".jpg")


def test_file_is_at_most_as_wide_as_the_original(tmp_path: Path) -> None:
    (tmp_path / "brug.jpg").write_bytes(PICTURE)
    found = collected(tmp_path, "brug.jpg").variant("brug.md", "brug.jpg", 640)
    assert found is not None
    assert found.width == 200


def test_problems_of_pictures_are_told_with_their_place(tmp_path: Path) -> None:
    (tmp_path / "leeg.jpg").write_bytes(b"")
    (tmp_path / "kapot.jpg").write_bytes(PICTURE[:500])
    (tmp_path / "map.jpg").mkdir()
    problems = collected(tmp_path, "leeg.jpg", "kapot.jpg", "weg.jpg", "map.jpg").problems.values()
    assert [error.message for error in problems] == [
        "the picture 'leeg.jpg' is empty",
        "the picture 'kapot.jpg' is damaged, or only a part of a picture",
        "the file 'weg.jpg' does not exist",
        "the file 'map.jpg' does not exist",
    ]
    assert all(error.where == PLACE and error.remedy for error in problems)


HOSTILE = {
    "empty.png": b"",
    "cut.jpg": PICTURE[: len(PICTURE) // 2],
    "cut.gif": samples.moving(samples.frames())[:200],
    "cut.webp": samples.saved(samples.photograph(), "WEBP")[:100],
    "bomb.png": samples.bomb(),
    "wide.png": samples.bomb(40_000, 1),
    "drawing.svg": b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'><script>alert(1)</script></svg>",
    "drawing.png": b"<?xml version='1.0'?><!DOCTYPE svg [<!ENTITY x 'y'>]><svg>&x;</svg>",
    "page.jpg": b"<!doctype html><script>alert(1)</script>",
    "program.gif": b"GIF89a/*" + b"\0" * 40 + b"*/=alert(1)",
    "print.eps": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(/etc/passwd) run\n",
    "header.tiff": b"II*\0\xff\xff\xff\xff",
    "header.bmp": b"BM" + b"\xff" * 60,
}
ODD = {
    "png-in-truth.jpg": samples.saved(samples.logo(), "PNG"),
    "no-suffix": PICTURE,
    "print.jpg": samples.saved(samples.photograph().convert("CMYK"), "JPEG"),
    "deep.png": samples.saved(samples.photograph().convert("I;16"), "PNG"),
    "turned.jpg": samples.turned(6),
    "blank-first.gif": samples.moving(samples.frames(blank=1)),
    "moving.webp": samples.moving(samples.frames(), "WEBP"),
    "moving.png": samples.moving(samples.frames(), "PNG"),
    "dot.png": samples.saved(samples.photograph(1, 1), "PNG"),
    "trailing.jpg": PICTURE + b"<script>alert(1)</script>",
}


@pytest.mark.parametrize("name", [*HOSTILE, *ODD])
def test_strange_picture_is_shown_in_an_issue_or_told_with_its_place(workspace: Workspace, name: str) -> None:
    desk = Desk(workspace)
    (desk.folder / "images" / name).write_bytes((HOSTILE | ODD)[name])
    desk.replace("douane-onderschept-meer.md", "images/haven-bij-schemering.jpg", f"images/{name}")
    settings, definitions = load(workspace, {}), read_definitions(workspace)
    if name in HOSTILE:
        with pytest.raises(ContentError, match=re.escape(name)) as caught:
            prepare_issue(workspace, settings, definitions, desk.slug, None)
        assert str(caught.value.where) == f"issues/{desk.slug}/douane-onderschept-meer.md:15:11, image.source"
        assert caught.value.remedy
        return
    media = prepare_issue(workspace, settings, definitions, desk.slug, None).media
    publish(media, FolderTarget(workspace.state / "shown"))
    (shown,) = [file for file in media.files if file.source == name]
    content = (workspace.state / "shown" / shown.name).read_bytes()
    assert samples.read(content).format == {"jpg": "JPEG", "png": "PNG", "gif": "GIF"}[shown.name.rpartition(".")[2]]
    assert b"script" not in content


@pytest.mark.corpora
def test_pictures_of_the_corpora_are_shown_or_told(tmp_path: Path, corpora: Path) -> None:
    files = sorted((corpora / "mime-cpython/data").glob("*.*"))
    for path in files:
        (tmp_path / path.name).write_bytes(path.read_bytes())
    found = collected(tmp_path, *(path.name for path in files))
    shown = {source for _, source in found.pictures}
    assert {f"python.{kind}" for kind in ("bmp", "gif", "jpg", "png", "tiff", "webp")} <= shown
    assert {f"python.{kind}" for kind in ("exr", "pbm", "pgm", "ppm", "ras", "xbm")}.isdisjoint(shown)
    assert len(found.pictures) + len(found.problems) == len(files) > 50
    assert all(problem.where == PLACE and problem.remedy for problem in found.problems.values())


def test_picture_outside_of_the_issue_is_refused(tmp_path: Path) -> None:
    (tmp_path / "secret.jpg").write_bytes(PICTURE)
    folder = tmp_path / "issue"
    folder.mkdir()
    (folder / "link.jpg").symlink_to(tmp_path / "secret.jpg")
    problem = collected(folder, "link.jpg").problems["brug.md", "link.jpg"]
    assert "does not lie in the issue's folder" in str(problem)


def test_document_is_published_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "Rapport.PDF").write_bytes(b"%PDF-1.7")
    found = collected(tmp_path, "Rapport.PDF", kind="document").documents["brug.md", "Rapport.PDF"]
    assert found.name.endswith(".pdf")
    assert found.path.read_bytes() == b"%PDF-1.7"


def test_missing_documents_are_all_told(tmp_path: Path) -> None:
    with pytest.raises(Problems) as caught:
        collected(tmp_path, "een.pdf", "twee.pdf", kind="document")
    assert [error.where for error in caught.value.errors] == [PLACE, PLACE]


def test_document_without_measure_is_refused(tmp_path: Path) -> None:
    with (tmp_path / "groot.pdf").open("wb") as file:
        file.truncate(DOCUMENT_LIMIT + 1)
    with pytest.raises(ContentError, match="more than 100 MB"):
        collected(tmp_path, "groot.pdf", kind="document")


def test_picture_from_elsewhere_is_fetched_once(tmp_path: Path, web: WebServer) -> None:
    url = f"{web.url}/brug.jpg"
    for _ in range(2):
        found = collected(tmp_path, url, allow=web.host).variant("brug.md", url, 40)
        assert found is not None
        assert found.height == 40
    assert len(web.requests) == 1


def test_old_copy_is_fetched_anew_and_kept_where_nothing_has_changed(tmp_path: Path, web: WebServer) -> None:
    url = f"{web.url}/brug.jpg"
    with time_machine.travel(START, tick=True):
        collected(tmp_path, url, allow=web.host)
    web.script = lambda _request: Answer(status=304)
    with time_machine.travel(START + timedelta(hours=25), tick=True):
        collected(tmp_path, url, allow=web.host)
        assert web.requests[1].headers["if-none-match"] == '"1"'
        collected(tmp_path, url, allow=web.host)
    assert len(web.requests) == 2
    other = samples.saved(samples.photograph(seed=2), "JPEG")
    web.script = lambda _request: Answer(other)
    with time_machine.travel(START + timedelta(hours=50), tick=True):
        found = collected(tmp_path, url, allow=web.host).pictures["brug.md", url]
    assert found.path.read_bytes() == other


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Answer(status=404), "the server answers 404"),
        (Answer(b"<!doctype html><p>Not here"), "what lies there is a web page"),
        (Answer(PICTURE[:300]), "what lies there is damaged"),
        (Answer(headers={"Content-Length": "40000000"}), "larger than 30,000,000 bytes"),
    ],
)
def test_picture_that_cannot_be_fetched_is_told_unless_there_is_a_copy(
    tmp_path: Path, web: WebServer, caplog: pytest.LogCaptureFixture, answer: Answer, words: str
) -> None:
    url = f"{web.url}/brug.jpg"
    good = web.script
    web.script = lambda _request: answer
    problem = collected(tmp_path, url, allow=web.host).problems["brug.md", url]
    assert problem.where == PLACE
    assert words in str(problem)
    assert url in str(problem)
    web.script = good
    with time_machine.travel(START, tick=True):
        collected(tmp_path, url, allow=web.host)
    web.script = lambda _request: answer
    asked = len(web.requests)
    with time_machine.travel(START + timedelta(hours=25), tick=True), caplog.at_level(logging.WARNING):
        for _ in range(2):
            assert collected(tmp_path, url, allow=web.host).pictures["brug.md", url].path.read_bytes() == PICTURE
    assert [record.getMessage().count(words) for record in caplog.records] == [1, 1]
    assert all(str(PLACE) in record.getMessage() for record in caplog.records)
    assert len(web.requests) == asked + 1  # it is not asked again at once


def test_picture_of_a_place_of_ours_is_refused(tmp_path: Path, web: WebServer) -> None:
    url = f"{web.url}/brug.jpg"
    assert "is not a public address" in str(collected(tmp_path, url).problems["brug.md", url])
    assert not web.requests


def test_pictures_from_elsewhere_are_fetched_together(tmp_path: Path, web: WebServer) -> None:
    urls = [f"{web.url}/{number}.jpg" for number in range(12)]
    waiting = threading.Barrier(3, timeout=10)

    def script(_request: Request) -> Answer:
        waiting.wait()
        return Answer(PICTURE)

    web.script = script
    assert len(collected(tmp_path, *urls, *urls, allow=web.host).pictures) == 12
    assert len(web.requests) == 12


def test_picture_that_has_changed_meanwhile_is_not_published_by_the_old_name(tmp_path: Path) -> None:
    (tmp_path / "brug.jpg").write_bytes(PICTURE)
    variant = collected(tmp_path, "brug.jpg").variant("brug.md", "brug.jpg", 40)
    assert variant is not None
    (tmp_path / "brug.jpg").write_bytes(samples.saved(samples.photograph(seed=3), "JPEG"))
    media = Media("https://example.org/media/", (PictureCache(tmp_path / "cache").picture_file(variant),))
    with pytest.raises(ContentError, match="has changed meanwhile"):
        publish(media, FolderTarget(tmp_path / "media"))
    assert not (tmp_path / "media").exists()
