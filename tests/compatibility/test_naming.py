"""Every feature of CSS and HTML in the data is known by what people write."""

import pytest

from newsletter.compatibility import features, naming

LOGICAL = (
    *("inline-size", "block-size", "border-inline", "border-block-start", "border-inline-start-color"),
    *("border-start-start-radius", "margin-inline", "margin-inline-start", "margin-block-end", "padding-block"),
    *("padding-block-start", "padding-inline-end"),
)
VALUES = (
    *(
        "rgb(1,2,3)",
        "rgba(1,2,3,.4)",
        "oklch(40% 0.2 200)",
        "linear-gradient(#fff, #000)",
        "radial-gradient(#fff, #000)",
    ),
    *("conic-gradient(#fff, #000)", "calc(1ex + 2ch)", "var(--a)", "clamp(1px, 2px, 3px)", "min(1px, 2px)"),
    *("max(1px, 2px)", "light-dark(#fff, #000)", "1cm", "1em", "1in", "1mm", "1pc", "1pt", "1px", "1rem", "1vh", "1vw"),
    *("1vmin", "1vmax", "1%", "system-ui", "fit-content", "initial", "0 !important"),
)
SELECTORS = (
    *("a + b", "[lang]", "a.b", "a > b", ".a", "a b", "a ~ b", "#a", "a", "*"),
    *(":active", ":checked", ":default", ":first-child", ":first-of-type", ":focus", ":focus-visible"),
    *(":focus-within", ":has(a)", ":hover", ":lang(nl)", ":last-child", ":last-of-type", ":link", ":not(a)"),
    *(":nth-child(2)", ":nth-last-child(2)", ":nth-last-of-type(2)", ":nth-of-type(2)", ":only-child"),
    *(":only-of-type", ":target", ":visited", "::after", ":before", "::first-letter", "::first-line", "::marker"),
    "::placeholder",
)
AT_RULES = (
    *("@font-face", "@import url(a.css)", "@keyframes a", "@media (orientation: portrait)", "@supports (a: b)"),
    *("@media (-webkit-min-device-pixel-ratio: 2)", "@media (hover: hover)"),
    *("@media (prefers-color-scheme: dark)", "@media (prefers-reduced-motion: reduce)"),
)
INPUTS = ("checkbox", "hidden", "radio", "reset", "submit", "text")
ELSEWHERE = {
    *("css-comments", "css-nesting", "css-selector-grouping", "css-inline-size"),
    *("html-comments", "html-doctype", "html-body", "html-div", "html-img", "html-span", "html-table"),
}
"""What is no one piece of writing, what every message has, and what the data has twice."""


def named() -> set[str]:
    known = [slug.removeprefix("css-") for slug in features() if slug.startswith("css-")]
    found = {slug for name in (*known, *LOGICAL) for slug in naming.of_declaration(name, "none")}
    found |= {slug for value in (*VALUES, "grid", "flex") for slug in naming.of_declaration("display", value)}
    found |= {slug for selector in SELECTORS for slug in naming.of_selector(selector)}
    found |= {slug for rule in AT_RULES for slug in naming.of_at_rule(rule)}
    found |= {slug for name in naming.ELEMENTS for slug in naming.of_element(name, {})}
    found |= {slug for name in naming.ATTRIBUTES for slug in naming.of_element("p", {name: ""})}
    found |= {slug for kind in INPUTS for slug in naming.of_element("input", {"type": kind})}
    found |= {slug for kind in ("submit", "reset") for slug in naming.of_element("button", {"type": kind})}
    found |= {slug for link in ("#a", "mailto:a@example.org") for slug in naming.of_element("a", {"href": link})}
    return found | set(naming.of_element("meta", {"name": "color-scheme"}))


def test_every_feature_of_css_and_html_is_found() -> None:
    wanted = {slug for slug, one in features().items() if one.category in ("css", "html")}
    # Properties are asked for by their own names above: those of groups are not properties.
    assert wanted - named() - ELSEWHERE == set()


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("margin-inline", "css-margin-inline-block"),
        ("padding-block-start", "css-padding-block-start-end"),
        ("border-block", "css-border-inline-block"),
        ("border-inline-width", "css-border-inline-block-individual"),
        ("border-block-end-style", "css-border-inline-block-longhand"),
        ("border-end-start-radius", "css-border-radius-logical"),
        ("border-top-width", "css-border"),
        ("inline-size", "css-block-inline-size"),
        ("padding-left", "css-padding"),
    ],
)
def test_properties_of_a_group_are_known_by_it(name: str, slug: str) -> None:
    assert next(naming.of_declaration(name, "1px")) == slug
    assert slug in features()


def test_words_in_strings_and_addresses_are_no_values() -> None:
    assert list(naming.of_declaration("content", "'calc(1px)'")) == ["css-content"]
    assert list(naming.of_declaration("background", "url(var(--a.png)")) == ["css-background"]
