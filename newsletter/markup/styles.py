"""What an element looks like, by the styles that stand at it and around it."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final
from weakref import WeakKeyDictionary

from newsletter.markup.colours import BLACK, WHITE, Colour, blend, parse_colour
from newsletter.markup.tree import Element, Page, squeeze

_DECLARATION: Final = re.compile(r"""\s*([\w-]+)\s*:((?:"[^"]*"|'[^']*'|\([^)]*\)|[^;"'(])*)""")
_LENGTH: Final = re.compile(r"(-?\d*\.?\d+)\s*(px|pt|em|rem|%)?")
_HEADINGS: Final = {"h1": 2.0, "h2": 1.5, "h3": 1.17, "h4": 1.0, "h5": 0.83, "h6": 0.67, "small": 0.83}
_BOLD: Final = frozenset(("b", "strong", "h1", "h2", "h3", "h4", "h5", "h6", "th"))
_LIGHTEST_BOLD: Final = 700
_LARGEST_FACTOR: Final = 5
"""A line height without a unit is a factor."""
_looks: Final["WeakKeyDictionary[Element, Look]"] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True)
class Look:
    """How the text in an element looks.

    Args:
        size: In pixels.
        line: The height of a line in pixels; 0 where nothing says it.
        pictured: Whether a picture lies behind it, so that nobody can tell the ground.
        hidden: Whether it is not shown.
    """

    colour: Colour = BLACK
    ground: Colour = WHITE
    size: float = 16.0
    line: float = 0.0
    bold: bool = False
    pictured: bool = False
    hidden: bool = False


@lru_cache(maxsize=4096)
def declarations(style: str) -> Mapping[str, str]:
    """Read a `style` attribute: values by their properties; the last one counts."""
    return {found[1].lower(): found[2].strip() for found in _DECLARATION.finditer(style)}


def pixels(value: str, parent: float = 16.0) -> float | None:
    """Read a length as pixels; None where it is none.

    Args:
        parent: What `em` and `%` are parts of.
    """
    found = _LENGTH.match(value.strip())
    if not found:
        return None
    number, unit = float(found[1]), found[2] or "px"
    return number * {"px": 1.0, "pt": 96 / 72, "em": parent, "rem": 16.0, "%": parent / 100}[unit]


def look(element: Element) -> Look:
    """Tell how the text of an element looks: by inline styles and attributes, as they are inherited."""
    chain: list[Element] = []
    above: Element | None = element
    while above is not None and above not in _looks:
        chain.append(above)
        above = above.parent
    seen = _looks[above] if above is not None else Look()
    for one in reversed(chain):
        seen = _looks[one] = _step(seen, one)
    return seen


def shown_words(page: Page) -> Iterator[tuple[Element, str, Look]]:
    """Give each element of the body that has words of its own, with these words and how they look; hidden ones not."""
    body = page.first("body")
    for element in body.walk() if body else ():
        own = squeeze("".join(child for child in element.children if isinstance(child, str)))
        shown = look(element)
        if own and not shown.hidden and element.tag != "style":
            yield element, own, shown


def _step(above: Look, element: Element) -> Look:
    style = declarations(element.get("style"))
    size = above.size * _HEADINGS.get(element.tag, 1.0) if "font-size" not in style else None
    if size is None:
        size = pixels(style["font-size"], above.size) or (0.0 if style["font-size"].startswith("0") else above.size)
    painted = style.get("background-color") or style.get("background") or element.get("bgcolor")
    ground = parse_colour(painted) if painted else None
    colour = parse_colour(style.get("color") or element.get("color") or "")
    behind = blend(ground, above.ground) if ground else above.ground
    return replace(
        above,
        size=size,
        line=_line(style.get("line-height", ""), size, above.line),
        ground=behind,
        colour=blend(colour, behind) if colour else above.colour,
        bold=_is_bold(element, style, above),
        pictured=_has_picture(element, style) or (above.pictured and not (ground and ground.opacity == 1)),
        hidden=above.hidden or _is_hidden(element, style),
    )


def _line(height: str, size: float, inherited: float) -> float:
    if height.replace(".", "", 1).isdigit() and float(height) < _LARGEST_FACTOR:
        return float(height) * size
    return pixels(height, size) or inherited


def _is_bold(element: Element, style: Mapping[str, str], above: Look) -> bool:
    weight = style.get("font-weight", "")
    if weight:
        return weight in ("bold", "bolder") or (weight.isdigit() and int(weight) >= _LIGHTEST_BOLD)
    return above.bold or element.tag in _BOLD


def _has_picture(element: Element, style: Mapping[str, str]) -> bool:
    named = f"{style.get('background', '')} {style.get('background-image', '')}"
    return "url(" in named or "gradient(" in named or bool(element.get("background"))


def _is_hidden(element: Element, style: Mapping[str, str]) -> bool:
    return (
        style.get("display", "").startswith("none")
        or style.get("visibility", "").startswith("hidden")
        or "hidden" in element.attributes
        or element.get("aria-hidden") == "true"
    )
