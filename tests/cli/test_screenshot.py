"""Pictures of an issue: full height, both colours, the same each time, and a clear word where no browser is."""

import struct
from pathlib import Path

import pytest

from cli.conftest import Call
from conftest import SLUG
from support.browser import find_browser


def size_of(picture: Path) -> tuple[int, int]:
    content = picture.read_bytes()
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", content[16:24])
    return width, height


@pytest.fixture
def browser() -> None:
    if find_browser() is None:
        pytest.skip("no browser on this machine")


@pytest.mark.usefixtures("browser")
def test_pictures_are_named_by_width_and_colours_and_show_everything(call: Call, tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    call("screenshot", SLUG, "-o", folder)
    sizes = {path.name.removeprefix(f"{SLUG}-"): size_of(path) for path in folder.iterdir()}
    assert set(sizes) == {"640-light.png", "640-dark.png", "375-light.png", "375-dark.png"}
    assert sizes["640-light.png"][0] == 1280
    assert sizes["375-dark.png"][0] == 750
    # A telephone needs more height, and light and dark need the same.
    assert sizes["375-light.png"][1] > sizes["640-light.png"][1] > 2 * 1500
    assert sizes["640-light.png"] == sizes["640-dark.png"]
    assert (folder / f"{SLUG}-640-light.png").read_bytes() != (folder / f"{SLUG}-640-dark.png").read_bytes()


@pytest.mark.usefixtures("browser")
def test_equal_files_give_equal_pictures_and_only_those_asked_for(call: Call, tmp_path: Path) -> None:
    for name in ("one", "two"):
        call("screenshot", SLUG, "-o", tmp_path / name, "--width", "375", "--width", "375", "--dark")
    (first,) = (tmp_path / "one").iterdir()
    assert first.name == f"{SLUG}-375-dark.png"
    assert first.read_bytes() == (tmp_path / "two" / first.name).read_bytes()


def test_without_a_browser_is_said_what_to_install(call: Call, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    result = call("screenshot", SLUG, code=3)
    assert "No Chromium was found" in result.output
    assert "apt install chromium" in result.output
