"""Checks of the finished message meet the oddest inputs without a crash, and colours are weighed as WCAG does."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.markup import Colour, contrast, look, parse, parse_colour
from newsletter.preflight.base import Context, run
from newsletter.workspace import Workspace
from support.checking import Desk

CHECKS = (
    *("alternative-text", "compatibility", "conditional-comment", "contrast", "foreign-font", "headings", "language"),
    *("layout-table", "link-name", "page-title", "picture-format", "picture-width", "target-size", "text-part"),
    *("text-size",),
)


@pytest.fixture
def context(workspace: Workspace) -> Context:
    return Desk(workspace).context()


@given(html=st.text(alphabet=st.sampled_from("<>/=\"'!-[] abtdivpimgh1style#:;&px09"), max_size=200))
def test_any_text_can_be_read_as_html(html: str) -> None:
    page = parse(html)
    for element in page.root.walk():
        look(element)
        assert element.name == element.name.strip()


def test_deep_nesting_does_not_exhaust_the_stack() -> None:
    page = parse("<div>" * 20_000 + "diep")
    deepest = list(page.root.walk())[-1]
    assert look(deepest).size == 16
    assert page.root.text == "diep"


def test_naughty_strings_go_through_every_check(context: Context, corpora: Path) -> None:
    file = corpora / "blns/blns.json"
    if not file.is_file():
        pytest.skip("there are no naughty strings among the corpora")
    strings = json.loads(file.read_text(encoding="utf-8"))
    html = context.html.replace("</body>", "".join(f"<p>{text}</p>" for text in strings) + "</body>")
    spoilt = Context(**{**vars(context), "html": html})
    assert run(CHECKS, spoilt, {}).reported


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [("#000", "#ffffff", 21.0), ("#777777", "white", 4.48), ("rgb(255, 0, 0)", "#fff", 4.0), ("#fff", "#fff", 1.0)],
)
def test_contrast_is_that_of_wcag(one: str, other: str, ratio: float) -> None:
    first, second = parse_colour(one), parse_colour(other)
    assert first is not None
    assert second is not None
    assert contrast(first, second) == pytest.approx(ratio, abs=0.01)


channels = st.integers(min_value=0, max_value=255)


@given(one=st.builds(Colour, channels, channels, channels), other=st.builds(Colour, channels, channels, channels))
def test_contrast_has_no_direction_and_lies_between_1_and_21(one: Colour, other: Colour) -> None:
    assert contrast(one, other) == contrast(other, one)
    assert 1 <= contrast(one, other) <= 21.0001
    assert parse_colour(str(one)) == one
