"""Makes requests of messages.

Source: Postmark's reference of POST /email/batch; its pages on message streams and on custom metadata.
"""

import re
from collections.abc import Sequence
from typing import Any, Final, TypeAlias

from newsletter.message import Mailbox, one_line
from newsletter.providers.base import Message, Rejected
from newsletter.providers.base.grouping import Room
from newsletter.providers.base.letters import Letter, fill_in, write_json

MAXIMUM_BYTES: Final = 50_000_000
"""How large a request may be. Source: "up to 50 MB payload size, including attachments"."""
MAXIMUM_MESSAGE_BYTES: Final = 10_000_000
"""How large a message may be. Source: "Postmark's size limit of 10 MB for our Email API"."""
_QUOTED: Final = re.compile(r'(["\\])')

PostmarkLetter: TypeAlias = Letter[str, bytes]
"""Its entry is the message as JSON; its kind is the stream."""


def make_room(batch: int) -> Room:
    """Say what one request can hold."""
    return Room(batch, MAXIMUM_BYTES, lambda _: len("[]"))


def prepare(message: Message, stream: str) -> PostmarkLetter | Rejected:
    """Make a letter of a message, or say why Postmark cannot carry it.

    Raises:
        ProviderError: The sender's address cannot be written.
    """
    filled = fill_in(message, "Postmark")
    if isinstance(filled, Rejected):
        return filled
    # Postmark writes an identifier of its own unless it is told to keep ours.
    identifier = f"<{message.key}@{filled.sender.address.rpartition('@')[2]}>"
    headers = {**filled.headers, "Message-ID": identifier, "X-PM-KeepID": "true"}
    body: dict[str, Any] = {
        "From": _mailbox(filled.sender),
        "To": _mailbox(filled.recipient),
        "Subject": filled.subject,
        "Headers": [{"Name": name, "Value": value} for name, value in headers.items()],
        "Metadata": {"delivery": message.key},
        "MessageStream": stream,
        "TrackOpens": False,
        "TrackLinks": "None",
    }
    if filled.reply_to:
        body["ReplyTo"] = _mailbox(filled.reply_to)
    if filled.html:
        body["HtmlBody"] = filled.html
    if filled.text:
        body["TextBody"] = filled.text
    entry = write_json(body)
    if len(entry) > MAXIMUM_MESSAGE_BYTES:
        return Rejected(message.key, "the message is larger than Postmark takes, which is 10 MB")
    return Letter(message.key, stream, filled.recipient.address, entry, len(entry) + len(","))


def write_body(letters: Sequence[PostmarkLetter]) -> bytes:
    """Write a request."""
    return b"[" + b",".join([letter.entry for letter in letters]) + b"]"


def _mailbox(mailbox: Mailbox) -> str:
    """Write a mailbox; Postmark wants a name with punctuation in quotes, and encodes other letters itself."""
    name = _QUOTED.sub(r"\\\1", one_line(mailbox.name))
    return f'"{name}" <{mailbox.address}>' if name else mailbox.address
