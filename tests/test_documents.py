"""YAML with places: whatever somebody writes is read as it was meant, or named with its line and column."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field

from newsletter.documents import Node, compose, parse_yaml, read_text, split_front_matter, validate, written
from newsletter.errors import ContentError, NewsletterError


class Model(BaseModel):
    model_config = ConfigDict(extra="forbid")

    title: str
    pages: Annotated[int, Field(gt=0, le=900)] = 1
    parts: tuple[str, ...] = ()
    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]+$")] = "x"
    more: dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")], str] = {}


@pytest.mark.parametrize(
    ("text", "place", "says"),
    [
        ("title: a: b\n", "f:1", "quotes"),
        ("title: 'a\n", "f:", "Mend"),
        ("a: 1\na: 2\n", "f:2:1", "Remove one"),
        ("a: 1\n\tb: 2\n", "f:2", "Mend"),
        ("a: \x07\n", "f:1:4", "Delete that character"),
        (
            "a: &a [1,1,1,1,1,1,1,1,1]\n"
            + "".join(f"k{n}: &k{n} [{','.join(['*a' if n == 0 else f'*k{n - 1}'] * 9)}]\n" for n in range(8)),
            "f",
            "Write it out",
        ),
        ("? [1, 2]\n: x\n", "f:1", "quotes"),
        ("1: x\n", "f", "quotes"),
        ("[" * 5000, "f", ""),
        ("a: !!python/object/apply:os.system ['true']\n", "f:1", "exclamation mark"),
        ("a: !mine x\n", "f:1", "exclamation mark"),
        ("a: !mine {b: 1}\n", "f:1", "exclamation mark"),
        ("a: !!set {b, c}\n", "f:1", "exclamation mark"),
        ("a: !!binary aGFs\n", "f:1", "exclamation mark"),
        ("a: !!bool q\n", "f:1:4", "exclamation mark"),
        ("a: !!omap [x: 1]\n", "f:1:4", "exclamation mark"),
        ("a: !!python/tuple [1]\n", "f:1:4", "exclamation mark"),
        ("a: !!str x\n", "f:1:4", "'!!str'"),
        ("x: &a {b: 1}\ny:\n  <<: *a\n", "f:3:3", "Write those keys out"),
        ("a: &a [*a]\n", "f:1:8", "Write out what is meant"),
        ("a: *b\n", "f:1:4", "nothing before this is called &b"),
        ("a: 1\nb: 2024-02-30\n", "f:2:4: there is no date 2024-02-30", "Correct the date"),
        ("a: 2024-02-20T25:00:00\n", "f:1:4: there is no date", "in quotes if it is a text"),
        (f"a: {'9' * 5000}\n", "f:1:4: there is no number 999", "Correct the number"),
        ("%YAML 1.1\n---\na: no\n", "f:2:1", "%YAML"),
        ("a: 1\n---\nb: 2\n", "f:2:1", "three dashes"),
        ("a: {b: 1, b: 2}\n", "f:1:11", "Remove one"),
    ],
)
def test_what_is_no_plain_yaml_is_a_clear_error(text: str, place: str, says: str) -> None:
    with pytest.raises(ContentError) as caught:
        parse_yaml(text, "f")
    assert str(caught.value).startswith(place)
    assert says in str(caught.value)


@given(st.text(max_size=80))
@settings(deadline=None)
def test_any_text_is_read_or_refused_but_never_a_fault(text: str) -> None:
    try:
        document = parse_yaml(text, "f")
    except NewsletterError:
        return
    assert document.place(("anything",)).file == "f"


def test_words_that_old_yaml_took_for_something_else_stay_words() -> None:
    data = parse_yaml("a: no\nb: on\nc: 12:30\nd: 0o17\ne: 1_000\n", "f").data
    assert (data["a"], data["b"], data["c"]) == ("no", "on", "12:30")


@pytest.mark.parametrize(
    ("text", "place", "says"),
    [
        ("pages: 3\n", "f:1:1", "Add 'title: …'"),
        ("title: x\npage: 3\n", "f:2:1", "Did you mean 'pages'?"),
        ("title: x\npages: veel\n", "f:2:8", "a whole number"),
        ("title: 12\n", "f:1:8", "put it in quotes"),
        ("title: x\nparts: a\n", "f:2:8", "a list"),
        ("title: x\nparts: [a, 2]\n", "f:2:12", "in quotes"),
        ("- title\n", "f:1:1: the file holds a list", "keys with values"),
        ("", "f:1:1: the file is empty", "'title: …'"),
        ("# nothing\n", "f:1:1: the file is empty", "'title: …'"),
        ("title:\n", "f:1:7, title: there is nothing behind 'title'", "Expected: a text"),
        ("title: x\npages: 0\n", "f:2:8", "Expected: more than 0."),
        ("title: x\npages: 901\n", "f:2:8", "Expected: at most 900."),
        ("title: x\nname: a b\n", "f:2:7", "Expected: small letters, capitals, digits, underscores, hyphens."),
        (
            "title: x\nmore:\n  Role X: y\n",
            "f:3:3, more.Role X: the key 'Role X' will not do",
            "Expected: at most 40 small letters, digits, underscores, beginning with small letters.",
        ),
    ],
)
def test_value_that_does_not_fit_is_named_with_line_and_column(text: str, place: str, says: str) -> None:
    with pytest.raises(ContentError) as caught:
        validate(Model, parse_yaml(text, "f"))
    assert str(caught.value).startswith(f"{place}"), str(caught.value)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"a: caf\xe9\n", "f:1:7: the byte 0xe9 is not UTF-8"),
        ("titel: x".encode("utf-16"), "is not UTF-8"),
        (b"a" * 5_000_001, "5,000,001 bytes"),
    ],
)
def test_file_of_another_kind_is_a_clear_error(tmp_path: Path, content: bytes, says: str) -> None:
    (tmp_path / "f").write_bytes(content)
    with pytest.raises(ContentError) as caught:
        read_text(tmp_path / "f", "f")
    assert says in str(caught.value)


def test_byte_order_mark_is_no_part_of_the_text(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"\xef\xbb\xbftitle: x\r\n")
    assert read_text(tmp_path / "f", "f") == "title: x\r\n"
    assert read_text(tmp_path / "f", "f", keep_mark=True) == "\ufefftitle: x\r\n"


def test_block_scalar_at_the_end_of_front_matter_keeps_its_line_break() -> None:
    assert parse_yaml(split_front_matter("---\na: |\n  b\n---\n", "f").matter, "f").data == {"a": "b\n"}


def nodes_of(node: Node) -> Iterator[Node]:
    yield node
    for inner in (*node.elements, *(one for pair in node.pairs for one in pair)):
        yield from nodes_of(inner)


def test_nodes_span_what_was_written_without_comments_and_blank_lines_behind() -> None:
    text = (
        "a: &x [1,  it's, 'q']  # c\nb: *x\nc: |+\n  t\n  # n\n\n\nd: &y\n  # e\n  - k: v\n\n  -\n# end\n"
        "e: >-\n  f\n\n# g\nh: {i, j: }\n"
    )
    root = compose(text, "f")
    assert root is not None
    spans = [text[node.start : node.end] for _, value in root.pairs for node in nodes_of(value)]
    assert spans == [
        *("&x [1,  it's, 'q']", "1", "it's", "'q'", "*x", "|+\n  t\n  # n\n\n"),
        *("&y\n  # e\n  - k: v\n\n  -", "k: v", "k", "v", "", ">-\n  f", "{i, j: }", "i", "", "j", ""),
    ]


plain_data = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.dates(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)


@given(plain_data, st.booleans())
@settings(deadline=None)
def test_what_is_written_is_read_as_the_same(value: object, flow: bool) -> None:
    text = written(value, flow=flow)
    assert parse_yaml(f"[{text}]" if flow else f"x: {text}\n", "f").data == ([value] if flow else {"x": value})


@pytest.mark.parametrize(("text", "says"), [("title: x\n", "missing"), ("---\ntitle: x\n", "no end"), ("", "missing")])
def test_front_matter_that_is_not_there_is_a_clear_error(text: str, says: str) -> None:
    with pytest.raises(ContentError, match=says):
        split_front_matter(text, "f")


@given(st.text("ab: \n-\r", max_size=40), st.text(max_size=40))
def test_front_matter_and_body_are_the_whole_text(matter: str, body: str) -> None:
    text = f"---\n{matter}\n---\n{body}"
    found = split_front_matter(text, "f")
    assert text.endswith(found.body)
    assert text[found.start : found.start + len(found.matter)] == found.matter
    assert text[: len(text) - len(found.body)].count("\n") + 1 == found.body_line


WRITTEN = [
    "a: xx {{b}} yy\n",
    "a: 'xx {{b}} yy'\n",
    'a: "xx {{b}} yy"\n',
    "a: 'it''s ''xx'' {{b}}'\n",
    'a: "\\u00e9\\t\\"q\\" \\x20\\n {{b}}"\n',
    "a: |\n  xx\n    yy {{b}}\n",
    "a: >-  # folded\n  xx\n  yy\n\n  {{b}}\n",
    "# c\na: xx\n  yy\n  {{b}}\n",
    'a: "xx \\\n   yy\n   {{b}}"\n',
    "a: |2+\n    xx\n  {{b}}\n\n",
    "a: |\r\n  xx\r\n  {{b}}\r\n",
    "x: &n |\n  xx\n  {{b}}\na: *n\n",
]


@pytest.mark.parametrize("text", WRITTEN)
@pytest.mark.parametrize("first_line", [1, 2])
def test_place_within_a_text_is_right_however_the_text_is_written(text: str, first_line: int) -> None:
    document = parse_yaml(text, "f", first_line)
    place = document.place_within(("a",))(document.data["a"].index("{{b}}"))
    lines = text.split("\n")
    assert (place.line or 0) - first_line == next(number for number, line in enumerate(lines) if "{{b}}" in line)
    assert place.column == lines[(place.line or 0) - first_line].index("{{b}}") + 1


@given(st.text(st.characters(codec="utf-8", exclude_categories=("Cc",)), max_size=40), st.booleans())
@settings(deadline=None)
def test_every_character_that_is_no_blank_is_found_where_it_was_written(value: str, flow: bool) -> None:
    text = f"a: [{written(value, flow=True)}]" if flow else f"a:\n  - {written(value, flow=False)}"
    document = parse_yaml(text, "f")
    place = document.place_within(("a", 0))
    for position, character in enumerate(value):
        found = place(position)
        line = text.split("\n")[(found.line or 0) - 1]
        if not character.isspace():
            assert line[(found.column or 0) - 1] in (character, "\\")
