"""Makes requests of messages: which may travel together, and what is written about each.

Source: SendGrid's reference of POST /v3/mail/send, and its page "Errors" of Mail Send.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, Final

from newsletter.errors import ProviderError
from newsletter.message import DeliveryKey, Mailbox, needs_utf8, one_line, text_header, wire_address
from newsletter.providers.base import Message, PersonalParts, Rejected, SharedParts

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


@dataclass(frozen=True, slots=True)
class Letter:
    """One message, ready to be put into a request.

    Args:
        shared: What it has in common; its own object when it must travel alone.
        address: The recipient, to compare with others.
        personalization: What the request says about it.
        size: How many bytes that takes.
        alone: It may not share a request.
    """

    key: DeliveryKey
    shared: SharedParts
    address: str
    personalization: Mapping[str, Any]
    size: int
    alone: bool


@dataclass(slots=True)
class Group:
    """Letters with the same shared parts, on their way into one request."""

    shared: SharedParts
    size: int
    letters: list[Letter] = field(default_factory=list)
    addresses: set[str] = field(default_factory=set)

    def takes(self, letter: Letter, batch: int) -> bool:
        """Tell whether a letter may join; SendGrid refuses a request that names an address twice."""
        return (
            len(self.letters) < batch
            and self.size + letter.size <= MAXIMUM_BYTES
            and letter.address not in self.addresses
        )

    def add(self, letter: Letter) -> None:
        """Let a letter join."""
        self.letters.append(letter)
        self.addresses.add(letter.address)
        self.size += letter.size


class Grouping:
    """Gathers letters until a request is full.

    Args:
        batch: The most letters in one request.
    """

    def __init__(self, batch: int) -> None:
        self._batch = batch
        self._groups: dict[int, Group] = {}

    def add(self, letter: Letter) -> list[Group]:
        """Take a letter, and give the groups that should go now."""
        if letter.alone:
            return [self._new(letter)]
        ready: list[Group] = []
        # The group keeps the shared parts alive, so that no other object can get their identity.
        group = self._groups.get(id(letter.shared))
        if group is not None and group.takes(letter, self._batch):
            group.add(letter)
        else:
            if group is not None:
                ready.append(group)
            group = self._groups[id(letter.shared)] = self._new(letter)
        if len(group.letters) >= self._batch:
            ready.append(self._groups.pop(id(letter.shared)))
        return ready + self._overflow()

    def rest(self) -> list[Group]:
        """Give what is left."""
        groups = list(self._groups.values())
        self._groups.clear()
        return groups

    def _new(self, letter: Letter) -> Group:
        group = Group(letter.shared, _bare_size(letter.shared))
        group.add(letter)
        return group

    def _overflow(self) -> list[Group]:
        """Let the largest group go when very many letters wait, each for its likes."""
        if sum(len(group.letters) for group in self._groups.values()) <= 2 * self._batch:
            return []
        largest = max(self._groups, key=lambda one: len(self._groups[one].letters))
        return [self._groups.pop(largest)]


def prepare(message: Message) -> Letter | Rejected:
    """Make a letter of a message, or say why SendGrid cannot carry it.

    Raises:
        ProviderError: The sender's address cannot be written.
    """
    address = message.recipient.address
    if needs_utf8(address):
        return Rejected(message.key, "SendGrid carries no address with letters beyond ASCII before the @")
    try:
        wired = wire_address(address)
    except ValueError:
        return Rejected(message.key, "the address has no domain that the network knows how to write")
    shared, personal = message.parts()
    subject = one_line(_fill(shared.subject, personal.values))
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


def make_body(shared: SharedParts, letters: Iterable[Letter], *, sandbox: bool) -> dict[str, Any]:
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
        "personalizations": [letter.personalization for letter in letters],
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
) -> Letter:
    personalization: dict[str, Any] = {"to": [_mailbox(address, message.recipient.name)]}
    if subject != one_line(shared.subject):
        # Filled in here: a value with a line break in it must not reach a header.
        personalization["subject"] = subject
    if personal.values:
        personalization["substitutions"] = dict(personal.values)
    if headers := _headers(shared.headers, personal.headers):
        personalization["headers"] = headers
    personalization["custom_args"] = {"delivery": message.key}
    size = len(json.dumps(personalization)) + _SEPARATOR
    return Letter(message.key, shared, address.casefold(), personalization, size, alone)


def _headers(shared: Mapping[str, str], personal: Mapping[str, str]) -> dict[str, str]:
    """Join both kinds of fields, the reader's own first.

    All of them are written for each reader: what a personalization says overrides what the request says
    under the same name, and SendGrid does not say that `headers` is an exception.
    """
    joined = {name.lower(): (name, value) for name, value in (*shared.items(), *personal.items())}
    return {name: _header_value(value) for low, (name, value) in joined.items() if low not in RESERVED_HEADERS}


def _header_value(value: str) -> str:
    """Write a value as SendGrid wants it: one line of ASCII, encoded words for the rest.

    Source: "You must ensure these are properly encoded if they contain unicode characters".
    """
    line = one_line(value)
    if line.isascii():
        return line
    return one_line(text_header("X", line).decode("ascii").removeprefix("X:"))


def _must_go_alone(values: Mapping[str, str]) -> bool:
    """Tell whether SendGrid cannot be trusted with filling in these values.

    Too many of them are refused; and one that holds a placeholder might be filled in itself.
    """
    if not values:
        return False
    names = tuple(values)
    size = len(json.dumps(dict(values), ensure_ascii=False).encode("utf-8", "replace"))
    found = any(map(_placeholders(names).search, values.values()))
    return found or size > MAXIMUM_SUBSTITUTIONS or _overlap(names)


def _fill_all(shared: SharedParts, personal: PersonalParts) -> tuple[SharedParts, PersonalParts]:
    values = personal.values
    filled = replace(
        shared,
        subject=_fill(shared.subject, values),
        html=_fill(shared.html, values),
        text=_fill(shared.text, values),
    )
    return filled, PersonalParts({}, personal.headers)


def _fill(text: str, values: Mapping[str, str]) -> str:
    """Fill in values, in one pass."""
    return _placeholders(tuple(values)).sub(lambda match: values[match[0]], text) if values else text


@lru_cache(maxsize=256)
def _placeholders(names: Sequence[str]) -> re.Pattern[str]:
    longest_first = sorted(names, key=len, reverse=True)
    return re.compile("|".join(map(re.escape, longest_first)))


@lru_cache(maxsize=256)
def _overlap(names: Sequence[str]) -> bool:
    return any(one in other for one in names for other in names if one is not other)


def _own_mailbox(mailbox: Mailbox) -> dict[str, str]:
    try:
        address = wire_address(mailbox.address)
    except ValueError as error:
        raise ProviderError(
            "the sender's address cannot be written", remedy="Correct [sender] in newsletter.toml."
        ) from error
    if needs_utf8(address):
        raise ProviderError(
            "SendGrid carries no sender with letters beyond ASCII before the @",
            remedy="Use another address in [sender] of newsletter.toml.",
        )
    return _mailbox(address, mailbox.name)


def _mailbox(address: str, name: str) -> dict[str, str]:
    clean = one_line(name)
    return {"email": address, "name": clean} if clean else {"email": address}


def _is_too_large(letter: Letter) -> bool:
    shared = letter.shared
    # A character takes 12 bytes at most; nearly all messages are so small that counting them is a waste.
    most = 12 * (len(shared.html) + len(shared.text) + len(shared.subject)) + letter.size
    return most > MAXIMUM_BYTES // 2 and _bare_size(shared) + letter.size > MAXIMUM_BYTES


def _bare_size(shared: SharedParts) -> int:
    """Count the bytes of a request without letters, as the client writes it."""
    return len(json.dumps(make_body(shared, (), sandbox=False)))
