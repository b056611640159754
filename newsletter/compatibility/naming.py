"""Which features of the Can I Email data a piece of HTML or CSS makes use of."""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from newsletter.compatibility.support import features as known_features

_PREFIXES: Final = ("margin", "padding", "border", "outline", "animation", "transition", "list-style", "scroll-snap")
_PROPERTIES: Final[Mapping[str, str]] = {
    **dict.fromkeys(("top", "right", "bottom", "left"), "css-left-right-top-bottom"),
    **dict.fromkeys(
        (f"border-{side}-radius" for side in ("top-left", "top-right", "bottom-left", "bottom-right")),
        "css-border-radius",
    ),
    **dict.fromkeys(("column-gap", "row-gap"), "css-gap"),
    **dict.fromkeys(("columns", "column-width", "column-rule", "column-span"), "css-column-layout-properties"),
    **dict.fromkeys(("grid-template-columns", "grid-template-rows", "grid-template-areas"), "css-grid-template"),
    **dict.fromkeys(("block-size", "inline-size"), "css-block-inline-size"),
    "mask": "css-mask-image",
}
_LOGICAL: Final = (
    (re.compile(r"(margin|padding)-(?:inline|block)"), "css-{}-inline-block"),
    (re.compile(r"((?:margin|padding)-(?:inline|block))-(?:start|end)"), "css-{}-start-end"),
    (re.compile(r"border-(?:inline|block)"), "css-border-inline-block"),
    (re.compile(r"border-(?:inline|block)-(?:color|style|width|start|end)"), "css-border-inline-block-individual"),
    (re.compile(r"border-(?:inline|block)-(?:start|end)-(?:color|style|width)"), "css-border-inline-block-longhand"),
    (re.compile(r"border-(?:start|end)-(?:start|end)-radius"), "css-border-radius-logical"),
)
"""Properties that follow the direction of writing; the data knows them in groups."""
_VALUES: Final = (
    (re.compile(r"\brgb\("), "css-rgb"),
    (re.compile(r"\brgba\("), "css-rgba"),
    (re.compile(r"\b(?:oklch|oklab|lch|lab|hwb|color)\("), "css-modern-color"),
    (re.compile(r"\blinear-gradient\("), "css-linear-gradient"),
    (re.compile(r"\bradial-gradient\("), "css-radial-gradient"),
    (re.compile(r"\bconic-gradient\("), "css-conic-gradient"),
    (re.compile(r"\bcalc\("), "css-unit-calc"),
    (re.compile(r"\bvar\("), "css-variables"),
    (re.compile(r"\b(clamp|min|max|light-dark)\("), "css-function-{}"),
    (re.compile(r"\d(ch|cm|em|ex|in|mm|pc|pt|px|rem|vh|vmax|vmin|vw)\b"), "css-unit-{}"),
    (re.compile(r"\d(%)"), "css-unit-percent"),
    (re.compile(r"\bsystem-ui\b"), "css-sytem-ui"),
    (re.compile(r"\b(?:fit|min|max)-content\b"), "css-intrinsic-size"),
    (re.compile(r"^initial$"), "css-unit-initial"),
    (re.compile(r"!\s*important\b"), "css-important"),
)
_STRING: Final = re.compile(r"\"[^\"]*\"|'[^']*'|url\([^)]*\)")
_DISPLAYS: Final = re.compile(r"\b(flex|grid|none)\b")
_MEDIA: Final = ("prefers-color-scheme", "prefers-reduced-motion", "hover", "orientation", "device-pixel-ratio")
_SELECTORS: Final = (
    (re.compile(r"::(before|after|first-letter|first-line|marker|placeholder)"), "css-pseudo-element-{}"),
    (re.compile(r"(?<!:):(before|after|first-letter|first-line)\b"), "css-pseudo-element-{}"),
    (re.compile(r"(?<!:):([a-z-]+)"), "css-pseudo-class-{}"),
    (re.compile(r"\.-?[_a-zA-Z]"), "css-selector-class"),
    (re.compile(r"#-?[_a-zA-Z]"), "css-selector-id"),
    (re.compile(r"\["), "css-selector-attribute"),
    (re.compile(r"\*"), "css-selector-universal"),
    (re.compile(r">"), "css-selector-child"),
    (re.compile(r"\+"), "css-selector-adjacent-sibling"),
    (re.compile(r"~"), "css-selector-general-sibling"),
    (re.compile(r"[\w\])]\s+[\w.#\[:*]"), "css-selector-descendant"),
    (re.compile(r"[\w\])][.#][\w-]"), "css-selector-chaining"),
    (re.compile(r"(?:^|[\s>+~])[a-zA-Z]"), "css-selector-type"),
)
_OWN_ELEMENTS: Final = """
    abbr acronym address audio base bdi blockquote code del dfn dialog form hr link marquee meter object p picture pre
    progress rp rt ruby select small strike strong style svg textarea video wbr
"""
_OWN_ATTRIBUTES: Final = """
    align aria-describedby aria-hidden aria-label aria-labelledby aria-live background cellpadding cellspacing dir
    height hidden lang popover required role srcset target valign width
"""
ELEMENTS: Final[Mapping[str, str]] = {
    **{name: f"html-{name}" for name in _OWN_ELEMENTS.split()},
    **dict.fromkeys(("article", "aside", "figure", "footer", "header", "main", "nav", "section"), "html-semantics"),
    **dict.fromkeys(("ul", "ol", "dl"), "html-lists"),
    **dict.fromkeys(("map", "area"), "html-image-maps"),
    **dict.fromkeys(("h1", "h2", "h3", "h4", "h5", "h6"), "html-h1-h6"),
}
ATTRIBUTES: Final[Mapping[str, str]] = {
    **{name: f"html-{name}" for name in _OWN_ATTRIBUTES.split()},
    "sizes": "html-srcset",
    "inert": "css-inert-attribute",
    "loading": "html-loading-attribute",
}
_PICTURES: Final[Mapping[str, str]] = {"jpeg": "jpg", "tif": "tiff", "heic": "heif"}


def of_declaration(name: str, value: str) -> Iterator[str]:
    """Name the features of a declaration; one that the data does not know may be among them."""
    yield _of_property(name)
    bare = _STRING.sub("", value.lower())
    if name == "display":
        yield from (f"css-display-{kind}" for kind in _DISPLAYS.findall(bare))
    for pattern, slug in _VALUES:
        for found in pattern.finditer(bare):
            yield slug.format(found[1] if pattern.groups else "")


def of_selector(selector: str) -> Iterator[str]:
    """Name the features of one selector."""
    bare = re.sub(r"\[[^\]]*\]", "[]", selector)
    for pattern, slug in _SELECTORS:
        for found in pattern.finditer(bare):
            yield slug.format(found[1] if pattern.groups else "")


def of_at_rule(prelude: str) -> Iterator[str]:
    """Name the features of an at-rule, such as `@media (prefers-color-scheme: dark)`."""
    name = prelude.split(None, 1)[0].partition("(")[0].lower().removeprefix("@")
    yield f"css-at-{name}"
    if name == "media":
        yield from (f"css-at-media-{one}" for one in _MEDIA if one in prelude)


def of_element(name: str, attributes: Mapping[str, str]) -> Iterator[str]:
    """Name the features of an element with its attributes, apart from its styles and pictures."""
    kind = attributes.get("type", "").lower()
    if name == "input":
        yield f"html-input-{kind or 'text'}"
    elif name == "button":
        yield f"html-button-{kind or 'submit'}"
    elif name == "meta" and "color-scheme" in attributes.get("name", ""):
        yield "html-meta-color-scheme"
    elif name in ELEMENTS:
        yield ELEMENTS[name]
    yield from (ATTRIBUTES[one] for one in attributes if one in ATTRIBUTES)
    link = of_link(attributes.get("href", "")) if name == "a" else None
    if link is not None:
        yield link


def of_picture(url: str) -> str:
    """Name the feature of a kind of picture, by the ending of its address."""
    if url.startswith("data:"):
        return "image-base64"
    ending = url.partition("?")[0].rpartition(".")[2].lower()
    return f"image-{_PICTURES.get(ending, ending)}"


def of_link(url: str) -> str | None:
    """Name the feature of a link's address, where it is a special one."""
    if url.startswith("#"):
        return "html-anchor-links"
    return "html-mailto-links" if url.startswith("mailto:") else None


def _of_property(name: str) -> str:
    if name in _PROPERTIES:
        return _PROPERTIES[name]
    for pattern, slug in _LOGICAL:
        if found := pattern.fullmatch(name):
            return slug.format(found[1] if pattern.groups else "")
    own = f"css-{name}"
    if own in known_features() or "-block" in name or "-inline" in name:
        return own
    return next((f"css-{prefix}" for prefix in _PREFIXES if name.startswith(f"{prefix}-")), own)
