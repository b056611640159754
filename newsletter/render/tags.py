"""What MJML knows: which tags there are, where each may stand, and which attributes it takes."""

import re
from collections.abc import Mapping
from typing import Final

BODY_CONTENT: Final = frozenset(
    {
        "mj-text",
        "mj-image",
        "mj-button",
        "mj-divider",
        "mj-spacer",
        "mj-table",
        "mj-social",
        "mj-navbar",
        "mj-raw",
    }
)

PARENTS: Final[Mapping[str, frozenset[str]]] = {
    "mjml": frozenset({""}),
    "mj-head": frozenset({"mjml"}),
    "mj-body": frozenset({"mjml"}),
    "mj-title": frozenset({"mj-head"}),
    "mj-preview": frozenset({"mj-head"}),
    "mj-attributes": frozenset({"mj-head"}),
    "mj-all": frozenset({"mj-attributes"}),
    "mj-class": frozenset({"mj-attributes"}),
    "mj-style": frozenset({"mj-head"}),
    "mj-font": frozenset({"mj-head"}),
    "mj-breakpoint": frozenset({"mj-head"}),
    "mj-wrapper": frozenset({"mj-body"}),
    "mj-section": frozenset({"mj-body", "mj-wrapper"}),
    "mj-hero": frozenset({"mj-body", "mj-wrapper"}),
    "mj-group": frozenset({"mj-section"}),
    "mj-column": frozenset({"mj-section", "mj-group"}),
    "mj-text": frozenset({"mj-column", "mj-hero"}),
    "mj-image": frozenset({"mj-column", "mj-hero"}),
    "mj-button": frozenset({"mj-column", "mj-hero"}),
    "mj-divider": frozenset({"mj-column", "mj-hero"}),
    "mj-spacer": frozenset({"mj-column", "mj-hero"}),
    "mj-table": frozenset({"mj-column", "mj-hero"}),
    "mj-social": frozenset({"mj-column", "mj-hero"}),
    "mj-social-element": frozenset({"mj-social"}),
    "mj-navbar": frozenset({"mj-column", "mj-hero"}),
    "mj-navbar-link": frozenset({"mj-navbar"}),
    "mj-raw": frozenset({"mj-head", "mj-body", "mj-column"}),
}

FORBIDDEN: Final[Mapping[str, tuple[str, str]]] = {
    "mj-carousel": ("most mail programs show one picture of it", "Use one mj-image."),
    "mj-accordion": (
        "its spacing differs and most programs show it opened",
        "Write the text out in mj-text.",
    ),
    "mj-include": ("it reads files past the template's folder", "Use {% include 'parts/….mjml.j2' %}."),
    "mj-html-attributes": ("this MJML engine does not know it", "Write the attribute on the element."),
    "mj-selector": ("this MJML engine does not know it", "Write the attribute on the element."),
}

CONTENT: Final = frozenset(
    {
        "mj-text",
        "mj-button",
        "mj-table",
        "mj-raw",
        "mj-title",
        "mj-preview",
        "mj-social-element",
        "mj-navbar-link",
    }
)
"""Elements that hold text and HTML instead of components."""

VOID: Final = frozenset(
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr"]
)

_BOX: Final = "padding padding-top padding-right padding-bottom padding-left"
_BORDER: Final = "border border-top border-right border-bottom border-left border-radius"
_FONT: Final = (
    "color font-family font-size font-style font-weight letter-spacing line-height text-decoration text-transform"
)
_BACKGROUND: Final = (
    "background-color background-url background-repeat background-size background-position "
    "background-position-x background-position-y"
)
_LINK: Final = "href rel target title name"
_EVERYWHERE: Final = "css-class mj-class"


def _names(*groups: str) -> frozenset[str]:
    return frozenset(" ".join(groups).split())


ATTRIBUTES: Final[Mapping[str, frozenset[str]]] = {
    "mjml": _names("lang dir owa version"),
    "mj-head": frozenset(),
    "mj-title": frozenset(),
    "mj-preview": frozenset(),
    "mj-attributes": frozenset(),
    "mj-style": _names("inline"),
    "mj-font": _names("name href"),
    "mj-breakpoint": _names("width"),
    "mj-raw": _names("position"),
    "mj-body": _names("background-color width title", _EVERYWHERE),
    "mj-wrapper": _names(_BACKGROUND, _BORDER, _BOX, "direction full-width text-align text-padding", _EVERYWHERE),
    "mj-section": _names(_BACKGROUND, _BORDER, _BOX, "direction full-width text-align text-padding", _EVERYWHERE),
    "mj-hero": _names(
        "background-color background-height background-position background-url background-width",
        "container-background-color height inner-background-color inner-padding inner-padding-top",
        "inner-padding-right inner-padding-bottom inner-padding-left mode vertical-align width",
        _BOX,
        _EVERYWHERE,
    ),
    "mj-group": _names("background-color direction vertical-align width", _EVERYWHERE),
    "mj-column": _names(
        "background-color direction inner-background-color inner-border inner-border-top inner-border-right",
        "inner-border-bottom inner-border-left inner-border-radius vertical-align width",
        _BORDER,
        _BOX,
        _EVERYWHERE,
    ),
    "mj-text": _names(
        "align background-color container-background-color height vertical-align", _FONT, _BOX, _EVERYWHERE
    ),
    "mj-image": _names(
        "align alt container-background-color fluid-on-mobile font-size height max-height sizes src srcset",
        "usemap vertical-align width",
        _LINK,
        _BORDER,
        _BOX,
        _EVERYWHERE,
    ),
    "mj-button": _names(
        "align background-color container-background-color height inner-padding text-align vertical-align width",
        _LINK,
        _FONT,
        _BORDER,
        _BOX,
        _EVERYWHERE,
    ),
    "mj-divider": _names(
        "align border-color border-style border-width container-background-color width", _BOX, _EVERYWHERE
    ),
    "mj-spacer": _names("container-background-color height vertical-align width", _BORDER, _BOX, _EVERYWHERE),
    "mj-table": _names(
        "align cellpadding color container-background-color font-family font-size line-height table-layout",
        "vertical-align width",
        _BOX,
        _EVERYWHERE,
    ),
    "mj-social": _names(
        "align border-radius container-background-color icon-height icon-size icon-padding inner-padding mode",
        "table-layout text-padding vertical-align",
        _FONT,
        _BOX,
        _EVERYWHERE,
    ),
    "mj-social-element": _names(
        "align alt background-color border-radius icon-height icon-size icon-padding src text-padding",
        "vertical-align",
        _LINK,
        _FONT,
        _BOX,
        _EVERYWHERE,
    ),
    "mj-navbar": _names("align base-url", _BOX, _EVERYWHERE),
    "mj-navbar-link": _names("href rel target name", _FONT, _BOX, _EVERYWHERE),
}

UNFIT: Final[Mapping[tuple[str, str], str]] = {
    ("mj-navbar", "hamburger"): "It needs a trick that few mail programs allow; write the links in mj-text.",
    ("mj-navbar", "base-url"): "It is put before whole links too; write every link whole.",
    ("mj-table", "border"): "This MJML engine drops it; style the cells instead.",
    ("mj-table", "cellspacing"): "This MJML engine drops it; use padding in the cells.",
    **{
        ("mj-table", name): "This MJML engine drops it; style the cells instead."
        for name in ("font-style", "font-weight", "letter-spacing", "text-decoration", "text-transform")
    },
    ("mj-table", "role"): "This MJML engine drops it; write a table with a role into mj-text.",
    ("mj-hero", "border-radius"): "This MJML engine drops it; leave the corners square.",
    ("mj-wrapper", "gap"): "This MJML engine drops it; use padding in the sections.",
    ("mj-social-element", "icon-position"): "This MJML engine drops it.",
    ("mj-social-element", "srcset"): "This MJML engine drops it; mail programs do too.",
    ("mj-raw", "position"): "This MJML engine refuses it.",
}
"""Attributes that MJML knows and that come to nothing here."""

_LENGTH: Final = re.compile(r"-?\d*\.?\d+(?:px|%|em|rem)?")
_LENGTHS: Final = re.compile(rf"(?:{_LENGTH.pattern})(?:\s+(?:{_LENGTH.pattern})){{0,3}}")
_COLOUR: Final = re.compile(r"#[0-9a-fA-F]{3,8}|(?:rgb|rgba|hsl|hsla)\([^()]*\)|[a-zA-Z]+")
_WORDS: Final = {
    "align": {"left", "center", "right", "justify"},
    "direction": {"ltr", "rtl"},
    "dir": {"ltr", "rtl", "auto"},
    "full-width": {"full-width", "false"},
    "fluid-on-mobile": {"true", "false"},
    "text-align": {"left", "center", "right", "justify"},
    "vertical-align": {"top", "middle", "bottom"},
    "inline": {"inline"},
}


def value_fault(attribute: str, value: str) -> str | None:
    """Say what was expected of an attribute's value, or None where it will do."""
    if attribute in _WORDS:
        allowed = _WORDS[attribute]
        return None if value in allowed else f"one of {', '.join(sorted(allowed))}"
    if attribute.endswith("color"):
        return None if _COLOUR.fullmatch(value.strip()) else "a colour such as #10243d"
    if attribute in ("font-size", "width", "height", "border-width", "icon-size", "line-height"):
        if value.strip() in ("auto", "normal", "") and attribute != "font-size":
            return None
        return None if _LENGTHS.fullmatch(value.strip()) else "a length such as 16px"
    if attribute.startswith("padding"):
        return None if _LENGTHS.fullmatch(value.strip()) else "lengths such as 0 20px"
    return None
