"""Makes requests of messages: which may travel together, and what is written about each.

Source: SendGrid's reference of POST /v3/mail/send, and its page "Errors" of Mail Send.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any, Final, TypeAlias

from newsletter.message import Mailbox, one_line
from newsletter.providers.base import Message, PersonalParts, Rejected, SharedParts
from newsletter.providers.base.letters import (
    Letter,
    fill,
    join_headers,
    own_address,
    placeholders,
    reader_address,
)

MAXIMUM_BYTES: Final = 30_000_000
"""How large a request may be. Source: "The total size of your email … must be less than 30MB"."""
MAXIMUM_SUBSTITUTIONS: Final = 10_000
"""How many bytes one reader's values may take. Source: "may not exceed 10,000 bytes per personalization"."""
RESERVED_HEADERS: Final = frozenset(
    {
        "x-sg-id",
        "x-sg-eid",
        "received",
        "dkim-signature",
        "content-type",
        "content-transfer-encoding",
        "to",
        "from",
        "subject",
        "reply-to",
        "cc",
        "bcc",
    }
)
"""Fields that a request may not set. Source: "You may not override the following headers"."""

_SEPARATOR: Final = 2  # json.dumps writes ", " between two personalizations
_OFF: Final = {"enable": False}


SendGridLetter: TypeAlias = Letter[SharedParts, Mapping[str, Any]]
"""Its kind is what it has in common with others; its own object when it must travel alone."""


def prepare(message: Message) -> SendGridLetter | Rejected:
    """Make a letter of a message, or say why SendGrid cannot carry it.

    Raises:
        ProviderError: The sender's address cannot be written.
    """
    wired = reader_address(message, "SendGrid")
    if isinstance(wired, Rejected):
        return wired
    shared, personal = message.parts()
    subject = one_line(fill(shared.subject, personal.values))
    if not subject:
        return Rejected(message.key, "SendGrid carries no message without a subject")
    alone = _must_go_alone(personal.values)
    if alone:
        shared, personal = _fill_all(shared, personal)
    if not (shared.html or shared.text):
        return Rejected(message.key, "SendGrid carries no message without content")
    letter = _letter(message, wired, shared, personal, subject, alone=alone)
    if _is_too_large(letter):
        return Rejected(message.key, "the message is larger than SendGrid takes, which is 30 MB")
    return letter


def make_body(shared: SharedParts, letters: Iterable[SendGridLetter], *, sandbox: bool) -> dict[str, Any]:
    """Write a request; SendGrid adds and changes nothing in the messages.

    Raises:
        ProviderError: The sender's address cannot be written.
    """
    content = [
        {"type": kind, "value": value}
        for kind, value in (("text/plain", shared.text), ("text/html", shared.html))
        if value
    ]
    body: dict[str, Any] = {
        "personalizations": [letter.entry for letter in letters],
        "from": _own_mailbox(shared.sender),
        "content": content,
        "tracking_settings": {
            "click_tracking": {"enable": False, "enable_text": False},
            "open_tracking": _OFF,
            "subscription_tracking": _OFF,
            "ganalytics": _OFF,
        },
        "mail_settings": {"footer": _OFF, "sandbox_mode": {"enable": sandbox}},
    }
    if shared.reply_to:
        body["reply_to"] = _own_mailbox(shared.reply_to)
    if subject := one_line(shared.subject):
        body["subject"] = subject
    return body


def _letter(
    message: Message, address: str, shared: SharedParts, personal: PersonalParts, subject: str, *, alone: bool
) -> SendGridLetter:
    personalization: dict[str, Any] = {"to": [_mailbox(address, message.recipient.name)]}
    if subject != one_line(shared.subject):
        # Filled in here: a value with a line break in it must not reach a header.
        personalization["subject"] = subject
    if personal.values:
        personalization["substitutions"] = dict(personal.values)
    # All fields are written for each reader: what a personalization says overrides what the request says under the
    # same name, and SendGrid does not say that `headers` is an exception.
    if headers := join_headers(shared, personal, RESERVED_HEADERS):
        personalization["headers"] = headers
    personalization["custom_args"] = {"delivery": message.key}
    size = len(json.dumps(personalization)) + _SEPARATOR
    return Letter(message.key, shared, address.casefold(), personalization, size, alone)


def _must_go_alone(values: Mapping[str, str]) -> bool:
    """Tell whether SendGrid cannot be trusted with filling in these values.

    Too many of them are refused; and one that holds a placeholder might be filled in itself.
    """
    if not values:
        return False
    names = tuple(values)
    size = len(json.dumps(dict(values), ensure_ascii=False).encode("utf-8", "replace"))
    found = any(map(placeholders(names).search, values.values()))
    return found or size > MAXIMUM_SUBSTITUTIONS or _overlap(names)


def _fill_all(shared: SharedParts, personal: PersonalParts) -> tuple[SharedParts, PersonalParts]:
    values = personal.values
    filled = replace(
        shared,
        subject=fill(shared.subject, values),
        html=fill(shared.html, values),
        text=fill(shared.text, values),
    )
    return filled, PersonalParts({}, personal.headers)


@lru_cache(maxsize=256)
def _overlap(names: Sequence[str]) -> bool:
    return any(one in other for one in names for other in names if one is not other)


def _own_mailbox(mailbox: Mailbox) -> dict[str, str]:
    return _mailbox(own_address(mailbox, "SendGrid"), mailbox.name)


def _mailbox(address: str, name: str) -> dict[str, str]:
    clean = one_line(name)
    return {"email": address, "name": clean} if clean else {"email": address}


def _is_too_large(letter: SendGridLetter) -> bool:
    shared = letter.kind
    # A character takes 12 bytes at most; nearly all messages are so small that counting them is a waste.
    most = 12 * (len(shared.html) + len(shared.text) + len(shared.subject)) + letter.size
    return most > MAXIMUM_BYTES // 2 and bare_size(letter) + letter.size > MAXIMUM_BYTES


def bare_size(letter: SendGridLetter) -> int:
    """Count the bytes of a request around letters such as this one, as the client writes it."""
    return len(json.dumps(make_body(letter.kind, (), sandbox=False)))
