"""What a client sends is cut into the same commands and contents, however the network divides it."""

from collections.abc import Iterator
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.dispatch.rehearsal.incoming import LONGEST_LINE, Incoming, TooLongError
from newsletter.providers.smtp.letter import dot_stuff

LINES = st.lists(st.sampled_from([b"", b".", b"..", b".a", b"a", b"a.", b"\r", b".\n"]), max_size=8)
TRICKY = b".\r\n..\r\n...\r\na\r\n.b\r\n\r\n.\r\nend\r\n"


def pieces(octets: bytes, cuts: list[int]) -> Iterator[bytes]:
    places = sorted({0, len(octets), *(cut % (len(octets) + 1) for cut in cuts)})
    yield from (octets[start:end] for start, end in pairwise(places))


def contents(parts: Iterator[bytes]) -> tuple[list[bytes], int]:
    """Give all contents, and how many octets are left."""
    incoming, found = Incoming(), []
    for part in parts:
        incoming.feed(part)
        while (content := incoming.content()) is not None:
            found.append(content)
    return found, len(incoming)


@given(LINES, LINES, st.lists(st.integers(min_value=0), max_size=20))
def test_contents_arrive_as_they_were_written_however_they_are_cut(
    first: list[bytes], second: list[bytes], cuts: list[int]
) -> None:
    written = [b"".join(line + b"\r\n" for line in lines) for lines in (first, second)]
    wire = b"".join(dot_stuff(content) + b".\r\n" for content in written)
    assert contents(pieces(wire, cuts)) == (written, 0)


@pytest.mark.parametrize("cut", range(len(dot_stuff(TRICKY)) + 4))
def test_end_is_found_at_every_boundary(cut: int) -> None:
    wire = dot_stuff(TRICKY) + b".\r\n" + b"QUIT\r\n"
    found, left = contents(iter([wire[:cut], wire[cut:]]))
    assert found == [TRICKY]
    assert left == len(b"QUIT\r\n")


def test_octets_one_by_one_make_commands_contents_and_chunks() -> None:
    incoming = Incoming()
    met: list[bytes | None] = []
    steps = iter([incoming.line, incoming.content, lambda: incoming.chunk(3), incoming.line])
    step = next(steps)
    for octet in b"DATA\r\n..x\r\n.\r\n\r\n.NOOP\r\n":
        incoming.feed(bytes([octet]))
        if (found := step()) is not None:
            met.append(found)
            step = next(steps, lambda: None)
    assert met == [b"DATA", b".x\r\n", b"\r\n.", b"NOOP"]


def test_command_without_an_end_is_refused() -> None:
    incoming = Incoming()
    incoming.feed(b"x" * LONGEST_LINE)
    assert incoming.line() is None
    incoming.feed(b"x")
    with pytest.raises(TooLongError):
        incoming.line()
