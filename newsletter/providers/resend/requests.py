"""Makes requests of messages.

Source: Resend's OpenAPI description of `SendEmailRequest`; its page "Idempotency Keys".
"""

import hashlib
from collections.abc import Sequence
from typing import Any, Final, TypeAlias

from newsletter.message import Mailbox
from newsletter.providers.base import Message, Rejected
from newsletter.providers.base.grouping import Room
from newsletter.providers.base.letters import Letter, fill_in, plain_name, write_json

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
    filled = fill_in(message, "Resend")
    if isinstance(filled, Rejected):
        return filled
    body: dict[str, Any] = {
        "from": _mailbox(filled.sender),
        "to": [_mailbox(filled.recipient)],
        "subject": filled.subject,
        "headers": filled.headers,
        "tags": [{"name": "delivery", "value": message.key}],
    }
    if filled.reply_to:
        body["reply_to"] = [_mailbox(filled.reply_to)]
    if filled.html:
        body["html"] = filled.html
    if filled.text:
        body["text"] = filled.text
    entry = write_json(body)
    if len(entry) > MAXIMUM_BYTES - len("[]"):
        return Rejected(message.key, "the message is larger than Resend takes, which is 40 MB")
    return Letter(message.key, None, filled.recipient.address, entry, len(entry) + len(","))


def write_body(letters: Sequence[ResendLetter]) -> tuple[bytes, str]:
    """Write a request, and the key under which it is carried out only once: equal requests have equal keys."""
    body = b"[" + b",".join([letter.entry for letter in letters]) + b"]"
    return body, hashlib.sha256(body).hexdigest()


def _mailbox(mailbox: Mailbox) -> str:
    """Write a mailbox: Resend refuses names that are quoted or encoded, and wants letters as they are."""
    name = plain_name(mailbox.name)
    return f"{name} <{mailbox.address}>" if name else mailbox.address
