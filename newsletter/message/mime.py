"""Bodies as bytes: quoted-printable in pieces that stand alone, and the frame of multipart/alternative.

Every piece begins and ends at the start of a line, by a soft line break where the text itself has none. So the
literal parts of an issue are encoded once, and a reader's value goes between them without touching them.

Source: RFC 2045 §6.7, RFC 2046 §5.1.
"""

import re
from binascii import b2a_qp

MAXIMUM_LINE = 76
SOFT_BREAK = b"=\r\n"

_FIRST_DOT = re.compile(rb"^\.", re.MULTILINE)
_OVERLONG = re.compile(rb"[^\n]{%d,}" % (MAXIMUM_LINE + 1))


def encode_piece(text: str) -> bytes:
    """Encode a piece of text as quoted-printable that joins with any other piece.

    Args:
        text: Unicode with `\\n` or CRLF line ends.

    Returns:
        Lines of at most 76 octets, each ended by CRLF, none of which begins with a dot; empty for an empty text.
    """
    simple = encode_simple(text)
    if simple is not None:
        return simple
    unified = text.replace("\r\n", "\n").replace("\r", "\n")
    # A dot that begins a line would have to be doubled on its way, and of two spaces a signature sees one: in every
    # single message somebody would have to look for them.
    encoded = b2a_qp(unified.encode("utf-8", "replace"), istext=True).replace(b"  ", b" =20")
    encoded = _FIRST_DOT.sub(b"=2E", encoded)
    # The standard encoder writes a space at the end of a full line as =20 beyond the limit.
    encoded = _OVERLONG.sub(_split_line, encoded)
    encoded = encoded.replace(b"\n", b"\r\n")
    if not encoded or encoded.endswith(b"\r\n"):
        return encoded
    if len(encoded) - encoded.rfind(b"\n") - 1 < MAXIMUM_LINE:
        return encoded + SOFT_BREAK
    start = encoded.rfind(b"\n") + 1
    return encoded[:start] + _split_line(encoded[start:]).replace(b"=\n", SOFT_BREAK) + SOFT_BREAK


def encode_simple(text: str) -> bytes | None:
    """Do the same for a short text or a link that needs no escapes, as most values are; None where it is neither.

    What comes of it is plain in the sense of `content.is_plain`.
    """
    if not (text.isascii() and text.isprintable()) or "=" in text or "  " in text or text[:1] == ".":
        return None
    plain = text.encode("ascii")
    if len(plain) < MAXIMUM_LINE - 1:
        return plain + SOFT_BREAK if plain else b""
    if b" " in plain:
        return None
    lines = [plain[start : start + MAXIMUM_LINE - 1] for start in range(0, len(plain), MAXIMUM_LINE - 1)]
    encoded = SOFT_BREAK.join(lines) + SOFT_BREAK
    return None if b"\n." in encoded else encoded


def _split_line(line: bytes | re.Match[bytes]) -> bytes:
    """Break a line that is too long, not within an escape, and not before a dot as it is."""
    rest = line if isinstance(line, bytes) else line[0]
    lines: list[bytes] = []
    while len(rest) >= MAXIMUM_LINE:
        cut = MAXIMUM_LINE - 1
        if rest[cut - 1 : cut] == b"=":
            cut -= 1
        elif rest[cut - 2 : cut - 1] == b"=":
            cut -= 2
        lines.append(rest[:cut])
        rest = rest[cut:]
        if rest.startswith(b"."):
            rest = b"=2E" + rest[1:]
    return b"=\n".join([*lines, rest])


def boundary(nonce: str) -> str:
    """Make the boundary of a message from a nonce; `=_` cannot occur in quoted-printable text."""
    return f"=_{nonce}"


def frame(mark: str) -> tuple[bytes, bytes, bytes]:
    """Give what stands before the text part, between text and HTML part, and after it.

    The first begins with the message's own MIME fields and so ends its header.
    """
    before = (
        f'MIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary="{mark}"\r\n\r\n'
        f"--{mark}\r\n{_part_fields('plain')}\r\n"
    )
    between = f"\r\n--{mark}\r\n{_part_fields('html')}\r\n"
    after = f"\r\n--{mark}--\r\n"
    return before.encode(), between.encode(), after.encode()


def _part_fields(subtype: str) -> str:
    return f"Content-Type: text/{subtype}; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n"
