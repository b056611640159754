"""Authors' Markdown: shown as it was meant, in both parts alike, and never as anything that runs."""

import json
import re
from contextlib import suppress
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.errors import ContentError
from newsletter.render.bodies import html_from_markdown, text_from_markdown

TAGS = frozenset(
    {"p", "br", "strong", "em", "s", "a", "ul", "ol", "li", "h2", "h3", "h4", "h5", "h6", "blockquote", "pre"}
    | {"code", "hr", "table", "thead", "tbody", "tr", "th", "td"}
)


class Reader(HTMLParser):
    """Takes HTML apart as a browser does."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words += data


def html(source: str) -> str:
    return html_from_markdown(source, heading_level=3, language="nl")


def read(source: str) -> Reader:
    reader = Reader()
    reader.feed(html(source))
    return reader


def assert_harmless(source: str) -> None:
    for tag, attributes in read(source).tags:
        assert tag in TAGS
        assert attributes.keys() <= {"href", "title", "class", "start"}
        if "href" in attributes:
            assert re.match(r"(https?://|mailto:|tel:)", attributes["href"] or "", re.IGNORECASE)


def letters(text: str) -> str:
    return re.sub(r"\W+", "", text)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("![een kaart](https://a.example/c.png)", "<p>een kaart</p>"),
        ("[![kaart](https://a.example/c.png)](https://b.example)", '<p><a href="https://b.example">kaart</a></p>'),
        ("[x](HTTPS://A.EXAMPLE)", '<p><a href="HTTPS://A.EXAMPLE">x</a></p>'),
        ("[x](/y) [z](//a.example) [f](ftp://a.example)", "<p>x z f</p>"),
        ("[x](javascript:alert(1))", "<p>[x](javascript:alert(1))</p>"),
        ("<script>alert(1)</script>", "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>"),
        ("**a**\n*b*", "<p><strong>a</strong> <em>b</em></p>"),
        ("## Kop", "<h3>Kop</h3>"),
        (
            "> Zo is het.\n> — Jan, boer",
            '<blockquote> <p>‘Zo is het.’</p> <p class="speaker">Jan, boer</p> </blockquote>',
        ),
    ],
)
def test_markdown_as_html(source: str, expected: str) -> None:
    assert html(source) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("[x](/y), [z](https://z.example) en ![kaart](https://a.example/c.png)", ["x, z <https://z.example> en kaart"]),
        ("<https://z.example>", ["https://z.example"]),
        (
            "| a | b |\n|---|---|\n| 1 | [x](https://x.example) |\n\neind",
            ["a | b", "1 | x <https://x.example>", "", "eind"],
        ),
        ("- een\n- twee\n  - drie\n\nna", ["- een", "- twee", "  - drie", "", "na"]),
        ("3. drie\n4. vier", ["3. drie", "4. vier"]),
        ("> Zo.\n\nna", ["    Zo.", "", "na"]),
        ("```\na  b\n```", ["    a  b"]),
        ("a  \nb", ["a", "b"]),
    ],
)
def test_markdown_as_text(source: str, expected: list[str]) -> None:
    assert text_from_markdown(source) == expected


@pytest.mark.parametrize("sign", ["\x0b", "\x0c", "\x1e", "\x85", "\u2028", "\r"])
def test_line_ends_of_every_kind_part_words(sign: str) -> None:
    assert html(f"een{sign}twee") == "<p>een twee</p>"
    assert text_from_markdown(f"een{sign}twee") == ["een twee"]


def test_attribute_that_looks_like_a_heading_is_none() -> None:
    assert html('[a](https://a.example "b > c <h2>")') == (
        '<p><a href="https://a.example" title="b &gt; c &lt;h2&gt;">a</a></p>'
    )


links = st.sampled_from(
    ["https://a.example/x", "HTTP://b.example", "mailto:a@b.example", "tel:+31 6", "/y", "ftp://c.example", "x"]
)


@given(st.lists(st.tuples(st.sampled_from(["een", "*twee*", "`drie`"]), links), min_size=1, max_size=5))
@settings(deadline=None)
def test_both_parts_have_the_same_links(pairs: list[tuple[str, str]]) -> None:
    source = " ".join(f"[{words}](<{link}>)" for words, link in pairs)
    of_html = {unescape(str(attributes["href"])) for tag, attributes in read(source).tags if tag == "a"}
    of_text = set(re.findall(r"<([^>]+)>", "\n".join(text_from_markdown(source, width=10_000))))
    assert of_html == of_text


@given(st.text(max_size=200))
@settings(max_examples=300, deadline=None)
def test_whatever_somebody_writes_is_harmless_and_none_of_its_letters_are_lost(source: str) -> None:
    try:
        assert_harmless(source)
    except ContentError:
        return
    shown = letters(read(source).words)
    written = letters("".join(text_from_markdown(source)))
    assert len(written) >= len(shown) * 0.9


@pytest.mark.parametrize("source", ["> " * 70 + "x", "- " * 70 + "x", "*" * 2000, "[" * 2000, "`" * 3001, "(" * 5000])
def test_what_is_nested_without_end_ends(source: str) -> None:
    with suppress(ContentError):
        html(source)


@pytest.mark.corpora
def test_naughty_strings_stay_text(corpora: Path) -> None:
    for text in json.loads((corpora / "blns/blns.json").read_text(encoding="utf-8")):
        assert_harmless(text)


@pytest.mark.corpora
def test_sanitisers_inputs_stay_text(corpora: Path) -> None:
    inputs = list((corpora / "bleach").rglob("*.test"))
    assert len(inputs) > 10
    for path in inputs:
        given, *_ = path.read_text(encoding="utf-8").split("\n--\n")
        assert_harmless(given)
        assert bool(letters(given)) == bool(letters(read(given).words))
