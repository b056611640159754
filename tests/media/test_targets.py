"""Where pictures are published: a folder, or whatever fsspec reaches; each file once, and whole."""

from pathlib import Path
from typing import Any, ClassVar

import fsspec
import pytest
from fsspec.implementations.memory import MemoryFileSystem
from fsspec.registry import _registry

from newsletter.errors import NewsletterError, SettingsError, WorkspaceError
from newsletter.media import Media, MediaFile, open_target, publish


def media(*names: str, made: list[str]) -> Media:
    def file(name: str) -> MediaFile:
        def content() -> bytes:
            made.append(name)
            return name.encode()

        return MediaFile(name, name, None, None, content)

    return Media("https://example.org/media/", tuple(file(name) for name in names))


@pytest.mark.parametrize("folder", ["var/media", "memory://bucket/media"])
def test_files_are_written_whole_and_once(tmp_path: Path, folder: str) -> None:
    made: list[str] = []
    system = fsspec.filesystem("memory")
    system.store.clear()
    publish(media("a.jpg", "b.png", made=made), open_target(folder, tmp_path))
    publish(media("a.jpg", "b.png", "c.gif", made=made), open_target(folder, tmp_path))
    assert made == ["a.jpg", "b.png", "c.gif"]
    for name in made:
        if folder == "var/media":
            assert (tmp_path / "var/media" / name).read_bytes() == name.encode()
        else:
            assert system.cat_file(f"/bucket/media/{name}") == name.encode()


def test_store_of_files_by_url_is_a_folder_like_any(tmp_path: Path) -> None:
    publish(media("a.jpg", made=[]), open_target(f"file://{tmp_path}/media", Path("/nowhere")))
    assert (tmp_path / "media/a.jpg").read_bytes() == b"a.jpg"


class Buckets(MemoryFileSystem):  # type: ignore[misc]
    """A store of buckets, in memory; like a real one it makes one of any name when it is asked for a folder."""

    store: ClassVar[dict[str, Any]] = {}
    told: ClassVar[dict[str, Any]] = {}
    made: ClassVar[list[str]] = []

    @classmethod
    def _strip_protocol(cls, path: str) -> str:
        return "/" + path.removeprefix("gs://").strip("/")

    def makedirs(self, path: str, **_options: Any) -> None:
        self.made.append(path)

    def pipe_file(self, path: str, value: bytes, *, content_type: str | None = None) -> None:
        self.told[path.rpartition("/")[2]] = content_type
        super().pipe_file(path, value)


def test_store_of_buckets_is_told_what_a_file_is_and_makes_no_bucket(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(_registry, "gs", Buckets)
    target = open_target("gs://nieuws/media", Path("/nowhere"))
    for name in ("a.jpg", "b.ics", "c.ff0"):
        target.put(name, name.encode())
        assert target.get(name) == name.encode()
    assert Buckets.told == {"a.jpg": "image/jpeg", "b.ics": "text/calendar", "c.ff0": None}
    assert Buckets.made == []


def test_store_that_is_not_installed_is_named_with_its_package(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="pip install s3fs") as caught:
        open_target("s3://bucket/media", tmp_path)
    assert caught.value.where.field == "media.folder"


def test_store_of_an_unknown_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="moon"):
        open_target("moon://bucket", tmp_path)


def test_store_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "media").write_text("in the way", encoding="utf-8")
    for folder in ("media", f"file://{tmp_path}/media"):
        with pytest.raises(NewsletterError) as caught:
            publish(media("a.jpg", made=[]), open_target(folder, tmp_path))
        assert isinstance(caught.value, WorkspaceError)
        assert caught.value.remedy
