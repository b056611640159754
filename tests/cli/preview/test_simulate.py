"""A simulation takes out what a client lacks, adds no text, and leaves HTML as well-formed as it was."""

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.cli.preview.markup import VOID, joined, tokens, visible_text
from newsletter.cli.preview.simulate import Loss, simulate
from newsletter.compatibility import Level, clients, feature
from newsletter.compatibility import features as known_features
from newsletter.compatibility import naming as features
from newsletter.compatibility.stylesheet import rules, write
from newsletter.dispatch import Built

STYLES = st.sampled_from(
    [
        "border-radius:4px",
        "background:url(a.png) #fff",
        "background-image:url('a;b.png')",
        "color:rgba(0,0,0,.5)",
        "width:calc(100% - 10px)",
        'font-family:"Segoe UI", Arial',
        "display:flex",
        "display:none",
        "margin:0 !important",
        "no declaration",
        "content:'a;b'",
    ]
)
CSS = st.sampled_from(
    [
        "a:hover { color: red }",
        "@media (max-width: 400px) { .a, .b > p { border-radius: 2px } }",
        "@media (prefers-color-scheme: dark) { p { color: #fff } }",
        "@font-face { font-family: X; src: url(x.woff) }",
        "@import url(x.css);",
        "#a, p + p { margin: 0 }",
        "broken { color",
        "/* } */ p { color: red }",
    ]
)
TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20).map(
    lambda text: text.replace("&", "&amp;").replace("<", "&lt;")
)


@st.composite
def elements(draw: st.DrawFn, depth: int = 3) -> str:
    """HTML whose tags match, of elements that some clients know and others do not."""
    kind = draw(st.sampled_from(["text", "style", "void", "element"] if depth else ["text", "void"]))
    if kind == "text":
        return draw(TEXTS)
    if kind == "void":
        return draw(
            st.sampled_from(
                ['<img src="a.webp" alt="a > b">', "<br>", "<hr>", "<wbr/>", "<!-- <p> -->", '<input type="text">']
            )
        )
    if kind == "style":
        return f"<style>{draw(CSS)}</style>"
    name = draw(st.sampled_from(["p", "div", "section", "h1", "svg", "video", "picture", "strong", "ul", "form", "a"]))
    style = ";".join(draw(st.lists(STYLES, max_size=3)))
    quote = '"' if "'" in style and '"' not in style else "'"
    style = style.replace('"', "&quot;").replace("'", "&#39;")
    inner = "".join(draw(st.lists(elements(depth - 1), max_size=3)))
    return f"<{name} class=a lang='nl' style={quote}{style}{quote} href='#x'>{inner}</{name}>"


class Balance(HTMLParser):
    """Counts what is not closed, or closed in the wrong order."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.wrong = 0
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, _attrs: object) -> None:
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, _tag: str, _attrs: object) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        if self.open and self.open[-1] == tag:
            self.open.pop()
        else:
            self.wrong += 1


def is_balanced(html: str) -> bool:
    found = Balance(html)
    return not found.open and not found.wrong


def is_left_out_of(shorter: str, longer: str) -> bool:
    rest = iter(longer)
    return all(character in rest for character in shorter)


@given(parts=st.lists(elements(), max_size=4), client=st.sampled_from(list(clients())))
def test_simulation_adds_no_text_and_keeps_tags_matched(parts: list[str], client: str) -> None:
    html = f"<html><head></head><body>{''.join(parts)}</body></html>"
    assert is_balanced(html)
    shown = simulate(html, client)
    assert is_balanced(shown.html)
    assert is_left_out_of("".join(visible_text(shown.html)), "".join(visible_text(html)))
    assert len(tuple(tokens(shown.html))) <= len(tuple(tokens(html)))


@given(parts=st.lists(elements(), max_size=4), client=st.sampled_from(list(clients())))
def test_second_simulation_finds_nothing_left_to_drop(parts: list[str], client: str) -> None:
    once = simulate(f"<html><body>{''.join(parts)}</body></html>", client)
    assert simulate(once.html, client).dropped == ()


@given(st.text(st.sampled_from("<>/!-pa b=\"'é"), max_size=60))
def test_tokens_joined_are_the_html_again(html: str) -> None:
    assert joined(tokens(html)) == html


@given(st.lists(CSS))
def test_style_sheet_written_and_read_again_is_the_same(parts: list[str]) -> None:
    read = rules("\n".join(part for part in parts if not part.startswith("broken")))
    assert rules(write(read)) == read


@given(st.text(st.sampled_from("{}'\"\\;:@a /*"), max_size=60))
def test_broken_style_sheet_is_read_to_its_end_and_gains_nothing(css: str) -> None:
    assert set(write(rules(css))) <= {*css, *" {};\n"}


@pytest.mark.parametrize("client", list(clients()))
def test_issue_keeps_all_its_text_in_every_client(example: Built, client: str) -> None:
    shown = simulate(example.html, client)
    assert "".join(visible_text(shown.html)) == "".join(visible_text(example.html))
    assert all(loss.support.level is Level.NO for loss in shown.dropped)


def test_client_that_supports_everything_gets_the_message_to_the_byte() -> None:
    shown = simulate('<p style="margin: 0 ;COLOR:red">a</p>', "apple-mail.ios")
    assert (shown.html, shown.dropped) == ('<p style="margin: 0 ;COLOR:red">a</p>', ())


def names(losses: tuple[Loss, ...]) -> dict[str, int]:
    return {loss.feature.slug: loss.uses for loss in losses}


def test_what_was_dropped_is_listed_with_how_often() -> None:
    html = (
        "<html><head><style>@media print { p { margin: 0 } }</style></head>"
        "<body><p style='border-radius:4px;margin:0'>a<p style='border-radius:0'>b</body></html>"
    )
    shown = simulate(html, "outlook.windows")
    assert names(shown.dropped) == {"css-at-media": 1, "css-border-radius": 2}
    assert "border-radius" not in shown.html
    assert 'style="margin:0"' in shown.html


def test_background_picture_goes_and_its_colour_stays() -> None:
    shown = simulate('<td style="background:url(a.png) #fff">', "outlook.windows").html
    assert shown == '<td style="background:#fff">'


def test_client_without_style_sheets_loses_them_whole() -> None:
    shown = simulate("<head><style>p { color: red }</style></head><body>a</body>", "gmail.mobile-webmail")
    assert shown.html == "<head></head><body>a</body>"
    assert names(shown.dropped) == {"html-style": 1}


def test_word_reads_what_is_written_for_it_and_not_what_is_hidden_from_it() -> None:
    for_word, not_for_word = (
        "<!--[if mso | IE]><table><tr><td><![endif]-->",
        "<!--[if !mso]><!--><i>b</i><!--<![endif]-->",
    )
    html = f"<body>{for_word}a{not_for_word}<!--[if lte mso 11]>c<![endif]--></body>"
    assert simulate(html, "outlook.windows").html == "<body><table><tr><td>a</body>"
    assert simulate(html, "apple-mail.ios").html == html


def test_every_feature_that_is_looked_for_is_in_the_data() -> None:
    looked_for = {*features.ELEMENTS.values(), *features.ATTRIBUTES.values()}
    assert looked_for - set(known_features()) == set()
    assert feature("css-sytem-ui").category == "css"


@pytest.mark.parametrize(
    ("name", "value", "slugs"),
    [
        ("border-top-left-radius", "4px", {"css-border-radius", "css-unit-px"}),
        ("padding-left", "1rem", {"css-padding", "css-unit-rem"}),
        ("border-collapse", "collapse", {"css-border-collapse"}),
        ("display", "flex", {"css-display", "css-display-flex"}),
        (
            "width",
            "clamp(1px, 2vw, 3em)",
            {"css-width", "css-function-clamp", "css-unit-px", "css-unit-vw", "css-unit-em"},
        ),
        ("font-family", "'10px calc('", {"css-font-family"}),
    ],
)
def test_features_of_a_declaration(name: str, value: str, slugs: set[str]) -> None:
    assert set(features.of_declaration(name, value)) == slugs


def test_features_of_a_selector_and_an_at_rule() -> None:
    assert set(features.of_selector(".a > p:hover")) == {
        "css-selector-class",
        "css-selector-child",
        "css-selector-type",
        "css-pseudo-class-hover",
    }
    assert list(features.of_at_rule("@media (prefers-color-scheme: dark)")) == [
        "css-at-media",
        "css-at-media-prefers-color-scheme",
    ]
