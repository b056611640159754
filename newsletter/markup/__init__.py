"""The HTML of a finished message, to ask questions of: its elements, their looks, and the items they are from."""

from newsletter.markup.colours import Colour, blend, contrast, parse_colour
from newsletter.markup.origin import Origin, origin_among, origin_of
from newsletter.markup.styles import Look, declarations, look, pixels, shown_words
from newsletter.markup.tree import Element, Page, parse, squeeze

__all__ = [
    "Colour",
    "Element",
    "Look",
    "Origin",
    "Page",
    "blend",
    "contrast",
    "declarations",
    "look",
    "origin_among",
    "origin_of",
    "parse",
    "parse_colour",
    "pixels",
    "shown_words",
    "squeeze",
]
