"""The line in the inbox: cut as mail programs cut it, never within a character, beginning with the preheader."""

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from newsletter.cli.preview.inbox import INBOXES, beginning, cut, inbox_lines
from newsletter.dispatch import Built


@given(st.text(max_size=80), st.integers(0, 60))
def test_cut_fits_and_is_a_beginning(text: str, limit: int) -> None:
    shown = cut(text, limit)
    assert len(shown) <= limit
    assert shown == text or text.startswith(shown.removesuffix("…"))
    assert (shown == text) == (len(text) <= limit) or not limit


def test_cut_puts_no_ellipsis_behind_a_full_stop() -> None:
    assert cut("Kort. En dan meer.", 6) == cut("Kort… En dan meer.", 6) == "Kort…"


@given(st.text(st.sampled_from("ae\u0301\u200d👩🏽❤\ufe0f"), max_size=40), st.integers(2, 30))
def test_cut_leaves_marks_with_their_character(text: str, limit: int) -> None:
    shown = cut(text, limit)
    if shown != text and len(shown) > 1:
        following = text[len(shown) - 1]
        assert not unicodedata.category(following).startswith("M")
        assert not shown.removesuffix("…").endswith("\u200d")


@given(st.text(max_size=150), st.text(max_size=200))
def test_no_program_shows_more_than_fits(sender: str, subject: str) -> None:
    html = f"<body><p>{'Een begin dat langer is dan wat erin past. ' * 4}</p></body>"
    for line in inbox_lines(sender, subject, html):
        assert len(line.sender) <= line.inbox.sender
        room = line.inbox.snippet or line.inbox.subject - len(line.subject)
        assert len(line.subject) <= line.inbox.subject
        assert len(line.snippet) <= max(room, 0)


def test_beginning_is_the_preheader_without_what_only_fills() -> None:
    assert beginning(["Kort.", "\u200c\u00a0\u200c\u00a0\u034f", " De kop "]) == "Kort. De kop"


def test_issue_begins_with_its_preheader(example: Built) -> None:
    lines = inbox_lines("Het Veiligheidshuis", example.subject, example.html)
    assert [line.inbox for line in lines] == list(INBOXES)
    preheader = example.prepared.issue.preheader
    assert all(preheader.startswith(line.snippet.removesuffix("…")[:30]) for line in lines)
