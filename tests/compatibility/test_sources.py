"""What a template's files use is found where it stands, and Jinja between it is in nobody's way."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.compatibility import Use, added_uses, read_uses
from newsletter.starter import SHIPPED_TEMPLATES, shipped_templates

FILE = "templates/eigen/parts/mine.mjml.j2"


def uses(text: str, file: str = FILE) -> list[Use]:
    return list(read_uses(text, file))


def slugs(text: str, file: str = FILE) -> set[str]:
    return {use.slug for use in uses(text, file)}


@pytest.mark.parametrize(
    ("text", "slug", "words"),
    [
        ('<mj-raw><td style="color:red; border-radius: 4px">', "css-border-radius", "border-radius"),
        ("<mj-text><p style='float:left'>a</p></mj-text>", "css-float", "float"),
        ("<mj-raw>\n  <video src=a></video></mj-raw>", "html-video", "<video"),
        ('<p aria-hidden="true">', "html-aria-hidden", "<p"),
        ('<input type="radio">', "html-input-radio", "<input"),
        ("<mj-style>\n.a, .b:hover { color: red }</mj-style>", "css-pseudo-class-hover", ".b:hover"),
        ("<mj-style>.a {\n  opacity: .5;\n}</mj-style>", "css-opacity", "opacity"),
        ("<style>@media (hover: hover) { a { z-index: 1 } }</style>", "css-z-index", "z-index"),
        ("<mj-style>@media (hover: hover) { a { color: red } }</mj-style>", "css-at-media-hover", "@media"),
        ("<mj-style>@font-face { font-family: A }</mj-style>", "css-at-font-face", "@font-face"),
        ("<mj-style>@import url(a.css);</mj-style>", "css-at-import", "@import"),
        ("<mj-style>/* float: left */ .a { gap: 1px }</mj-style>", "css-gap", "gap"),
        ("<mj-style>.a { color: red; &:hover { color: blue } }</mj-style>", "css-nesting", "{ color: blue"),
        ("{% macro rule() %}.a{{ '{' }}opacity:.5{{ '}' }}{% endmacro %}", "css-opacity", "opacity"),
        ('<p style="{% if a %}opacity:{{ b }}{% else %}gap:1px{% endif %}">', "css-gap", "gap"),
        ('<p style="margin:0 {{ size }}vw">', "css-unit-vw", "margin"),
        ('{# <svg> #}<p title="{{ "a>b" }}" style="gap:1px">', "css-gap", "gap"),
    ],
)
def test_use_is_found_where_it_stands(text: str, slug: str, words: str) -> None:
    (found,) = [use for use in uses(text) if use.slug == slug]
    assert (found.place.file, found.place.line is not None, found.place.column is not None) == (FILE, True, True)
    line = text.split("\n")[(found.place.line or 0) - 1]
    assert line[(found.place.column or 0) - 1 :].startswith(words)


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        ("<!--[if mso]><p style='float:left'>a</p><![endif]-->", "css-float"),
        ("{# <video></video> #}", "html-video"),
        ('<mj-section border-radius="4px">', "css-border-radius"),
        ("<mj-style inline='inline'>a > b { color: red }</mj-style>", "css-selector-child"),
        ("<mj-style>.a { color: #000; color: oklch(40% 0.2 200) }</mj-style>", "css-modern-color"),
        ("<mj-style>@supports (display: grid) { .a { display: grid } }</mj-style>", "css-display-grid"),
        ("<mj-text>float: left</mj-text>", "css-float"),
        ("<mj-style>{{ rules() }}\n.mine { color: red }</mj-style>", "css-selector-descendant"),
    ],
)
def test_what_is_not_the_clients_concern_is_no_use(text: str, slug: str) -> None:
    assert slug not in slugs(text)


def test_fonts_of_a_theme_are_uses_and_its_other_values_are_not() -> None:
    theme = '[colors]\nink = "#000"\n\n[fonts]\ntext = "system-ui, Arial"\n\n[radius]\nsystem-ui = 4\n'
    (found,) = [use for use in uses(theme, "templates/eigen/theme.toml") if use.slug == "css-sytem-ui"]
    assert (found.place.line, found.place.column) == (5, 9)


def test_what_only_some_clients_come_to_says_so() -> None:
    (hidden,) = [use for use in uses("<!--[if !mso]><!--><svg></svg><!--<![endif]-->") if use.slug == "html-svg"]
    assert not hidden.for_word
    (nested,) = [use for use in uses("<mj-style>@media print { .a { gap: 1px } }</mj-style>") if use.slug == "css-gap"]
    assert nested.within == ("css-at-media",)


@pytest.mark.parametrize(
    ("inside", "has_fallback"),
    [("", False), ("<source src=a>", False), ("<source src=a><a href=b>Bekijk de film</a>", True), ("tekst", True)],
)
def test_something_else_inside_is_seen(inside: str, has_fallback: bool) -> None:
    (found,) = [use for use in uses(f"<video>{inside}</video>") if use.slug == "html-video"]
    assert found.has_fallback is has_fallback


def test_only_what_is_added_to_shipped_templates_counts(tmp_path: Path) -> None:
    shipped, mine, shared = (tmp_path / name for name in ("shipped", "mine", "shared"))
    for folder in (shipped, mine, shared):
        folder.mkdir()
        (folder / "issue.mjml.j2").write_text("<p style='float:left'>a</p>\n", encoding="utf-8")
    (shared / "hidden.mjml.j2").write_text("<p style='gap:1px'>a</p>", encoding="utf-8")
    (mine / "hidden.mjml.j2").write_text("<p style='float:left'>a</p> <p style='opacity:1'>a</p>", encoding="utf-8")
    found = added_uses((mine, shared), (shipped,))
    assert [(str(use.place), use.slug) for use in found if use.slug != "html-p"] == [
        ("templates/mine/hidden.mjml.j2:1:39", "css-opacity")
    ]


def test_shipped_templates_are_those_of_the_repository() -> None:
    folder = Path(__file__).parents[2] / "templates"
    assert sorted(path.name for path in folder.iterdir() if path.is_dir()) == sorted(SHIPPED_TEMPLATES)
    assert added_uses(shipped_templates(), shipped_templates()) == ()


@given(text=st.text(alphabet=st.sampled_from("<>{}%#\"':;=/!-[]@. \nadeilmpstvyz"), max_size=120))
def test_any_text_can_be_read_and_every_place_is_in_it(text: str) -> None:
    lines = text.split("\n")
    for use in uses(text):
        assert 1 <= (use.place.line or 0) <= len(lines)
        assert 1 <= (use.place.column or 0) <= len(lines[(use.place.line or 0) - 1]) + 1


def test_jinja_is_masked_without_moving_anything() -> None:
    text = '{% set a = 1 %}\n{{ a }}\n<p class="{{ a }}"\n style="gap:{{ a }}px">'
    (found,) = [use for use in uses(text) if use.slug == "css-gap"]
    assert re.match("gap", text.split("\n")[(found.place.line or 0) - 1][(found.place.column or 0) - 1 :])
