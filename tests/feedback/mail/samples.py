"""What a sample notice is: the message, and what it tells."""

from dataclasses import dataclass

from newsletter.providers.base.feedback import EventKind, Fault
from support.returned_mail import READER

BOUNCED, DELAYED = EventKind.BOUNCED, EventKind.DELAYED
ADDRESS, MAILBOX, SENDER, MESSAGE, NETWORK = Fault.ADDRESS, Fault.MAILBOX, Fault.SENDER, Fault.MESSAGE, Fault.NETWORK
OTHER = "joris@lezer.example"


@dataclass(frozen=True)
class Sample:
    """A notice, and what it tells of each recipient: kind, fault, address, status."""

    content: bytes
    told: tuple[tuple[EventKind, Fault, str, str], ...]


def one(content: bytes, fault: Fault, status: str = "", kind: EventKind = BOUNCED, to: str = READER) -> Sample:
    return Sample(content, ((kind, fault, to, status),))
