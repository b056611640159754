"""Colours, and the contrast between two of them.

Source: WCAG 2.2, relative luminance and contrast ratio.
"""

import re
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Colour:
    """A colour in sRGB: three channels from 0 to 255, and how opaque it is from 0 to 1."""

    red: float
    green: float
    blue: float
    opacity: float = 1.0

    def __str__(self) -> str:
        return f"#{round(self.red):02x}{round(self.green):02x}{round(self.blue):02x}"

    @property
    def luminance(self) -> float:
        """How light it is, from 0 to 1."""
        red, green, blue = (_linear(channel / 255) for channel in (self.red, self.green, self.blue))
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue


BLACK: Final = Colour(0, 0, 0)
WHITE: Final = Colour(255, 255, 255)
_NAMED: Final = {
    "black": BLACK,
    "blue": Colour(0, 0, 255),
    "gray": Colour(128, 128, 128),
    "green": Colour(0, 128, 0),
    "grey": Colour(128, 128, 128),
    "lightgray": Colour(211, 211, 211),
    "lightgrey": Colour(211, 211, 211),
    "maroon": Colour(128, 0, 0),
    "navy": Colour(0, 0, 128),
    "orange": Colour(255, 165, 0),
    "purple": Colour(128, 0, 128),
    "red": Colour(255, 0, 0),
    "silver": Colour(192, 192, 192),
    "teal": Colour(0, 128, 128),
    "transparent": Colour(0, 0, 0, 0.0),
    "white": WHITE,
    "yellow": Colour(255, 255, 0),
}
_HEXADECIMAL: Final = re.compile(r"#([0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})(?![0-9a-f])")
_FUNCTION: Final = re.compile(r"rgba?\(\s*([\d.]+)[\s,]+([\d.]+)[\s,]+([\d.]+)(?:[\s,/]+([\d.]+)(%?))?\s*\)")
_WORD: Final = re.compile(r"[a-z]+")


def parse_colour(value: str) -> Colour | None:
    """Find the colour in a value such as `#10243d`, `rgb(1, 2, 3)` or `white url(x.png)`; None where there is none."""
    lowered = value.lower()
    if found := _HEXADECIMAL.search(lowered):
        digits = found[1] if len(found[1]) > 4 else "".join(2 * digit for digit in found[1])
        red, green, blue, *alpha = (int(digits[at : at + 2], 16) for at in range(0, len(digits), 2))
        return Colour(red, green, blue, alpha[0] / 255 if alpha else 1.0)
    if found := _FUNCTION.search(lowered):
        opacity = float(found[4]) / (100 if found[5] else 1) if found[4] else 1.0
        return Colour(float(found[1]), float(found[2]), float(found[3]), opacity)
    return next((_NAMED[word] for word in _WORD.findall(lowered) if word in _NAMED), None)


def blend(colour: Colour, ground: Colour) -> Colour:
    """Lay a colour over an opaque ground."""
    part = colour.opacity
    return Colour(
        colour.red * part + ground.red * (1 - part),
        colour.green * part + ground.green * (1 - part),
        colour.blue * part + ground.blue * (1 - part),
    )


def contrast(one: Colour, other: Colour) -> float:
    """Give the contrast of two opaque colours, from 1 to 21."""
    darker, lighter = sorted((one.luminance, other.luminance))
    return (lighter + 0.05) / (darker + 0.05)


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else float(((channel + 0.055) / 1.055) ** 2.4)
