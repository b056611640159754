"""One message that a mail system hands over on standard input."""

from collections.abc import Iterator
from datetime import datetime
from typing import BinaryIO

from newsletter.feedback.mail.mailboxes.base import MOST_READ, Incoming, identify


class StandardInput:
    """One message; the mail system keeps it until the program has ended well.

    Args:
        stream: What it is read from.
        now: When it came; aware.
    """

    def __init__(self, stream: BinaryIO, now: datetime) -> None:
        self._stream = stream
        self._now = now

    def waiting(self) -> Iterator[Incoming]:
        """Give the message; nothing where there is none."""
        content = self._stream.read(MOST_READ)
        if content.strip():
            yield Incoming(identify(content), content, self._now, "standard input")

    def keep(self, incoming: Incoming) -> None:
        """Do nothing: whoever handed it over takes the exit code 0 for it."""
