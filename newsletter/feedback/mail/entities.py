"""A message or a part of one: its header, its text, and the parts within it.

Source: RFC 5322 §2.2, RFC 2045 §5 and §6, RFC 2047.
"""

import re
from binascii import Error, a2b_base64, a2b_qp
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.errors import HeaderParseError
from email.header import decode_header
from functools import cached_property
from typing import Final

from newsletter.feedback.mail.charsets import decode, html_to_text
from newsletter.message import one_line

MOST_FIELDS: Final = 1_000
LONGEST_TEXT: Final = 128 * 1024
LONGEST_FIELD: Final = 8_000

BEGINS_FIELD: Final = re.compile(r"[!-9;-~]{1,76}[ \t]{0,8}:")
_PARAMETER: Final = re.compile(r';\s{0,100}([\w*-]{1,40})\s{0,10}=\s{0,10}(?:"([^"]{0,500})"|([^\s;"]{1,500}))')


@dataclass(frozen=True)
class Entity:
    """A message or a part of one.

    Attributes:
        fields: The header: names in small letters, values unfolded and as they are written.
        body: The beginning of what follows the header, with bare line feeds, not decoded; nothing where it has parts.
        parts: Those of a multipart, or the one message within a message.
        depth: How many parts it stands in.
    """

    fields: tuple[tuple[str, str], ...]
    body: bytes = field(repr=False)
    parts: tuple["Entity", ...] = ()
    depth: int = 0

    def values(self, name: str) -> list[str]:
        """Give every value of a field, in the header's order."""
        return [value for known, value in self.fields if known == name]

    def value(self, name: str) -> str:
        """Give the first value of a field; empty where there is none."""
        return next(iter(self.values(name)), "")

    def words(self, name: str) -> str:
        """Give the first value of a field for people: encoded words decoded, on one line."""
        return readable(self.value(name))

    @cached_property
    def type(self) -> str:
        """The media type, in small letters; `text/plain` where none can be read."""
        written = self.value("content-type").partition(";")[0].strip().lower()
        return written if re.fullmatch(r"[\w.+-]+/[\w.+-]+", written) else "text/plain"

    @property
    def is_typed(self) -> bool:
        """Whether it says itself what it is."""
        return bool(self.value("content-type"))

    @cached_property
    def parameters(self) -> dict[str, str]:
        """The parameters of the media type, names in small letters."""
        found = _PARAMETER.finditer(self.value("content-type"))
        return {match[1].lower(): match[2] if match[2] is not None else match[3] for match in found}

    @cached_property
    def source(self) -> str:
        """The body as it was written, with bare line feeds; only its beginning where it is long."""
        raw = decode_transfer(self.body, self.value("content-transfer-encoding"))
        return decode(raw, self.parameters.get("charset", "")).replace("\r\n", "\n").replace("\r", "\n")

    @cached_property
    def text(self) -> str:
        """The body as text; of HTML what is read of it."""
        return html_to_text(self.source) if self.type == "text/html" else self.source

    def walk(self) -> Iterator["Entity"]:
        """Give this and all parts within it, also those of messages within."""
        yield self
        for part in self.parts:
            yield from part.walk()


def read_header(text: str) -> tuple[tuple[str, str], ...]:
    """Read header fields out of text; what is none is passed over, but for the lines that continue one."""
    found: list[tuple[str, list[str]]] = []
    for line in text.split("\n"):
        if line[:1] in (" ", "\t"):
            if found:
                found[-1][1].append(line.strip())
        elif BEGINS_FIELD.match(line):
            if len(found) == MOST_FIELDS:
                break
            name, _, value = line.partition(":")
            found.append((name.strip().lower(), [value.strip()]))
    return tuple((name, " ".join(lines)[:LONGEST_FIELD].strip()) for name, lines in found)


def readable(value: str) -> str:
    """Give a field's value for people: encoded words decoded, on one line."""
    if "=?" not in value:
        return one_line(value)
    try:
        pieces = decode_header(value[:LONGEST_FIELD])
    except (HeaderParseError, ValueError):
        return one_line(value)
    return one_line(
        "".join(piece if isinstance(piece, str) else decode(piece, charset or "") for piece, charset in pieces)
    )


def decode_transfer(body: bytes, encoding: str) -> bytes:
    """Undo a transfer encoding, as far as it goes."""
    named = encoding.strip().lower()
    if named == "quoted-printable":
        return a2b_qp(body)
    if named == "base64":
        return _decode_base64(body)
    return body


def _decode_base64(body: bytes) -> bytes:
    kept = re.sub(rb"[^A-Za-z0-9+/]+", b"", body)
    try:
        return a2b_base64(kept[: len(kept) // 4 * 4])
    except Error:
        return b""
