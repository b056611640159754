"""What is said of a body holds, so that nobody has to look through it again."""

from hypothesis import given
from hypothesis import strategies as st

from newsletter.message.content import is_plain, looked_through, split
from newsletter.message.dkim import relaxed_body
from newsletter.message.mime import encode_piece

PIECES = st.lists(
    st.sampled_from([b"a", b" ", b".", b"\r\n", b"\r", b"\n", b"\t", b"=", b"\xe9", b"a\r\n"]), max_size=12
)


def _by_its_lines(octets: bytes) -> bool:
    if not octets:
        return True
    *lines, rest = octets.split(b"\r\n")
    return not rest and all(
        max(line, default=0) < 0x80
        and not any(mark in line for mark in (b"\r", b"\n", b"\t", b"  "))
        and not line.startswith(b".")
        and not line.endswith(b" ")
        for line in lines
    )


@given(PIECES)
def test_plain_is_what_has_nothing_to_hide_in_any_line(pieces: list[bytes]) -> None:
    octets = b"".join(pieces)
    assert is_plain(octets) == _by_its_lines(octets)


@given(PIECES, PIECES)
def test_what_is_joined_of_plain_pieces_is_plain(first: list[bytes], second: list[bytes]) -> None:
    one, other = b"".join(first), b"".join(second)
    if is_plain(one) and is_plain(other):
        assert is_plain(one + other)


@given(PIECES)
def test_a_plain_body_is_in_a_signature_as_it_is_but_for_empty_lines_at_its_end(pieces: list[bytes]) -> None:
    body = b"".join(pieces) + b"a\r\n"
    if is_plain(body):
        assert relaxed_body(body) == body


@given(st.text(alphabet="a .=\u00e9\n<", max_size=200))
def test_a_piece_of_a_body_is_plain(text: str) -> None:
    assert is_plain(encode_piece(text))


@given(PIECES)
def test_a_message_is_the_same_in_two_parts(pieces: list[bytes]) -> None:
    octets = b"".join(pieces)
    assert split(octets).octets == octets == looked_through(octets).octets
    assert split(octets).size == len(octets)
