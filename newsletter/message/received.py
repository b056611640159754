"""A message as it came to a reader: what the mail systems on its way wrote at its head."""

import ipaddress
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from email.utils import parseaddr
from typing import Final

from newsletter.message.addresses import ascii_domain
from newsletter.message.headers import one_line

_ADDRESS_IN_BRACKETS: Final = re.compile(r"\[(?:IPv6:)?([0-9A-Fa-f:.]+)\]")
_RESULT: Final = re.compile(r"\b(spf|dkim|dmarc)\s*=\s*([a-z]+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Received:
    """A received message, and what its head says.

    Attributes:
        from_domain: Of the sender whom readers see; ASCII, empty where there is none.
        return_domain: Of the return path, likewise.
        sent_from: The first address of the Internet that a mail system noted, or None.
        signatures: The values of its DKIM-Signature fields.
        results: What the reader's own mail system found, such as ("dkim", "pass"); the first of its notes only,
            because others may have been written by anybody.
        fields: Names of its header fields in small letters, each as often as it occurs.
        unsubscribe: The value of List-Unsubscribe.
        unsubscribe_post: The value of List-Unsubscribe-Post.
        content: The whole message, as it was saved.
    """

    from_domain: str
    return_domain: str
    sent_from: str | None
    signatures: tuple[str, ...]
    results: tuple[tuple[str, str], ...]
    fields: tuple[str, ...]
    unsubscribe: str
    unsubscribe_post: str
    content: bytes = field(repr=False, compare=False)


def read_received(content: bytes) -> Received:
    """Read the head of a message; whatever is not there or not readable is empty."""
    message = message_from_bytes(content)
    results = _values(message, "Authentication-Results")
    return Received(
        from_domain=_domain(message, "From"),
        return_domain=_domain(message, "Return-Path"),
        sent_from=next(_public_addresses(message), None),
        signatures=tuple(_values(message, "DKIM-Signature")),
        results=tuple((kind.lower(), found.lower()) for kind, found in _RESULT.findall(results[0])) if results else (),
        fields=tuple(name.lower() for name in message.keys()),  # noqa: SIM118 - a message is no mapping
        unsubscribe=next(iter(_values(message, "List-Unsubscribe")), ""),
        unsubscribe_post=next(iter(_values(message, "List-Unsubscribe-Post")), ""),
        content=content,
    )


def _values(message: Message, name: str) -> list[str]:
    return [one_line(str(value)) for value in message.get_all(name, [])]


def _domain(message: Message, name: str) -> str:
    value = next(iter(_values(message, name)), "")
    _, at, domain = parseaddr(value)[1].rpartition("@")
    try:
        return ascii_domain(domain.lower()) if at else ""
    except ValueError:
        return ""


def _public_addresses(message: Message) -> Iterator[str]:
    """Give the addresses that mail systems noted, the last hop first; those within a network say nothing."""
    for value in _values(message, "Received"):
        for found in _ADDRESS_IN_BRACKETS.findall(value.partition(" by ")[0]):
            try:
                address = ipaddress.ip_address(found)
            except ValueError:
                continue
            if address.is_global:
                yield str(address)
