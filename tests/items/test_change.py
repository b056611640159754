"""Changes to the front matter of an item: the keys that change, and not a byte beside them."""

import re
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from newsletter.documents import parse_yaml, split_front_matter
from newsletter.errors import ContentError
from newsletter.items import change_item
from newsletter.items.change import is_same

BLOCKS = [
    "{}: plain",
    "{}:   spaced   # why",
    "{}: 'it''s'",
    '{}: "\\u00e9\\t"  # c',
    "{}: +1",
    "{}: 1_000",
    "{}: True",
    "{}: ~",
    "{}: null  # none",
    "{}:",
    "{}:  # nothing",
    "{}: 2024-02-20",
    "{}: 2024-02-20T09:30:00+05:30",
    "{}: [ a,b,   'c' ]  # list",
    "{}: {{a: 1,b:   [2]}}",
    "{}: [\n  a,  # one\n  b,\n]",
    "{}:\n- a\n-   b  # two",
    "{}:\n    # about a\n    - a\n    - b: 1\n      c: ~",
    "{}:  # person\n  name:   N\n  role: R",
    "{}: >\n  folded\n  text\n\n  more",
    "{}: |+\n  kept\n\n",
    "{}: |2-\n    deep\n  text",
    "{}: one\n  two\n  three",
    '{}: "one\n  two \\\n  three"',
]
LINES = ["# a comment", "", "# key: value"]

keys = st.sampled_from(["title", "lead", "own", "more", "x y", "no"])
texts = st.text(
    st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from("\n\t :#'\"[]{},-&*!|>%@`\\"), max_size=12
)
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-5, 5)
    | st.floats()
    | texts
    | st.dates(min_value=date(1000, 1, 1))
    | st.datetimes(min_value=datetime(1000, 1, 1), max_value=datetime(9000, 1, 1))  # noqa: DTZ001 - local times too
    | st.just(datetime(2024, 2, 20, 9, 30, tzinfo=UTC))
)
values = st.recursive(scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3))


@st.composite
def matters(draw: st.DrawFn) -> list[tuple[str, str]]:
    """Front matter as pieces: a key and its lines, or an empty name and lines between keys."""
    pieces: list[tuple[str, str]] = []
    for key in draw(st.lists(keys, unique=True, max_size=5)):
        if not pieces or not pieces[-1][1].endswith("\n\n\n"):
            pieces += [("", line + "\n") for line in draw(st.lists(st.sampled_from(LINES), max_size=2))]
        pieces.append((key, draw(st.sampled_from(BLOCKS)).format(key) + "\n"))
    if not pieces or not pieces[-1][1].endswith("\n\n\n"):
        pieces += [("", line + "\n") for line in draw(st.lists(st.sampled_from(LINES), max_size=2))]
    return pieces


@given(
    pieces=matters(),
    changes=st.dictionaries(keys, values, max_size=3),
    line_end=st.sampled_from(["\n", "\r\n"]),
    mark=st.sampled_from(["", "\ufeff"]),
    body=texts,
)
@settings(max_examples=300, deadline=None)
def test_what_is_not_changed_keeps_every_byte_and_what_is_means_what_was_asked(
    pieces: list[tuple[str, str]], changes: dict[str, Any], line_end: str, mark: str, body: str
) -> None:
    def text_of(lines: str) -> str:
        return lines.replace("\n", line_end)

    text = f"{mark}---{line_end}{text_of(''.join(lines for _, lines in pieces))}---{line_end}{body}"
    before = parse_yaml(split_front_matter(text.removeprefix("\ufeff"), "f").matter, "f").data or {}
    try:
        new = change_item(text, "f", changes)
    except ContentError as error:
        # Blank lines behind a key that goes would belong to a text before it that keeps its blank lines.
        assume("cannot be changed safely" not in str(error) or "|+" not in text)
        raise
    after = parse_yaml(split_front_matter(new.removeprefix("\ufeff"), "f").matter, "f").data or {}
    assert is_same(after, {k: v for k, v in {**before, **changes}.items() if k not in changes or v is not None})
    touched = {
        key
        for key, value in changes.items()
        if not is_same(before.get(key), value) or (key in before and value is None)
    }
    added = ".*" if touched - before.keys() else ""
    last = max((at for at, (key, _) in enumerate(pieces) if key), default=len(pieces) - 1)
    pattern = re.escape(f"{mark}---{line_end}") + (added if not pieces else "")
    for at, (key, lines) in enumerate(pieces):
        pattern += ".*" if key in touched else re.escape(text_of(lines))
        pattern += added if at == last else ""
    assert re.fullmatch(pattern + re.escape(f"---{line_end}{body}"), new, re.DOTALL)
    if not touched:
        assert new == text


@pytest.mark.parametrize(
    ("before", "changes", "after"),
    [
        ("title: A   # why\n", {"title": "B"}, "title: B   # why\n"),
        ("lead:  # why\ntitle: A\n", {"lead": "B"}, "lead: B  # why\ntitle: A\n"),
        ("# about lead\nlead: x\n# about title\ntitle: A\n", {"lead": None}, "# about lead\n# about title\ntitle: A\n"),
        ("lead:\ntitle: A\n", {"lead": None}, "title: A\n"),
        ("pages: 1\n", {"pages": True}, "pages: true\n"),
        ("pages: true\n", {"pages": 1}, "pages: 1\n"),
        ("title: A\n\n\n", {"lead": "L"}, "title: A\nlead: L\n\n\n"),
        ("title: A\n# end\n", {"byline": [{"name": "N"}]}, "title: A\nbyline:\n  - name: N\n# end\n"),
        ("topics: [a]  # which\n", {"topics": ["a", "b"]}, "topics: [a, b]  # which\n"),
        ("topics:  # which\n- a\n- b\ntitle: A\n", {"topics": "x"}, "topics: x  # which\ntitle: A\n"),
        ("{title: A,  lead: L}\n", {"title": "B"}, "{title: B,  lead: L}\n"),
        ("{title: A,  lead: L}\n", {"lead": None}, "{title: A}\n"),
        ("{title: A,  lead: L}\n", {"url": "u"}, "{title: A,  lead: L, url: u}\n"),
        ("# only\n", {"title": "A"}, "# only\ntitle: A\n"),
        ("", {"title": "A"}, "title: A\n"),
    ],
)
def test_change_is_written_where_a_person_would(before: str, changes: dict[str, Any], after: str) -> None:
    assert change_item(f"---\n{before}---\nbody", "f", changes) == f"---\n{after}---\nbody"


@pytest.mark.parametrize(
    ("matter", "place"),
    [
        ("hello\n", "f:2:1"),
        ("- hello\n", "f:2:1"),
        ("title: [a\n", "f:"),
        ("title: A\ntitle: B\n", "f:3:1"),
        ("title: &x A\nlead: *x\n", "f:2:1"),
        ("lead: A\n  title: B\n", "f:3"),
    ],
)
def test_front_matter_that_cannot_be_changed_is_a_clear_error(matter: str, place: str) -> None:
    with pytest.raises(ContentError) as raised:
        change_item(f"---\n{matter}---\n", "f", {"title": "C"})
    assert str(raised.value).startswith(place)
    assert raised.value.remedy


def test_value_that_is_no_plain_data_is_a_clear_error() -> None:
    with pytest.raises(ContentError, match="'title' cannot be written"):
        change_item("---\nlead: A\n---\n", "f", {"title": object()})
