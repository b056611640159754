"""YAML with places: whatever somebody writes is read as it was meant, or named with its line and column."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict

from newsletter.documents import parse_yaml, read_text, split_front_matter, validate
from newsletter.errors import ContentError, NewsletterError


class Model(BaseModel):
    model_config = ConfigDict(extra="forbid")

    title: str
    pages: int = 0
    parts: tuple[str, ...] = ()


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
        ("- title\n", "f:1:1", "keys with values"),
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
