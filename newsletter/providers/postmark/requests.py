"""Makes requests of messages.

Source: Postmark's reference of POST /email/batch; its pages on message streams and on custom metadata.
"""

import re
from collections.abc import Sequence
from typing import Any, Final, TypeAlias

from newsletter.message import one_line
from newsletter.providers.base import Message, Rejected
from newsletter.providers.base.grouping import Room
from newsletter.providers.base.letters import (
    OWN_HEADERS,
    Letter,
    join_headers,
    own_address,
    read_content,
    reader_address,
    write_json,
)

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
    address = reader_address(message, "Postmark")
    if isinstance(address, Rejected):
        return address
    content = read_content(message, "Postmark")
    if isinstance(content, Rejected):
        return content
    shared, personal = message.parts()
    sender = own_address(shared.sender, "Postmark")
    headers = join_headers(shared, personal, OWN_HEADERS)
    # Postmark writes an identifier of its own unless it is told to keep ours.
    headers["Message-ID"] = f"<{message.key}@{sender.rpartition('@')[2]}>"
    headers["X-PM-KeepID"] = "true"
    body: dict[str, Any] = {
        "From": _mailbox(sender, shared.sender.name),
        "To": _mailbox(address, message.recipient.name),
        "Subject": content.subject,
        "Headers": [{"Name": name, "Value": value} for name, value in headers.items()],
        "Metadata": {"delivery": message.key},
        "MessageStream": stream,
        "TrackOpens": False,
        "TrackLinks": "None",
    }
    if shared.reply_to:
        body["ReplyTo"] = _mailbox(own_address(shared.reply_to, "Postmark"), shared.reply_to.name)
    if content.html:
        body["HtmlBody"] = content.html
    if content.text:
        body["TextBody"] = content.text
    entry = write_json(body)
    if len(entry) > MAXIMUM_MESSAGE_BYTES:
        return Rejected(message.key, "the message is larger than Postmark takes, which is 10 MB")
    return Letter(message.key, stream, address, entry, len(entry) + len(","))


def write_body(letters: Sequence[PostmarkLetter]) -> bytes:
    """Write a request."""
    return b"[" + b",".join([letter.entry for letter in letters]) + b"]"


def _mailbox(address: str, name: str) -> str:
    """Write a mailbox; Postmark wants a name with punctuation in quotes, and encodes other letters itself."""
    clean = _QUOTED.sub(r"\\\1", one_line(name))
    return f'"{clean}" <{address}>' if clean else address
