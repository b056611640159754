"""Header fields as bytes: what goes in comes out of a parser, and nothing else does."""

import re
from email import policy
from email.header import decode_header, make_header
from email.parser import BytesHeaderParser
from email.utils import parseaddr

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.message import Mailbox, exact_header, mailbox_header, one_line, phrase, text_header

words = st.text(st.characters(exclude_categories=["Cs"]), max_size=300)
anything = st.text(st.characters(), max_size=120)


def parsed(field: bytes) -> tuple[list[str], str]:
    """Give the names of all fields, and the value of the first, unfolded and decoded."""
    message = BytesHeaderParser(policy=policy.compat32).parsebytes(field + b"\r\n")
    name = message.keys()[0]
    value = re.sub(r"\r?\n(?=[ \t])", "", str(message[name]))
    return message.keys(), str(make_header(decode_header(value)))


@given(value=anything)
@settings(max_examples=300, deadline=None)
def test_any_text_is_one_field_and_comes_back_as_it_was(value: str) -> None:
    field = text_header("Subject", value)
    names, back = parsed(field)
    assert names == ["Subject"]
    assert " ".join(back.split()) == " ".join(one_line(value).split())
    assert field.endswith(b"\r\n")
    assert field.isascii()


@given(value=anything)
@settings(max_examples=300, deadline=None)
def test_lines_of_text_are_folded_and_encoded_words_short(value: str) -> None:
    for line in text_header("Subject", value).split(b"\r\n"):
        assert len(line) <= 78 or b" " not in line.strip()
        for word in re.findall(rb"=\?.*?\?=", line):
            assert len(word) <= 75


@given(name=anything)
@settings(max_examples=300, deadline=None)
def test_any_name_is_one_mailbox_with_its_address(name: str) -> None:
    field = mailbox_header("To", Mailbox("zoe@example.org", name))
    names, _ = parsed(field)
    assert names == ["To"]
    unfolded = re.sub(rb"\r\n(?=[ \t])", b"", field).decode().partition(":")[2].strip()
    shown, address = parseaddr(unfolded)
    assert address == "zoe@example.org"
    assert " ".join(str(make_header(decode_header(shown))).split()) == " ".join(one_line(name).split())


@given(value=words)
@settings(max_examples=200, deadline=None)
def test_phrase_is_ascii_on_one_line(value: str) -> None:
    written = phrase(value)
    assert written.isascii()
    assert "\n" not in written
    assert "\r" not in written


@pytest.mark.parametrize("sign", ["\r\n", "\n", "\r", "\0", "\u2028", "\u0085", "\x0b", "\x1c", "\u00a0"])
def test_no_sign_begins_a_field_of_its_own(sign: str) -> None:
    for field in (
        text_header("Subject", f"a{sign}Bcc: x@y.example"),
        mailbox_header("To", Mailbox("zoe@example.org", f"a{sign}Bcc: x@y.example")),
    ):
        assert len(parsed(field)[0]) == 1
        assert not re.search(rb"(?:^|[\r\n])Bcc:", field)


def test_text_that_looks_encoded_is_shown_as_it_is() -> None:
    tricky = "=?utf-8?q?=0ABcc:_x?="
    assert parsed(text_header("Subject", tricky))[1] == tricky


def test_long_link_stays_whole() -> None:
    link = f"<https://example.org/leave/{'t' * 600}>"
    assert exact_header("List-Unsubscribe", link) == f"List-Unsubscribe: {link}\r\n".encode()


@pytest.mark.parametrize("value", ["a\r\nb", "é", "a\x00b", "x" * 1200])
def test_structured_field_refuses_what_it_cannot_hold(value: str) -> None:
    with pytest.raises(ValueError, match="List-Id"):
        exact_header("List-Id", value)


def test_address_that_would_break_out_is_refused() -> None:
    with pytest.raises(ValueError, match="cannot stand in a header"):
        mailbox_header("To", Mailbox("a>b,c@example.org"))
