"""A page that is remembered is the one that would be made, and nothing that changes leaves an old one in its place."""

import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from newsletter.errors import NOWHERE, Place, TemplateError
from newsletter.render import PageCache, inline, pages

PAGE = "<!DOCTYPE html><html><head></head><body><p>Goedemorgen.</p></body></html>"
RED, BLUE = ["p { color: red }"], ["p { color: blue }"]


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The pages whose styles were really written into them."""
    seen: list[str] = []

    def counting(html: str, css: Sequence[str], where: Place = NOWHERE) -> str:
        seen.append(html)
        return real(html, css, where)

    real = inline.inline
    monkeypatch.setattr(inline, "inline", counting)
    return seen


def test_page_is_made_once_and_is_the_same_again(tmp_path: Path, made: list[str]) -> None:
    first = PageCache(tmp_path)(PAGE, RED)
    again = PageCache(tmp_path)(PAGE, RED)
    assert first == again == inline.inline(PAGE, RED)
    assert 'style="color:red"' in first
    assert made == [PAGE, PAGE]  # the second time is the comparison's own


def test_other_words_and_other_styles_make_another_page(tmp_path: Path, made: list[str]) -> None:
    cache = PageCache(tmp_path)
    found = {cache(PAGE, RED), cache(PAGE, BLUE), cache(PAGE.replace("Goede", "Prettige "), RED), cache(PAGE, [])}
    assert len(found) == len(made) == 4


def test_styles_cannot_be_taken_for_words(tmp_path: Path, made: list[str]) -> None:
    cache = PageCache(tmp_path)
    cache(PAGE, ["p{}", "b{}"])
    cache(PAGE, ["p{}b{}"])
    assert len(made) == 2


def test_page_of_another_maker_is_not_taken(tmp_path: Path, made: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    PageCache(tmp_path)(PAGE, RED)
    monkeypatch.setattr(pages, "_makers", lambda: b"premailer of next year")
    PageCache(tmp_path)(PAGE, RED)
    assert len(made) == 2


def test_oldest_pages_go(tmp_path: Path, made: list[str]) -> None:
    cache = PageCache(tmp_path)
    for number in range(pages.KEPT + 3):
        cache(PAGE.replace("Goede", str(number)), RED)
        for path in tmp_path.iterdir():
            os.utime(path, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns - 10**9))
    assert len(list(tmp_path.iterdir())) == pages.KEPT
    cache(PAGE.replace("Goede", str(pages.KEPT + 2)), RED)
    assert len(made) == pages.KEPT + 3
    cache(PAGE.replace("Goede", "0"), RED)
    assert len(made) == pages.KEPT + 4


def test_folder_that_cannot_be_written_costs_time_only(tmp_path: Path, made: list[str]) -> None:
    (tmp_path / "pages").write_text("a file where the folder should be")
    cache = PageCache(tmp_path / "pages")
    assert cache(PAGE, RED) == cache(PAGE, RED)
    assert len(made) == 2


def test_page_that_cannot_be_made_is_not_remembered(tmp_path: Path) -> None:
    cache = PageCache(tmp_path)
    for _ in range(2):
        with pytest.raises(TemplateError, match="would be lost"):
            cache("no doctype<!--[if mso]><p><![endif]-->", RED)
    assert not list(tmp_path.iterdir())
