"""What every way to mail that came back offers: the messages that wait, and a place to say that one is kept."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from newsletter.feedback.mail.dissecting import LARGEST

MOST_READ = LARGEST + 1
"""How many octets of a message are taken; one more than `read_mail` takes, so that it refuses what is larger."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """A message that came back.

    Attributes:
        identifier: The same however often the message is given, and by whatever way.
        content: As it was received.
        received_at: When it was; aware.
        place: What the mailbox itself knows it by.
    """

    identifier: str
    content: bytes = field(repr=False)
    received_at: datetime
    place: str


class Mailbox(Protocol):
    """A place where mail that came back waits."""

    def waiting(self) -> Iterator[Incoming]:
        """Give every message that is not known to be kept, the oldest first.

        Raises:
            FeedbackError: The mailbox cannot be read.
        """

    def keep(self, incoming: Incoming) -> None:
        """Take note that what a message tells is stored; from now on it does not wait.

        Who is killed before this is given the message again, and stores it a second time, which changes nothing.

        Raises:
            FeedbackError: The mailbox cannot be changed.
        """


def identify(content: bytes) -> str:
    """Make a message's identifier from what it says, whatever its line ends."""
    return hashlib.sha256(content.replace(b"\r\n", b"\n")).hexdigest()
