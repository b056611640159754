"""Mailboxes, and the ASCII form in which the network wants their addresses."""

import re
from dataclasses import dataclass
from typing import Final

import idna

MAXIMUM_LOCAL_PART = 64
MAXIMUM_DOMAIN = 255

_PART: Final = r"[^\s<>()\[\]\"',;:]+"
_MENTIONED: Final = re.compile(rf"(?:\"[^\"\n]*\"|{_PART})(?:@|%40){_PART}")


@dataclass(frozen=True, slots=True)
class Mailbox:
    """An address with the name of whom it belongs to; both Unicode, the name may be empty."""

    address: str
    name: str = ""


def wire_address(address: str) -> str:
    """Give an address as it goes into envelopes and headers: its domain as A-labels.

    A local part beyond ASCII stays as it is: it needs SMTPUTF8, which not every provider has; see `needs_utf8`.

    Raises:
        ValueError: The address has no domain, or one that IDNA or the length limits of SMTP refuse.

    Source: RFC 5321 §4.5.3.1, RFC 5890, RFC 6531 §3.
    """
    local, _, domain = address.rpartition("@")
    if local and domain and len(address) <= MAXIMUM_LOCAL_PART and address.isascii():
        return address
    if not local or not domain:
        raise ValueError(f"{address!r} is not an address")
    written = ascii_domain(domain)
    if len(local.encode()) > MAXIMUM_LOCAL_PART or len(written) > MAXIMUM_DOMAIN:
        raise ValueError(f"{address!r} is longer than SMTP allows")
    return f"{local}@{written}"


def ascii_domain(domain: str) -> str:
    """Give a domain as the network knows it: its labels beyond ASCII as A-labels.

    By IDNA 2008: Python's own codec follows IDNA 2003, which makes another domain of one with "ß" in it.

    Raises:
        ValueError: IDNA refuses the domain.

    Source: RFC 5891 §5, UTS 46 §4.
    """
    return domain if domain.isascii() else idna.encode(domain, uts46=True).decode("ascii")


def needs_utf8(address: str) -> bool:
    """Tell whether an address cannot travel without SMTPUTF8."""
    return not address.rpartition("@")[0].isascii()


def without_addresses(text: str) -> str:
    """Write "(address)" for whatever looks like an address in a text of somebody else's, who may repeat a reader's."""
    return _MENTIONED.sub("(address)", text) if "@" in text or "%40" in text else text
