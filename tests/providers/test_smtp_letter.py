"""A message is made fit for the wire, and what is unfit never leaves."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.message import Content
from newsletter.message.content import has_whole_line_ends, looked_through, split
from newsletter.message.searching import as_text, search_for
from newsletter.providers.base import Rejected
from newsletter.providers.smtp.letter import Letter, content_of, dot_stuff, prepare
from newsletter.providers.smtp.protocol import Extensions
from support.smtp_server import Sample

ALL = Extensions({"SIZE": ("1000",), "8BITMIME": (), "SMTPUTF8": ()})
LINES = st.lists(st.sampled_from([b".", b"..", b"", b"a", b".a", b"a.", "é".encode(), b"\r", b"\n", b" "]))


def written(sample: Sample, extensions: Extensions = ALL, **options: Any) -> Letter | Rejected:
    return prepare(sample, sample.merged(), extensions, chunked=False, **options)


@given(LINES)
def test_dots_are_doubled_at_the_beginning_of_lines_and_nowhere_else(lines: list[bytes]) -> None:
    content = b"\r\n".join(lines)
    wanted = b"\r\n".join(b"." + line if line.startswith(b".") else line for line in content.split(b"\r\n"))
    assert dot_stuff(content) == wanted


def test_content_without_such_dots_is_not_copied() -> None:
    content = b"Subject: x.\r\n\r\nEen regel.\r\n" * 1000
    assert dot_stuff(content) is content


@given(st.binary(max_size=40), LINES)
def test_line_ends_are_whole_if_and_only_if_no_cr_and_no_lf_stands_alone(octets: bytes, lines: list[bytes]) -> None:
    for content in (octets, b"\r\n".join(lines)):
        rest = content.replace(b"\r\n", b"")
        assert has_whole_line_ends(content) == (b"\r" not in rest and b"\n" not in rest)


@given(st.sampled_from(["\r\n.", "  ", " \r\n", ".*"]), st.binary(max_size=60))
def test_searching_finds_what_is_there(literal: str, octets: bytes) -> None:
    search = search_for(literal)
    assert search(as_text(octets)) == (literal.encode() in octets)
    assert search(as_text(octets + literal.encode() + octets))


def test_parameters_are_given_only_where_they_are_needed() -> None:
    plain, eight_bit = Sample(0, content=b"a\r\n"), Sample(0, content="é\r\n".encode())
    wide = Sample(0, "zoë@example.com", content=b"a\r\n")
    senders = [letter.sender for one in (plain, eight_bit, wide) if isinstance(letter := written(one), Letter)]
    start = b"MAIL FROM:<bounces@example.org> SIZE="
    assert senders == [
        start + b"3\r\n",
        start + b"4 BODY=8BITMIME\r\n",
        start + b"3 BODY=8BITMIME SMTPUTF8\r\n",
    ]
    bare = written(plain, Extensions())
    assert isinstance(bare, Letter)
    assert bare.sender == b"MAIL FROM:<bounces@example.org>\r\n"
    assert isinstance(written(eight_bit, Extensions()), Rejected)
    assert isinstance(written(wide, Extensions()), Rejected)


@pytest.mark.parametrize("address", ["a@b c", "a@b>", "a\r\nb@c", "@c", "a@", "a" * 65 + "@c", "a@" + "b" * 256])
def test_addresses_that_would_break_a_command_are_refused(address: str) -> None:
    assert isinstance(written(Sample(0, address)), Rejected)


def test_content_ends_with_a_line_end() -> None:
    for octets, wanted in ((b"a", b"a\r\n"), (b"a\r\n", b"a\r\n"), (b"a\r\n\r\nb", b"a\r\n\r\nb\r\n")):
        content = content_of(Sample(0, content=octets))
        assert isinstance(content, Content)
        assert content.octets == wanted


@pytest.mark.parametrize("octets", [b"a\nb\r\n", b"a\r\n\r\nb\nc\r\n", b"a\r\r\n\r\nb\r\n", b"a\r\n\r\nb\r"])
def test_bare_line_ends_are_found_above_and_below_the_empty_line(octets: bytes) -> None:
    assert isinstance(content_of(Sample(0, content=octets)), Rejected)


@given(LINES, LINES)
def test_a_message_that_was_looked_through_leaves_as_it_does_otherwise(head: list[bytes], body: list[bytes]) -> None:
    octets = b"Subject: x\r\n" + b"\r\n".join([*head, b"", *body, b""])
    sample = Sample(0, content=octets)
    unseen, seen = split(octets), looked_through(octets)
    assert prepare(sample, seen, ALL, chunked=False) == prepare(sample, unseen, ALL, chunked=False)
    assert seen.octets == octets
