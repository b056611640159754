"""What comes back about a message after it was handed over, in one vocabulary for all that report it.

A provider that reports by webhook offers `read_webhook(request, settings, fetch)` beside `Settings` and `open`;
everything else about feedback (storing it once, applying it) is not its business. Mail that comes back (bounces,
complaints, requests to leave) is read into the same events by `newsletter.feedback`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol, TypeAlias

from newsletter.message import DeliveryKey


class EventKind(StrEnum):
    """What happened."""

    ACCEPTED = "accepted"
    """The provider took the message and goes on with it."""
    DELIVERED = "delivered"
    """The reader's mail system took it."""
    DELAYED = "delayed"
    """It was refused for now; whoever has it tries again."""
    BOUNCED = "bounced"
    """It was refused for good, or given up; `Fault` says whose fault that is."""
    DROPPED = "dropped"
    """The provider did not even try, such as for an address on a list of its own."""
    COMPLAINED = "complained"
    """The reader called it spam."""
    UNSUBSCRIBED = "unsubscribed"
    """The reader asked to be left alone, by mail or by a page of the provider's."""
    OPENED = "opened"
    CLICKED = "clicked"
    OTHER = "other"
    """Anything else, also what no version of this program knows yet; it is kept and changes nothing."""


class Fault(StrEnum):
    """What a bounce or a delay blames."""

    ADDRESS = "address"
    """There is no such mailbox or domain, for good; the only fault that suppresses at once (RFC 3463: x.1.1 …)."""
    MAILBOX = "mailbox"
    """The mailbox is full, switched off or not allowed to receive."""
    SENDER = "sender"
    """We are refused: a block list, authentication, a rule or a limit. It says nothing of the reader."""
    MESSAGE = "message"
    """This message is refused: its size, its form or its content."""
    NETWORK = "network"
    """The reader's mail system could not be reached, or failed."""
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class FeedbackEvent:
    """One thing that happened to one recipient's message.

    Args:
        source: Who reports it: a provider's name, or `mail`.
        at: When it happened, as the source says; aware. When the report arrived, where the source says nothing that can
            be true.
        key: The delivery's key, where the source gives it back; only by it an event is attributed.
        recipient: The address that the source names; empty where it names none. It is never kept as it is.
        reference: The provider's own identifier of the message.
        status: An enhanced status code such as `5.1.1` (RFC 3463); empty where there is none.
        reply: What was said, in one line without addresses.
        fault: What a bounce, a drop or a delay blames.
        detail: The source's own words for what happened, from the general to the special, such as `group_unsubscribe`
            or `Bounce/Permanent/NoEmail`.
    """

    kind: EventKind
    source: str
    at: datetime
    key: DeliveryKey | None = None
    recipient: str = field(default="", repr=False)
    reference: str = ""
    status: str = ""
    reply: str = ""
    fault: Fault | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class WebhookRequest:
    """A request as it came in.

    Args:
        headers: Names in lower case; of several equal ones the last.
        body: The raw octets, which the signature is over.
        at: When it arrived; aware.
    """

    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    at: datetime


Fetch: TypeAlias = Callable[[str], bytes]
"""Fetches a small document over HTTPS, guarded: a certificate that is published, or a page that confirms something.

Raises:
    FetchError: It cannot be fetched.
"""


class WebhookReader(Protocol):
    """What `read_webhook` of a provider's module is."""

    def __call__(self, request: WebhookRequest, settings: Any, fetch: Fetch) -> Sequence[FeedbackEvent]:
        """Check who made a request, and read what it tells; event by event in its order.

        Whatever the request holds, this gives events or raises one of the errors below. The same request gives equal
        events however often it is read: that nothing of it is applied twice is the business of who stores them.

        Raises:
            WebhookRefused: The proof is missing or wrong, the request is older than it may be, or it is not of the
                form that the provider writes. To send it once more is of no use.
            SettingsError: What it is to be checked against is not set; it may be sent once more.
            FetchError: What it is to be checked against cannot be fetched; it may be sent once more.
        """
