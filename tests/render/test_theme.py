"""The theme: text can be read on its ground, in light and in dark, or the theme is refused where it says otherwise."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.errors import NewsletterError, Problems, TemplateError
from newsletter.render.contrast import contrast
from newsletter.render.theme import SHARED_PAIRS, Theme, read_theme

TEMPLATES = Path(__file__).parents[2] / "templates"
COLOURS = st.integers(0, 0xFFFFFF).map("#{:06x}".format)


def theme(folder: Path, text: str, name: str = "own") -> Path:
    (folder / name).mkdir(parents=True)
    (folder / name / "theme.toml").write_text(text, encoding="utf-8")
    return folder / name


@given(COLOURS, COLOURS)
def test_contrast_is_the_same_both_ways_and_within_its_bounds(one: str, other: str) -> None:
    assert contrast(one, other) == contrast(other, one)
    assert 1 <= contrast(one, other) <= 21 + 1e-9
    assert contrast(one, one) == 1


def test_contrast_is_that_of_the_standard() -> None:
    assert contrast("#000", "#ffffff") == pytest.approx(21)
    assert contrast("#777", "#fff") == pytest.approx(4.478, abs=0.001)


def test_shared_theme_has_every_colour_that_the_parts_use_in_light_and_dark() -> None:
    found = read_theme([TEMPLATES / "shared"])
    used = {name for pair in SHARED_PAIRS for name in (pair.text, pair.ground)}
    assert used <= found.colors.keys() == found.dark.keys()
    assert used | {"rule"} == found.colors.keys()


def test_pairs_are_all_that_the_style_sheet_writes_text_in() -> None:
    sheet = (TEMPLATES / "shared/parts/styles.mjml.j2").read_text(encoding="utf-8")
    written = set(re.findall(r"(?:[{;] |\")color: ?\{?\{? ?(?:\" ~ )?theme\.(?:colors|dark)\.(\w+)", sheet))
    assert written == {pair.text for pair in SHARED_PAIRS}


@pytest.mark.parametrize(
    ("text", "place", "says"),
    [
        ('[colors]\nmuted = "#909aa6"\n', "own/theme.toml:2:1", "muted #909aa6 on paper #ffffff"),
        ('[dark]\nlink = "#345"\n', "own/theme.toml:2:1", "Make paper darker or link lighter"),
        ('[colors]\npaper = "#888"\n', "own/theme.toml:2:1", "needs 4.5 : 1"),
        ('[colors]\nink = "navy"\n', "own/theme.toml:2:1", "'navy' is not a colour"),
        ('[colors]\nink = "#10243"\n', "own/theme.toml:2:1", "#rgb or #rrggbb"),
        ('[colours]\nink = "#10243d"\n', "own/theme.toml:1:1", "Did you mean 'colors'?"),
        ('[dark]\nincc = "#ffffff"\n', "own/theme.toml:2:1", "no colour 'incc' in [colors]"),
        ("[spacing]\nside = -1\n", "own/theme.toml:2:1", "spacing.side"),
        ('[logo]\nlight = "http://x/y.png"\nalt = ""\nwidth = 1\nheight = 1\n', "own/theme.toml:2:1", "https only"),
        ('[[pairs]]\ntext = "rule"\nground = "paper"\nlarge = true\n', "shared/theme.toml:", "needs 3.0 : 1"),
        ("[colors\n", "own/theme.toml", "not TOML"),
    ],
)
def test_what_is_wrong_with_a_theme_is_named_with_its_place(tmp_path: Path, text: str, place: str, says: str) -> None:
    with pytest.raises(NewsletterError) as raised:
        read_theme([TEMPLATES / "shared", theme(tmp_path, text)])
    errors = raised.value.errors if isinstance(raised.value, Problems) else (raised.value,)
    assert any(f"templates/{place}" in str(error) and says in str(error) for error in errors), str(raised.value)


def test_own_theme_is_laid_over_the_shared_one(tmp_path: Path) -> None:
    own = theme(tmp_path, '[colors]\nink = "#000000"\nbrand = "#0a5c36"\n[spacing]\nside = 32\n')
    found = read_theme([TEMPLATES / "shared", own])
    assert (found.colors["ink"], found.colors["text"], found.spacing["side"]) == ("#000000", "#1b2430", 32)
    assert found.values().colors.brand == "#0a5c36"


def test_large_text_needs_less(tmp_path: Path) -> None:
    pair = '[colors]\nbrand = "#888"\n[[pairs]]\ntext = "brand"\nground = "paper"\nlarge = {}\n'
    read_theme([TEMPLATES / "shared", theme(tmp_path, pair.format("true"), "one")])
    with pytest.raises(TemplateError, match=r"3\.54 : 1"):
        read_theme([TEMPLATES / "shared", theme(tmp_path, pair.format("false"), "two")])


def test_template_without_a_theme_has_the_shared_one(tmp_path: Path) -> None:
    assert read_theme([TEMPLATES / "shared", tmp_path]) == read_theme([TEMPLATES / "shared"])
    assert read_theme([]) == Theme()
