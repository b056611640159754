"""Takes a message apart into its parts, however it is made, and within bounds.

Not by the standard library, which takes minutes for what somebody may send on purpose: it asks every enclosing
boundary about every line. Here a part that cannot be read is plain text, what is beyond the bounds is not looked at,
and nothing is copied for each part that stands in another.

Source: RFC 5322 §2.2, RFC 2045 §5 and §6, RFC 2046 §5.1.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from newsletter.errors import FeedbackError
from newsletter.feedback.mail.charsets import decode
from newsletter.feedback.mail.entities import BEGINS_FIELD, LONGEST_TEXT, Entity, decode_transfer, read_header

LARGEST: Final = 32 * 1024 * 1024
"""How many octets a message may have."""
DEEPEST: Final = 12
"""How many parts may stand within each other; what is deeper is not looked at."""
MOST_PARTS: Final = 300
LONGEST_HEADER: Final = 128 * 1024
LONGEST_PREAMBLE: Final = 400
LONGEST_DECODED: Final = 4 * 1024 * 1024
"""How much of a message within a message is looked at where it is encoded as a whole, which it may not be."""

_EMPTY_LINE: Final = re.compile(rb"\n[ \t]{0,80}\n")
_LINE_OF_BLANKS: Final = re.compile(rb"[ \t]{0,998}\n")
_MAILBOX_LINE: Final = re.compile(rb"(?i:>?From )[^\n]{1,300}\n")
_BOUNDARY_LINE: Final = re.compile(rb"(?:^|\n)--([^\s][^\n]{3,70}?)[ \t]*\n[Cc]ontent-")
_MESSAGES: Final = frozenset({"message/rfc822", "message/global"})


@dataclass(frozen=True, slots=True)
class _Span:
    """A piece of a message, without a copy of it."""

    content: bytes
    start: int
    end: int

    def head(self, length: int) -> bytes:
        return self.content[self.start : min(self.end, self.start + length)]


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
    return _Reader().read(_message(unified, 0, len(unified)), 0)


def read_quoted(text: str, depth: int) -> Entity | None:
    """Read the message that a text quotes line by line, as programs forward one; None where it quotes none."""
    quoted = [line[1:].removeprefix(" ") for line in text.split("\n") if line.startswith(">")]
    begins = next((number for number, line in enumerate(quoted) if BEGINS_FIELD.match(line)), None)
    if begins is None:
        return None
    content = "\n".join(quoted[begins:]).encode("utf-8", "replace")
    entity = _Reader().read(_Span(content, 0, len(content)), depth)
    return entity if entity.value("from") and entity.value("subject") else None


class _Reader:
    """Reads one message, and counts its parts."""

    def __init__(self) -> None:
        self._left = MOST_PARTS

    def read(self, span: _Span, depth: int) -> Entity:
        self._left -= 1
        head, body = _split_head(span)
        entity = Entity(read_header(decode(head, "")), body.head(LONGEST_TEXT), depth=depth)
        parts = tuple(self._parts(entity, body)) if depth < DEEPEST else ()
        return replace(entity, body=b"", parts=parts) if parts else entity

    def _parts(self, entity: Entity, body: _Span) -> Iterator[Entity]:
        if entity.type in _MESSAGES and self._left > 0:
            yield self.read(_message_within(body, entity.value("content-transfer-encoding")), entity.depth + 1)
        if not entity.type.startswith("multipart/") and entity.is_typed:
            return
        declared = entity.parameters.get("boundary", "").encode("utf-8", "replace").rstrip()
        # A text that nobody calls a multipart is one if it begins as such; further on it may only quote one.
        looked_at = LONGEST_TEXT if entity.is_typed else LONGEST_PREAMBLE
        for piece in _split(body, declared) or _split(body, _guess_boundary(body.head(looked_at))):
            if self._left <= 0:
                return
            part = self.read(piece, entity.depth + 1)
            in_digest = entity.type == "multipart/digest" and not part.is_typed
            yield self._as_message(part, piece) if in_digest else part

    def _as_message(self, part: Entity, piece: _Span) -> Entity:
        """Read a part of a digest as the message that it is, also where it leaves out the header of its own."""
        within = part if part.fields else self.read(_message(piece.content, piece.start, piece.end), part.depth)
        return Entity((("content-type", "message/rfc822"),), b"", (within,), part.depth)


def _message(content: bytes, start: int, end: int) -> _Span:
    """Begin a message where it begins: behind empty lines, and the line that mbox files put before each."""
    while empty := _LINE_OF_BLANKS.match(content, start, end):
        start = empty.end()
    found = _MAILBOX_LINE.match(content, start, end)
    return _Span(content, found.end() if found else start, end)


def _message_within(body: _Span, encoding: str) -> _Span:
    if encoding.strip().lower() not in ("base64", "quoted-printable"):
        return _message(body.content, body.start, body.end)
    decoded = decode_transfer(body.head(LONGEST_DECODED), encoding).replace(b"\r\n", b"\n")
    return _message(decoded, 0, len(decoded))


def _split_head(span: _Span) -> tuple[bytes, _Span]:
    """Split a header from a body; a text that begins with no field has no header."""
    content, start, end = span.content, span.start, span.end
    if content[start : start + 1] == b"\n":
        return b"", _Span(content, start + 1, end)
    first = span.head(200).partition(b"\n")[0].decode("latin-1")
    if not BEGINS_FIELD.match(first) or first.startswith(("http:", "https:")):
        return b"", span
    found = _EMPTY_LINE.search(content, start, min(end, start + LONGEST_HEADER))
    if found is None:
        # A header without an end: what was cut off, or somebody's million lines.
        return span.head(LONGEST_HEADER), _Span(content, end, end)
    return content[start : found.start()], _Span(content, found.end(), end)


def _split(body: _Span, boundary: bytes) -> list[_Span]:
    """Give what stands between the lines of a boundary; of a message that was cut off, also what was begun."""
    if not boundary:
        return []
    pieces: list[_Span] = []
    begun: int | None = None
    for start, after, is_last in _boundary_lines(body, b"--" + boundary):
        if begun is not None:
            pieces.append(_Span(body.content, begun, max(begun, start - 1)))
        begun = None if is_last else after
        if is_last or len(pieces) >= MOST_PARTS:
            break
    if begun is not None and begun < body.end and len(pieces) < MOST_PARTS:
        pieces.append(_Span(body.content, begun, body.end))
    return pieces


def _boundary_lines(body: _Span, mark: bytes) -> Iterator[tuple[int, int, bool]]:
    """Give where each line of a boundary begins, where the next line does, and whether it is the last of its kind."""
    content = body.content
    start = content.find(mark, body.start, body.end)
    while start >= 0:
        end_of_line = content.find(b"\n", start, body.end)
        end_of_line = body.end if end_of_line < 0 else end_of_line
        rest = content[start + len(mark) : min(end_of_line, start + len(mark) + 100)].rstrip()
        begins_line = start == body.start or content[start - 1 : start] == b"\n"
        if begins_line and rest in (b"", b"--"):
            yield start, min(end_of_line + 1, body.end), rest == b"--"
        start = content.find(mark, start + len(mark), body.end)


def _guess_boundary(beginning: bytes) -> bytes:
    """Take the first line that looks like a boundary, where the header has lost it."""
    found = _BOUNDARY_LINE.search(beginning)
    return found[1] if found else b""
