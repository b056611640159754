"""Makes requests of messages.

A request carries one message: the versions of a message that Brevo takes together have no headers of their own in its
description, and every reader needs their own way to leave.

Source: Brevo's description of `SendTransacEmailRequest`; its pages "Idempotency for batch emails" and "Using sandbox
mode".
"""

import hashlib
import uuid
from collections.abc import Mapping
from typing import Any, Final, TypeAlias

from newsletter.message import Mailbox, one_line
from newsletter.providers.base import Message, Rejected
from newsletter.providers.base.letters import Letter, fill_in, plain_name, write_json

NAME_LENGTH: Final = 70
"""How long a name may be. Source: "Maximum length is 70 characters"."""

BrevoLetter: TypeAlias = Letter[None, bytes]
"""Its entry is the whole request."""


def prepare(message: Message, *, sandbox: bool) -> BrevoLetter | Rejected:
    """Make a letter of a message, or say why Brevo cannot carry it.

    Raises:
        ProviderError: The sender's address cannot be written.
    """
    filled = fill_in(message, "Brevo")
    if isinstance(filled, Rejected):
        return filled
    headers = {**_plain_headers(filled.headers), "X-Mailin-custom": f"delivery:{message.key}"}
    if sandbox:
        headers["X-Sib-Sandbox"] = "drop"
    body: dict[str, Any] = {
        "sender": _mailbox(filled.sender),
        "to": [_mailbox(filled.recipient)],
        "subject": _inert(filled.subject),
        "headers": headers,
    }
    if filled.reply_to:
        body["replyTo"] = _mailbox(filled.reply_to)
    if filled.html:
        body["htmlContent"] = _inert(filled.html, "&#123;")
    if filled.text:
        body["textContent"] = _inert(filled.text)
    headers["idempotencyKey"] = _key_of(body)
    entry = write_json(body)
    return Letter(message.key, None, filled.recipient.address, entry, len(entry))


def _key_of(body: Mapping[str, Any]) -> str:
    """Make the key under which a request is carried out only once: equal requests have equal keys."""
    return str(uuid.UUID(bytes=hashlib.sha256(write_json(body)).digest()[:16], version=4))


def _plain_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Leave out encoded words: Brevo decodes them, and sends bytes that no header may hold."""
    plain = {name: value[value.rfind("<") :] if "=?" in value else value for name, value in headers.items()}
    return {name: value for name, value in plain.items() if len(value) > 1}


def _inert(text: str, brace: str = "{\u200b") -> str:
    """Keep Brevo from reading what a message says as its own language of templates."""
    return text.replace("{{", brace + brace).replace("{%", f"{brace}%")


def _mailbox(mailbox: Mailbox) -> dict[str, str]:
    """Write a mailbox: Brevo drops names with both punctuation and letters beyond ASCII."""
    name = one_line(mailbox.name) if mailbox.name.isascii() else plain_name(mailbox.name)
    short = name[:NAME_LENGTH].strip()
    return {"email": mailbox.address, "name": short} if short else {"email": mailbox.address}
