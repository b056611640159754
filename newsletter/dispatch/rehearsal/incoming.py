"""Cuts what an SMTP client sends into commands, contents and chunks, however the network has divided it."""

from typing import Final

LONGEST_LINE: Final = 4096
END: Final = b"\r\n.\r\n"


class TooLongError(Exception):
    """A command has no end."""


class Incoming:
    """Takes octets as they come; asks nobody what they mean."""

    def __init__(self) -> None:
        self._octets = bytearray()
        self._searched = 0

    def __len__(self) -> int:
        return len(self._octets)

    def feed(self, octets: bytes) -> None:
        """Take what came."""
        self._octets += octets

    def line(self) -> bytes | None:
        """Give the next command without its line end, or None when more must come.

        Raises:
            TooLongError: It has no end.
        """
        end = self._octets.find(b"\r\n")
        if end < 0:
            if len(self._octets) > LONGEST_LINE:
                raise TooLongError
            return None
        line = bytes(self._octets[:end])
        del self._octets[: end + 2]
        return line

    def content(self) -> bytes | None:
        """Give a content up to its final dot, which is left out, with the dots of its lines as they were written.

        Source: RFC 5321 §4.5.2.
        """
        if self._octets.startswith(b".\r\n"):
            del self._octets[:3]
            return b""
        end = self._octets.find(END, self._searched)
        if end < 0:
            # The end may have come in part.
            self._searched = max(len(self._octets) - len(END) + 1, 0)
            return None
        content = bytes(self._octets[: end + 2])
        del self._octets[: end + len(END)]
        self._searched = 0
        content = content.replace(b"\r\n..", b"\r\n.")
        return content[1:] if content.startswith(b"..") else content

    def chunk(self, size: int) -> bytes | None:
        """Give a chunk of so many octets, or None when more must come. Source: RFC 3030 §2."""
        if len(self._octets) < size:
            return None
        chunk = bytes(self._octets[:size])
        del self._octets[:size]
        return chunk
