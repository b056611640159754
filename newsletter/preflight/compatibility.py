"""Markup that a mail client does not know, so that something is lost or in disorder.

Looked for is what moves, hides or draws content: positions, flexible boxes, grids, forms, films and the like. Round
corners and shadows, which a client can do without, are left alone. What clients know is from the Can I Email data;
`clients` in the settings says which ones matter.
"""

import re
from collections.abc import Iterator
from typing import Final

from newsletter import compatibility
from newsletter.compatibility import Feature, Level
from newsletter.errors import Place
from newsletter.markup import Element, origin_of, parse
from newsletter.preflight.base import Context, Finding, Severity, say

severity: Severity = Severity.WARNING

_ELEMENTS: Final = {
    "audio": "html-audio",
    "dialog": "html-dialog",
    "form": "html-form",
    "marquee": "html-marquee",
    "meter": "html-meter",
    "object": "html-object",
    "progress": "html-progress",
    "select": "html-select",
    "svg": "html-svg",
    "textarea": "html-textarea",
    "video": "html-video",
}
_STYLES: Final = {
    slug: re.compile(rf"(?<![\w-]){pattern}", re.IGNORECASE)
    for slug, pattern in {
        "css-animation": r"animation(?:-name)?\s*:",
        "css-clip-path": r"clip-path\s*:",
        "css-column-count": r"column-count\s*:",
        "css-display-flex": r"display\s*:\s*(?:inline-)?flex\b",
        "css-display-grid": r"display\s*:\s*(?:inline-)?grid\b",
        "css-filter": r"filter\s*:\s*(?!none|progid)",
        "css-float": r"float\s*:\s*(?:left|right)",
        "css-mask-image": r"mask(?:-image)?\s*:",
        "css-mix-blend-mode": r"mix-blend-mode\s*:",
        "css-object-fit": r"object-fit\s*:",
        "css-position": r"position\s*:\s*(?:absolute|fixed|relative|sticky)",
        "css-transform": r"transform\s*:\s*(?!none)",
        "css-unit-calc": r"[\w-]+\s*:[^;}]*\bcalc\(",
        "css-variables": r"[\w-]+\s*:[^;}]*\bvar\(--",
        "css-writing-mode": r"writing-mode\s*:",
    }.items()
}


def check(context: Context) -> Iterator[Finding]:
    """Look at elements, their styles, and style sheets; tell each feature once."""
    page = parse(context.html)
    used: dict[str, Element | None] = {slug: None for slug, found in _STYLES.items() if found.search(page.stylesheets)}
    for element in page.root.walk():
        for slug in _features(element):
            if used.get(slug) is None:
                used[slug] = element
    for slug, where in used.items():
        feature = compatibility.features().get(slug)
        lacking = _lacking(feature, context) if feature else ()
        if feature is None or not lacking:
            continue
        place = origin_of(where, context.issue) if where else None
        message = say(
            "%(feature)s does not work in %(clients)s, as tested on %(day)s",
            feature=feature.title,
            clients=", ".join(lacking),
            day=feature.tested.isoformat(),
        )
        remedy = say("Do without it; see %(url)s.", url=feature.url)
        at = place.place if place else Place(f"templates/{context.issue.template}")
        yield Finding(at, message, remedy, place.block if place else "")


def _features(element: Element) -> Iterator[str]:
    if element.tag in _ELEMENTS:
        yield _ELEMENTS[element.tag]
    style = element.get("style")
    if style:
        yield from (slug for slug, found in _STYLES.items() if found.search(style))


def _lacking(feature: Feature, context: Context) -> tuple[str, ...]:
    """Name the clients that matter and do not know the feature."""
    names = (
        name for name in compatibility.clients() if name in context.clients or name.partition(".")[0] in context.clients
    )
    known = ((name, feature.support.get(name)) for name in names)
    return tuple(compatibility.clients()[name].title for name, one in known if one and one.level is Level.NO)
