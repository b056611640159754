"""The example issue in a real browser: nothing sticks out, nothing is too small, pictures are there."""

from itertools import pairwise
from pathlib import Path

import pytest

from conftest import SLUG
from newsletter.cli.preview.appearance import Scheme, in_scheme
from newsletter.dispatch import build_issue, write_build
from newsletter.settings import load
from newsletter.subscribers import Definitions, example_record
from newsletter.workspace import Workspace
from support.browser import ask, find_browser

SIZES = (
    "[...view.document.querySelectorAll('body *')]"
    ".filter(e => [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()) && e.getClientRects().length)"
    ".map(e => parseFloat(view.getComputedStyle(e).fontSize))"
)


@pytest.fixture
def browser() -> str:
    found = find_browser()
    if found is None:
        pytest.skip("no browser is installed")
    return found


@pytest.fixture
def page(workspace: Workspace, definitions: Definitions, tmp_path: Path) -> Path:
    built = build_issue(workspace, load(workspace, {}), definitions, SLUG, "leden", example_record(definitions))
    return write_build(built, tmp_path / "build")[0]


@pytest.mark.parametrize("width", [700, 640, 375, 320])
def test_nothing_sticks_out_at_any_width(browser: str, page: Path, width: int) -> None:
    assert ask(browser, page, width, "view.document.documentElement.scrollWidth") <= width


def test_no_text_is_smaller_than_fourteen_pixels(browser: str, page: Path) -> None:
    sizes = ask(browser, page, 375, SIZES)
    assert len(sizes) > 40
    assert min(sizes) >= 14


def test_every_picture_is_there_and_is_described(browser: str, page: Path) -> None:
    pictures = ask(
        browser, page, 640, "[...view.document.images].map(i => [i.naturalWidth, i.hasAttribute('alt'), i.width])"
    )
    assert len(pictures) == 3
    assert all(width > 0 and described for width, described, _ in pictures)
    assert [shown for _, _, shown in pictures] == [640, 72, 72]


def test_dark_colours_reach_page_paper_and_text(browser: str, page: Path) -> None:
    page.write_text(in_scheme(page.read_text(encoding="utf-8"), Scheme.DARK), encoding="utf-8")
    colours = ask(
        browser,
        page,
        640,
        "['body', '.paper', '.headline', '.byline', '.lead'].map(s => view.document.querySelector(s))"
        ".map((e, n) => view.getComputedStyle(e)[n < 2 ? 'backgroundColor' : 'color'])",
    )
    assert colours == [
        "rgb(16, 22, 29)",
        "rgb(24, 33, 43)",
        "rgb(242, 237, 228)",
        "rgb(169, 180, 193)",
        "rgb(223, 228, 234)",
    ]


def test_headings_go_down_one_level_at_a_time(browser: str, page: Path) -> None:
    levels = ask(
        browser, page, 640, "[...view.document.querySelectorAll('h1,h2,h3,h4')].map(h => Number(h.tagName[1]))"
    )
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
