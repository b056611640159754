"""A message under circumstances: light or dark colours, colours turned round by force, pictures blocked."""

import re
from enum import StrEnum
from typing import Final

from newsletter.cli.preview.clipping import BEHIND, LINE

_DARK: Final = re.compile(r"@media\s*\(prefers-color-scheme:\s*dark\)")

INVERTED: Final = (
    "html{background:#fff;filter:invert(1) hue-rotate(180deg)}"
    "img,video,[style*='url(']{filter:invert(1) hue-rotate(180deg)}"
)
BLOCKED: Final = (
    "img{box-sizing:border-box;min-height:44px;padding:10px;border:1px dashed #8a96a3!important;background:#eef1f4;"
    "color:#1b2430;font:14px/21px Arial,sans-serif!important;white-space:normal;text-align:left}"
)
CLIPPED: Final = (
    f"[{LINE}]{{display:block;height:0;margin:12px 0;border-top:2px dashed #a3401c}}[{BEHIND}]{{opacity:.25}}"
)


class Scheme(StrEnum):
    """The colours in which a message is shown."""

    LIGHT = "light"
    DARK = "dark"
    INVERTED = "inverted"


def in_scheme(html: str, scheme: Scheme) -> str:
    """Fix a message to colours, whatever the browser around it prefers.

    Its own dark colours are not asked for by a client that turns colours round. Its links open beside the preview,
    not in the small frame.
    """
    dark = scheme is Scheme.DARK
    html = html.replace("<head>", '<head><base target="_blank">', 1)
    fixed = _DARK.sub("@media all" if dark else "@media not all", html)
    word = "dark" if dark else "light"
    fixed = re.sub(r"color-scheme:\s*light dark", f"color-scheme:{word}", fixed)
    fixed = fixed.replace('content="light dark"', f'content="{word}"')
    return with_style(fixed, INVERTED) if scheme is Scheme.INVERTED else fixed


def with_style(html: str, css: str) -> str:
    """Add a style sheet of our own at the end of the head."""
    return html.replace("</head>", f"<style>{css}</style></head>", 1)
