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

from newsletter.message import one_line
from newsletter.providers.base import Message, Rejected
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

NAME_LENGTH: Final = 70
"""How long a name may be. Source: "Maximum length is 70 characters"."""

BrevoLetter: TypeAlias = Letter[None, bytes]
"""Its entry is the whole request."""


def prepare(message: Message, *, sandbox: bool) -> BrevoLetter | Rejected:
    """Make a letter of a message, or say why Brevo cannot carry it.

    Raises:
        ProviderError: The sender's address cannot be written.
    """
    address = reader_address(message, "Brevo")
    if isinstance(address, Rejected):
        return address
    content = read_content(message, "Brevo")
    if isinstance(content, Rejected):
        return content
    shared, personal = message.parts()
    headers = {
        **_plain_headers(join_headers(shared, personal, OWN_HEADERS)),
        "X-Mailin-custom": f"delivery:{message.key}",
    }
    if sandbox:
        headers["X-Sib-Sandbox"] = "drop"
    body: dict[str, Any] = {
        "sender": _mailbox(own_address(shared.sender, "Brevo"), shared.sender.name),
        "to": [_mailbox(address, message.recipient.name)],
        "subject": _inert(content.subject),
        "headers": headers,
    }
    if shared.reply_to:
        body["replyTo"] = _mailbox(own_address(shared.reply_to, "Brevo"), shared.reply_to.name)
    if content.html:
        body["htmlContent"] = _inert(content.html, "&#123;")
    if content.text:
        body["textContent"] = _inert(content.text)
    headers["idempotencyKey"] = _key_of(body)
    entry = write_json(body)
    return Letter(message.key, None, address, entry, len(entry))


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


def _mailbox(address: str, name: str) -> dict[str, str]:
    """Write a mailbox: Brevo drops names with both punctuation and letters beyond ASCII."""
    clean = (one_line(name) if name.isascii() else plain_name(name))[:NAME_LENGTH].strip()
    return {"email": address, "name": clean} if clean else {"email": address}
