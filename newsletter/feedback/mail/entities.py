"""Takes a message apart into its parts, however it is made, and within bounds.

Not by the standard library, which takes minutes for what somebody may send on purpose: it asks every enclosing boundary
about every line. Here a part that cannot be read is plain text, and what is beyond the bounds is not looked at.

Source: RFC 5322 §2.2, RFC 2045 §5 and §6, RFC 2046 §5.1.
"""

import re
from binascii import Error, a2b_base64, a2b_qp
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.errors import HeaderParseError
from email.header import decode_header
from functools import cached_property
from typing import Final

from newsletter.errors import FeedbackError
from newsletter.feedback.mail.charsets import decode, html_to_text
from newsletter.message import one_line

LARGEST: Final = 32 * 1024 * 1024
"""How many octets a message may have."""
DEEPEST: Final = 12
"""How many parts may stand within each other; what is deeper is not looked at."""
MOST_PARTS: Final = 300
LONGEST_HEADER: Final = 128 * 1024
MOST_FIELDS: Final = 1_000
LONGEST_TEXT: Final = 128 * 1024
LONGEST_FIELD: Final = 8_000

_BEGINS_FIELD: Final = re.compile(r"[!-9;-~]{1,76}[ \t]{0,8}:")
_PARAMETER: Final = re.compile(r';\s{0,100}([\w*-]{1,40})\s{0,10}=\s{0,10}(?:"([^"]{0,500})"|([^\s;"]{1,500}))')
_EMPTY_LINE: Final = re.compile(rb"\n[ \t]{0,80}\n")


@dataclass(frozen=True)
class Entity:
    """A message or a part of one.

    Attributes:
        fields: The header: names in small letters, values unfolded and as they are written.
        body: What follows the header, with bare line feeds, not decoded.
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
        raw = decode_transfer(self.body[:LONGEST_TEXT], self.value("content-transfer-encoding"))
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


def read_entity(content: bytes) -> Entity:
    """Take a message apart.

    Raises:
        FeedbackError: It is larger than any report is.
    """
    if len(content) > LARGEST:
        raise FeedbackError(
            f"a message of {len(content)} bytes is larger than {LARGEST}, the most that is read",
            remedy="Look at it yourself, and take it out of the mailbox.",
        )
    unified = content.replace(b"\r\r\n", b"\n").replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return _Reader().read(_without_mailbox_line(unified), 0)


def read_quoted(text: str, depth: int) -> Entity | None:
    """Read the message that a text quotes line by line, as programs forward one; None where it quotes none."""
    quoted = [line[1:].removeprefix(" ") for line in text.split("\n") if line.startswith(">")]
    begins = next((number for number, line in enumerate(quoted) if _BEGINS_FIELD.match(line)), None)
    if begins is None:
        return None
    entity = _Reader().read("\n".join(quoted[begins:]).encode("utf-8", "replace"), depth)
    return entity if entity.value("from") and entity.value("subject") else None


def read_header(text: str) -> tuple[tuple[str, str], ...]:
    """Read header fields out of text; what is none is passed over, but for the lines that continue one."""
    found: list[tuple[str, list[str]]] = []
    for line in text.split("\n"):
        if line[:1] in (" ", "\t"):
            if found:
                found[-1][1].append(line.strip())
        elif _BEGINS_FIELD.match(line):
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


class _Reader:
    """Reads one message, and counts its parts."""

    def __init__(self) -> None:
        self._left = MOST_PARTS

    def read(self, content: bytes, depth: int) -> Entity:
        self._left -= 1
        head, body = _split_head(content)
        entity = Entity(read_header(decode(head, "")), body, depth=depth)
        if depth >= DEEPEST:
            return entity
        return Entity(entity.fields, body, tuple(self._parts(entity)), depth)

    def _parts(self, entity: Entity) -> Iterator[Entity]:
        if entity.type.startswith("multipart/"):
            boundary = entity.parameters.get("boundary", "").encode("utf-8", "replace").rstrip()
            pieces = list(_split(entity.body, boundary)) or list(_split(entity.body, _guess_boundary(entity.body)))
            for piece in pieces:
                if self._left <= 0:
                    return
                part = self.read(piece, entity.depth + 1)
                in_digest = entity.type == "multipart/digest" and not part.is_typed
                yield self._as_message(part) if in_digest else part
        elif entity.type in ("message/rfc822", "message/global") and self._left > 0:
            encoding = entity.value("content-transfer-encoding")
            within = decode_transfer(entity.body, encoding).replace(b"\r\n", b"\n")
            yield self.read(_without_mailbox_line(within.lstrip(b"\n")), entity.depth + 1)

    def _as_message(self, part: Entity) -> Entity:
        """Read a part of a digest as the message that it is, also where it leaves out the header of its own."""
        within = part if part.fields else self.read(part.body, part.depth)
        return Entity((("content-type", "message/rfc822"),), b"", (within,), part.depth)


def _split_head(content: bytes) -> tuple[bytes, bytes]:
    """Split a header from a body; a text that begins with no field has no header."""
    if content.startswith(b"\n"):
        return b"", content[1:]
    first = content[:200].partition(b"\n")[0].decode("latin-1")
    if not _BEGINS_FIELD.match(first) or first.startswith(("http:", "https:")):
        return b"", content
    end = _EMPTY_LINE.search(content, 0, LONGEST_HEADER)
    if end is None:
        # A header without an end: what was cut off, or somebody's million lines.
        return content[:LONGEST_HEADER], b""
    return content[: end.start()], content[end.end() :]


def _split(body: bytes, boundary: bytes) -> Iterator[bytes]:
    """Give what stands between the lines of a boundary; of a message that was cut off, also what was begun."""
    if not boundary:
        return
    mark = b"\n--" + boundary
    text = b"\n" + body
    start = text.find(mark)
    while start >= 0:
        end_of_line = text.find(b"\n", start + 1)
        line = text[start + 1 : end_of_line if end_of_line >= 0 else len(text)]
        rest = line[len(mark) - 1 :].rstrip()
        following = text.find(mark, start + len(mark))
        if rest == b"--":
            return
        if not rest and end_of_line >= 0:
            yield text[end_of_line + 1 : following if following >= 0 else len(text)]
        start = following


def _guess_boundary(body: bytes) -> bytes:
    """Take the first line that looks like a boundary, where the header has lost it."""
    found = re.search(rb"(?:^|\n)--([^\s][^\n]{3,70}?)[ \t]*\n[Cc]ontent-", body[:LONGEST_TEXT])
    return found[1] if found else b""


def _without_mailbox_line(content: bytes) -> bytes:
    """Take off the line that mbox files begin a message with."""
    return content.partition(b"\n")[2] if re.match(rb"(?i:>?From )[^\n]{1,300}\n", content) else content


def _decode_base64(body: bytes) -> bytes:
    kept = re.sub(rb"[^A-Za-z0-9+/]+", b"", body)
    try:
        return a2b_base64(kept[: len(kept) // 4 * 4])
    except Error:
        return b""
