"""Makes requests of messages.

Source: Resend's OpenAPI description of `SendEmailRequest`; its page "Idempotency Keys".
"""

import hashlib
from collections.abc import Sequence
from typing import Any, Final, TypeAlias

from newsletter.providers.base import Message, Rejected
from newsletter.providers.base.grouping import Room
from newsletter.providers.base.letters import (
    OWN_HEADERS,
    Letter,
    join_headers,
    own_address,
    plain_name,
    read_content,
    reader_address,
    write_json,
)

MAXIMUM_BYTES: Final = 40_000_000
"""How large a message may be. Source: Resend's page "Attachments"; requests keep to it too, as it does not say more."""

ResendLetter: TypeAlias = Letter[None, bytes]
"""Its entry is the message as JSON."""


def make_room(batch: int) -> Room:
    """Say what one request can hold."""
    return Room(batch, MAXIMUM_BYTES, lambda _: len("[]"))


def prepare(message: Message) -> ResendLetter | Rejected:
    """Make a letter of a message, or say why Resend cannot carry it.

    Raises:
        ProviderError: The sender's address cannot be written.
    """
    address = reader_address(message, "Resend")
    if isinstance(address, Rejected):
        return address
    content = read_content(message, "Resend")
    if isinstance(content, Rejected):
        return content
    shared, personal = message.parts()
    body: dict[str, Any] = {
        "from": _mailbox(own_address(shared.sender, "Resend"), shared.sender.name),
        "to": [_mailbox(address, message.recipient.name)],
        "subject": content.subject,
        "headers": join_headers(shared, personal, OWN_HEADERS),
        "tags": [{"name": "delivery", "value": message.key}],
    }
    if shared.reply_to:
        body["reply_to"] = [_mailbox(own_address(shared.reply_to, "Resend"), shared.reply_to.name)]
    if content.html:
        body["html"] = content.html
    if content.text:
        body["text"] = content.text
    entry = write_json(body)
    if len(entry) > MAXIMUM_BYTES - len("[]"):
        return Rejected(message.key, "the message is larger than Resend takes, which is 40 MB")
    return Letter(message.key, None, address, entry, len(entry) + len(","))


def write_body(letters: Sequence[ResendLetter]) -> tuple[bytes, str]:
    """Write a request, and the key under which it is carried out only once: equal requests have equal keys."""
    body = b"[" + b",".join([letter.entry for letter in letters]) + b"]"
    return body, hashlib.sha256(body).hexdigest()


def _mailbox(address: str, name: str) -> str:
    """Write a mailbox: Resend refuses names that are quoted or encoded, and wants letters as they are."""
    clean = plain_name(name)
    return f"{clean} <{address}>" if clean else address
