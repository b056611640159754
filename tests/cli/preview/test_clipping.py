"""The clip: never later than the limit, only where text may stand, and nothing lost by marking it."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.cli.preview.clipping import BEHIND, LINE, find_cut, mark_clipped
from newsletter.cli.preview.markup import Kind, Position, tokens, visible_text
from newsletter.dispatch import Built

SHARES = st.floats(0.2, 0.999)
HEAD = "<html><head><style>p{}</style></head><body>"


def limit_at(html: str, share: float) -> int:
    return int(share * len(html.encode()))


def kept(html: str, limit: int) -> str:
    """What is shown of a message that is cut off."""
    cut = find_cut(html, limit)
    assert cut is not None
    parts = list(tokens(html))
    return "".join(part.source for part in parts[: cut.token]) + parts[cut.token].source[: cut.offset]


def unmarked(html: str) -> str:
    bare = html.replace(f"<span {LINE}></span>", "").replace(f' {BEHIND}=""', "")
    return re.sub(rf"<span {BEHIND}>(.*?)</span>", r"\1", bare, flags=re.DOTALL)


@given(share=SHARES)
def test_cut_is_within_the_limit_and_where_text_may_stand(example: Built, share: float) -> None:
    html, limit = example.html, limit_at(example.html, share)
    shown = kept(html, limit)
    assert html.startswith(shown)
    assert len(shown.encode()) <= limit
    place = Position()
    for token in tokens(shown):
        place.enter(token)
    assert place.flows or "<body" not in shown


@given(share=st.floats(0, 1.01))
def test_marking_changes_no_text_and_no_tag(example: Built, share: float) -> None:
    html, limit = example.html, limit_at(example.html, share)
    marked = mark_clipped(html, limit)
    assert unmarked(marked) == html
    assert "".join(visible_text(marked)) == "".join(visible_text(html))


@given(share=SHARES)
def test_all_text_behind_the_line_is_marked_and_none_before_it(example: Built, share: float) -> None:
    html, limit = example.html, limit_at(example.html, share)
    before, line, behind = mark_clipped(html, limit).partition(f"<span {LINE}></span>")
    assert line
    assert BEHIND not in before
    grey: list[bool] = []
    place = Position()
    for token in tokens(before):
        place.enter(token)
    for token in tokens(behind):
        if token.kind is Kind.TEXT and token.source.strip() and "body" in place.elements:
            assert any(grey)
        if token.opens:
            grey.append(BEHIND in token.source)
        elif token.kind is Kind.END and grey:
            grey.pop()
        place.enter(token)


@pytest.mark.parametrize("limit", range(len(HEAD), len(HEAD) + 12))
def test_cut_parts_no_character_and_no_reference(limit: int) -> None:
    shown = kept(f"{HEAD}é&amp;é&euro;b</body></html>", limit)
    assert shown.removeprefix(HEAD) in ("", "é", "é&amp;", "é&amp;é")


def test_message_that_fits_is_not_cut(example: Built) -> None:
    html = example.html
    assert find_cut(html, len(html.encode())) is None
    assert mark_clipped(html) == html
