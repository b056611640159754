"""A message as it leaves: its header, its body, and whether anybody has to look through the body before.

A body of many readers is made of pieces that hardly differ. Whoever makes it looks through the common ones once, and
then nobody looks through the whole of it for every reader.
"""

import io
from dataclasses import dataclass

from newsletter.message.searching import as_text, search_for

_holds_first_dot = search_for("\r\n.")
_holds_two_spaces = search_for("  ")
_holds_last_space = search_for(" \r\n")


@dataclass(frozen=True, slots=True)
class Content:
    """A message.

    Args:
        head: The header, with the empty line that ends it.
        body: What comes after that.
        is_plain: That `is_plain` says so of the body.
    """

    head: bytes
    body: bytes
    is_plain: bool = False

    @property
    def size(self) -> int:
        """How many octets it has."""
        return len(self.head) + len(self.body)

    @property
    def octets(self) -> bytes:
        """The whole of it."""
        return self.head + self.body


def split(octets: bytes) -> Content:
    """Take a whole message for its parts; its body is to be looked through."""
    head, empty_line, body = octets.partition(b"\r\n\r\n")
    return Content(head + empty_line, body)


def looked_through(octets: bytes) -> Content:
    """Take a whole message for its parts, and look through its body."""
    content = split(octets)
    return Content(content.head, content.body, is_plain(content.body))


def is_plain(octets: bytes) -> bool:
    """Tell whether octets go over every wire as they are, and are in a signature as they are.

    They are whole lines of ASCII that end with CRLF. None begins with a dot or ends with a space, and nowhere are two
    spaces or a tab. Pieces of which all this is so can be joined, and it is so of the whole.
    """
    if not octets:
        return True
    if not (octets.isascii() and octets.endswith(b"\r\n") and has_whole_line_ends(octets)):
        return False
    text = as_text(octets)
    is_as_signed = "\t" not in text and not _holds_two_spaces(text) and not _holds_last_space(text)
    return is_as_signed and not holds_first_dot(octets)


def has_whole_line_ends(octets: bytes) -> bool:
    """Tell whether every CR and LF is part of a CRLF; others let text pass for commands. RFC 5321 §2.3.8."""
    # This decoder of the standard library notes in one pass which line ends it meets; counting takes several.
    decoder = io.IncrementalNewlineDecoder(None, translate=False)
    decoder.decode(as_text(octets), final=True)
    return decoder.newlines in (None, "\r\n")


def holds_first_dot(octets: bytes) -> bool:
    """Tell whether a line begins with a dot."""
    return octets.startswith(b".") or _holds_first_dot(as_text(octets))
