"""Addresses in the files of an issue, each with its exact place."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from newsletter.documents import parse_yaml, split_front_matter
from newsletter.links.model import Spot
from newsletter.links.written import spots_in
from newsletter.manuscript import Sheet


def sheet(text: str) -> Sheet:
    parts = split_front_matter(text, "item.md")
    document = parse_yaml(parts.matter, "item.md", first_line=2)
    return Sheet("item.md", Path("item.md"), text, document, len(text) - len(parts.body))


def spots(body: str, matter: str = "kind: article\n") -> list[Spot]:
    return list(spots_in(sheet(f"---\n{matter}---\n{body}")))


def places(body: str) -> list[tuple[str, int | None, int | None]]:
    return [(spot.written, spot.place.line, spot.place.column) for spot in spots(body)]


def test_value_of_a_key_has_its_place_and_can_be_mended() -> None:
    for quote in ("", "'", '"'):
        (spot,) = spots("", f"kind: article\nregistration:\n  url: {quote}http://example.org/a{quote}\n")
        assert (spot.place.line, spot.place.field) == (4, "registration.url")
        fix = spot.fix("https://example.org/a")
        assert fix is not None
        assert (fix.old, fix.key) == ("http://example.org/a", ("registration", "url"))
        assert spot.sheet is not None
        assert spot.sheet.text[fix.start : fix.end] == fix.old


def test_value_that_is_folded_has_a_place_but_is_not_mended() -> None:
    (spot,) = spots("", 'kind: article\nurl: "http://example.org/\\\n  a"\n')
    assert (spot.written, spot.place.line, spot.fix("x")) == ("http://example.org/a", 3, None)


def test_links_of_every_kind_in_markdown_are_found() -> None:
    assert places("See [one](https://a.example/).\n\n[two]\n\n[two]: https://b.example/\n") == [
        ("https://a.example/", 4, 11),
        ("https://b.example/", 8, 8),
    ]
    assert places("<https://c.example/d>") == [("https://c.example/d", 4, 2)]
    assert places("[a](<https://d.example/e f>)") == [("https://d.example/e f", 4, 6)]
    assert places("[a](https://e.example/f_(g) 'title')") == [("https://e.example/f_(g)", 4, 5)]
    assert places("Go to https://f.example/g.") == [("https://f.example/g", 4, 7)]
    assert places("[https://g.example/](https://h.example/)") == [
        ("https://g.example/", 4, 2),
        ("https://h.example/", 4, 22),
    ]
    assert places("[a](/b) and [c](mailto:d)") == [("/b", 4, 5), ("mailto:d", 4, 17)]


def test_pictures_and_code_hold_no_links() -> None:
    assert places("![a](b.png) `[c](d)`\n\n    [e](f)\n") == []
    assert spots("", "image:\n  source: https://a.example/b.jpg\n") == []


def test_links_in_a_folded_value_are_found_where_they_stand() -> None:
    found = spots("", "intro: >-\n  See [a](https://a.example/)\n  and [b](https://b.example/)\n")
    assert [(spot.place.line, spot.place.column) for spot in found] == [(3, 11), (4, 11)]


@given(
    st.lists(
        st.sampled_from(["words ", "\n", "\r\n", "é ", "[x](https://a.example/?b=1&c=2) ", "<https://a.example/> "])
    )
)
def test_every_address_stands_where_it_is_said_to_stand(pieces: list[str]) -> None:
    text = "---\nkind: article\n---\n" + "".join(pieces)
    found = list(spots_in(sheet(text)))
    assert len(found) == sum("example" in piece for piece in pieces)
    lines = text.replace("\r\n", "\n").split("\n")
    for spot in found:
        assert spot.start is not None
        assert text.startswith(spot.written, spot.start)
        assert spot.place.line is not None
        assert spot.place.column is not None
        assert lines[spot.place.line - 1].startswith(spot.written, spot.place.column - 1)
