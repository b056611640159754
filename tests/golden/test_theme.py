"""The colours of every template: text can be read on its ground, in light and in dark."""

import tomllib
from pathlib import Path

import pytest

THEMES = sorted((Path(__file__).parents[2] / "templates").glob("*/theme.toml"))
TEXTS = ("ink", "text", "muted", "link", "signal", "alarm")
GROUNDS = ("paper", "page", "quote")


def luminance(colour: str) -> float:
    """Give the relative luminance of a colour. Source: WCAG 2.2, definition of relative luminance."""
    parts = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("theme", THEMES, ids=lambda path: path.parent.name)
@pytest.mark.parametrize("scheme", ["colors", "dark"])
@pytest.mark.parametrize("ground", GROUNDS)
@pytest.mark.parametrize("text", TEXTS)
def test_text_stands_out_from_its_ground(theme: Path, scheme: str, ground: str, text: str) -> None:
    colours = tomllib.loads(theme.read_text(encoding="utf-8"))[scheme]
    light, dark = sorted((luminance(colours[ground]), luminance(colours[text])), reverse=True)
    assert (light + 0.05) / (dark + 0.05) >= 4.5
