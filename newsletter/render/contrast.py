"""How well a colour stands out from another one."""

from typing import Final

SMALL_TEXT: Final = 4.5
LARGE_TEXT: Final = 3.0
"""From 24 pixels, or from 18.66 where it is bold. Source: WCAG 2.2, success criterion 1.4.3."""


def contrast(one: str, other: str) -> float:
    """Give the contrast of two colours, from 1 to 21.

    Args:
        one: As `#rgb` or `#rrggbb`; so is the other one.

    Source: WCAG 2.2, definition of contrast ratio.
    """
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(part / 255) for part in _parts(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4


def _parts(colour: str) -> tuple[int, int, int]:
    digits = colour.removeprefix("#")
    if len(digits) == 3:
        digits = "".join(digit * 2 for digit in digits)
    return int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:], 16)
