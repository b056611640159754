"""Quoted-printable in pieces: pieces join to what encoding the whole would give, line by line."""

import quopri

from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.message import boundary, encode_piece, frame

pieces = st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=200), max_size=8)
hostile = st.lists(
    st.sampled_from(["", " ", "=", "\n", "\r\n", ".", "a" * 75, "a" * 76, "é" * 40, " \n", "From "]), max_size=12
)
repeated = st.lists(
    st.sampled_from([".", "..", "=.", "a" * 74, "a" * 75, "é", " ", " " * 30, "\n"]).map(lambda one: one * 3),
    max_size=9,
)
dotted = st.lists(st.text(st.sampled_from(".a= é\n"), min_size=70, max_size=240), max_size=4)


def unified(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


@given(parts=pieces | hostile | repeated | dotted)
@settings(max_examples=500, deadline=None)
def test_pieces_decode_to_the_text_they_were_made_of(parts: list[str]) -> None:
    encoded = b"".join(encode_piece(part) for part in parts)
    decoded = quopri.decodestring(encoded).decode().replace("\r\n", "\n")
    assert decoded == "".join(unified(part) for part in parts)


@given(parts=pieces | hostile | repeated | dotted)
@settings(max_examples=500, deadline=None)
def test_every_line_is_short_plain_and_ends_right(parts: list[str]) -> None:
    encoded = b"".join(encode_piece(part) for part in parts)
    assert encoded == b"" or encoded.endswith(b"\r\n")
    for line in encoded.split(b"\r\n"):
        assert len(line) <= 76
        assert line.isascii()
        assert b"\n" not in line
        assert not line.endswith((b" ", b"\t"))
        assert not line.startswith(b".")
        assert b"  " not in line


def test_boundary_cannot_occur_in_encoded_text() -> None:
    mark = boundary("0a1b2c3d")
    assert mark.startswith("=_")
    assert mark.encode() not in encode_piece(f"--{mark}--")
    assert len(mark) <= 70


def test_frame_makes_a_message_of_two_parts() -> None:
    from email import policy
    from email.parser import BytesParser

    before, between, after = frame(boundary("0a1b2c3d"))
    message = BytesParser(policy=policy.default).parsebytes(
        before + encode_piece("één") + between + encode_piece("<p>één</p>") + after
    )
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]  # type: ignore[attr-defined]
    assert not message.defects
