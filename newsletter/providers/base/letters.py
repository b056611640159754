"""Messages on their way into requests: what may stand in one, and what each becomes."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, Generic, TypeVar

from newsletter.errors import ProviderError
from newsletter.message import DeliveryKey, Mailbox, needs_utf8, one_line, text_header, wire_address
from newsletter.providers.base import Message, PersonalParts, Rejected, SharedParts

Kind = TypeVar("Kind")
Entry = TypeVar("Entry")

OWN_HEADERS: Final = frozenset(
    {
        "bcc",
        "cc",
        "content-transfer-encoding",
        "content-type",
        "date",
        "dkim-signature",
        "from",
        "message-id",
        "mime-version",
        "received",
        "reply-to",
        "return-path",
        "sender",
        "subject",
        "to",
    }
)
"""Fields that providers write themselves, or that a request has a place of its own for."""

_PUNCTUATION: Final = re.compile(r'[\\",.;:<>()\[\]@]+')


@dataclass(frozen=True, slots=True)
class Letter(Generic[Kind, Entry]):
    """One message, ready to be put into a request.

    Args:
        kind: Only letters of the very same object may travel together.
        address: The recipient, to compare with others.
        entry: What the request says about it, as its provider writes it.
        size: How many bytes that takes.
        alone: It may not share a request.
    """

    key: DeliveryKey
    kind: Kind
    address: str
    entry: Entry
    size: int
    alone: bool = False


@dataclass(frozen=True, slots=True)
class FilledMessage:
    """One reader's message with everything filled in; addresses are as the wire wants them.

    Args:
        headers: The fields that have no place of their own here, each one line of ASCII.
    """

    sender: Mailbox
    reply_to: Mailbox | None
    recipient: Mailbox
    subject: str
    html: str
    text: str
    headers: Mapping[str, str]


def reader_address(message: Message, provider: str) -> str | Rejected:
    """Give the address that a message goes to as it is written on the wire, or say why it cannot be.

    Args:
        provider: Its name, as people write it.
    """
    address = message.recipient.address
    if needs_utf8(address):
        return Rejected(message.key, f"{provider} carries no address with letters beyond ASCII before the @")
    try:
        return wire_address(address)
    except ValueError:
        return Rejected(message.key, "the address has no domain that the network knows how to write")


def own_address(mailbox: Mailbox, provider: str) -> str:
    """Give an address of ours as it is written on the wire.

    Raises:
        ProviderError: It cannot be written.
    """
    try:
        address = wire_address(mailbox.address)
    except ValueError as error:
        raise ProviderError(
            "the sender's address cannot be written", remedy="Correct [sender] in newsletter.toml."
        ) from error
    if needs_utf8(address):
        raise ProviderError(
            f"{provider} carries no sender with letters beyond ASCII before the @",
            remedy="Use another address in [sender] of newsletter.toml.",
        )
    return address


def fill_in(message: Message, provider: str) -> FilledMessage | Rejected:
    """Fill in everything of one reader's message, or say why a provider cannot carry it.

    Args:
        provider: Its name, as people write it.

    Raises:
        ProviderError: The sender's address cannot be written.
    """
    address = reader_address(message, provider)
    if isinstance(address, Rejected):
        return address
    shared, personal = message.parts()
    subject = one_line(fill(shared.subject, personal.values))
    if not subject:
        return Rejected(message.key, f"{provider} carries no message without a subject")
    html, text = fill(shared.html, personal.values), fill(shared.text, personal.values)
    if not (html or text):
        return Rejected(message.key, f"{provider} carries no message without content")
    return FilledMessage(
        sender=_written(shared.sender, provider),
        reply_to=_written(shared.reply_to, provider) if shared.reply_to else None,
        recipient=Mailbox(address, message.recipient.name),
        subject=subject,
        html=html,
        text=text,
        headers=join_headers(shared, personal, OWN_HEADERS),
    )


def whole_letter(message: Message, provider: str, maximum: int) -> Letter[None, bytes] | Rejected:
    """Make a letter of a message as it is, byte for byte, or say why a provider cannot carry it.

    Args:
        maximum: How many bytes it may have.
    """
    address = reader_address(message, provider)
    if isinstance(address, Rejected):
        return address
    content = message.raw()
    if len(content) > maximum:
        return Rejected(message.key, f"the message is larger than {provider} takes, which is {maximum // 1_000_000} MB")
    return Letter(message.key, None, address, content, len(content))


def plain_name(name: str) -> str:
    """Give a name without what would have to be quoted in a header, for providers that quote or encode it wrongly."""
    return one_line(_PUNCTUATION.sub(" ", name))


def join_headers(shared: SharedParts, personal: PersonalParts, reserved: frozenset[str]) -> dict[str, str]:
    """Join both kinds of fields, the reader's own first, each value one line of ASCII.

    Args:
        reserved: Names in lower case that are left out.
    """
    joined = {name.lower(): (name, value) for name, value in (*shared.headers.items(), *personal.headers.items())}
    return {name: header_value(value) for low, (name, value) in joined.items() if low not in reserved}


def _written(mailbox: Mailbox, provider: str) -> Mailbox:
    return Mailbox(own_address(mailbox, provider), mailbox.name)


def header_value(value: str) -> str:
    """Write a value as one line of ASCII, with encoded words for the rest."""
    line = one_line(value)
    if line.isascii():
        return line
    return one_line(text_header("X", line).decode("ascii").removeprefix("X:"))


def fill(text: str, values: Mapping[str, str]) -> str:
    """Fill in values, in one pass."""
    return placeholders(tuple(values)).sub(lambda match: values[match[0]], text) if values else text


@lru_cache(maxsize=256)
def placeholders(names: Sequence[str]) -> re.Pattern[str]:
    """Make the pattern that finds placeholders."""
    longest_first = sorted(names, key=len, reverse=True)
    return re.compile("|".join(map(re.escape, longest_first)))


def write_json(value: Mapping[str, Any]) -> bytes:
    """Write JSON without needless bytes; lone surrogates, which no encoding can carry, become question marks."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
