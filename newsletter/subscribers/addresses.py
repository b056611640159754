"""E-mail addresses of people: what passes for one, and when two are the same."""

import re
import unicodedata
from functools import lru_cache
from typing import Final, NamedTuple

from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailNotValidError, validate_email

from newsletter.errors import Place, SubscriberError

MAXIMUM_LENGTH: Final = 254
MAXIMUM_LOCAL_PART: Final = 64
_SIMPLE_LOCAL: Final = re.compile(r"[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*")
_SIMPLE_DOMAIN: Final = re.compile(r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,24}")
_NAMED: Final = re.compile(r'\s*"?(?P<name>[^"<>@]*?)"?\s*<(?P<address>[^<>\s]+@[^<>\s]+)>\s*')
_UNSEEN: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")
RESERVED: Final = frozenset({"example", "test", "invalid", "localhost"})
_SPECIAL: Final = frozenset(name.rpartition(".")[2] for name in SPECIAL_USE_DOMAIN_NAMES)
"""Ends of domains that are used for something else than mail on the Internet."""


class Address(NamedTuple):
    """An address as it is mailed to, and the key that tells people apart.

    A tuple, because an import makes a million of them.

    `address` has its domain in lower case and Unicode; `key` is the whole in lower case, the domain in ASCII.
    """

    address: str
    key: str


def parse_address(text: str, where: Place | None = None) -> Address:
    """Read one address.

    Raises:
        SubscriberError: It is none that mail could be sent to; says why.

    Source: RFC 5321 §4.1.2 and §4.5.3.1, RFC 6531.
    """
    stripped = text.strip()
    local, _, domain = stripped.rpartition("@")
    if len(stripped) <= 64 and _SIMPLE_LOCAL.fullmatch(local):
        lowered = _simple_domain(domain)
        if lowered:
            return Address(f"{local}@{lowered}", f"{local.lower()}@{lowered}")
    return parse_carefully(stripped, where or Place())


def split_named(text: str) -> tuple[str, str]:
    """Part "Jan de Vries <jan@example.org>" into name and address; a bare address has no name."""
    found = _NAMED.fullmatch(text)
    return (found["name"].strip(), found["address"]) if found else ("", text.strip())


def clean_text(text: str) -> str:
    """Bring a person's name or another one-line value into the form it is kept in.

    Control characters, line separators and marks of writing direction go; white space runs become one space.
    """
    if text.isascii() and text.isprintable():
        return text.strip() if "  " not in text else " ".join(text.split())
    return " ".join(_UNSEEN.sub(" ", unicodedata.normalize("NFC", text)).split())


@lru_cache(maxsize=16384)
def _simple_domain(domain: str) -> str:
    """Give a domain of the plainest kind in lower case, and nothing for any other."""
    lowered = domain.lower()
    is_simple = _SIMPLE_DOMAIN.fullmatch(domain) and "--" not in lowered
    return lowered if is_simple and lowered.rpartition(".")[2] not in _SPECIAL else ""


@lru_cache(maxsize=4096)
def _domain(domain: str) -> tuple[str, str]:
    checked = validate_email(f"a@{domain}", check_deliverability=False, test_environment=_is_reserved(domain))
    return checked.domain.lower(), checked.ascii_domain.lower()


def parse_carefully(text: str, where: Place) -> Address:
    """Read an address that is not of the plainest kind; gives the same as `parse_address` for one that is.

    Raises:
        SubscriberError: As `parse_address` does.
    """
    if not text:
        raise SubscriberError("there is no address", where=where, remedy="Fill it in, or leave the row out.")
    if _UNSEEN.search(text):
        raise SubscriberError("the address holds a character that cannot be seen", where=where, remedy="Type it anew.")
    local, at, domain = text.rpartition("@")
    try:
        if not at:
            raise EmailNotValidError("The @-sign is missing.")
        shown, ascii_domain = _domain(domain)
        checked = validate_email(
            f"{local}@{ascii_domain}",
            check_deliverability=False,
            allow_smtputf8=True,
            test_environment=_is_reserved(domain),
        )
    except (EmailNotValidError, ValueError, IndexError) as error:
        raise SubscriberError(
            f"{text[:80]!r} is no e-mail address: {str(error).rstrip('.')}",
            where=where,
            remedy="Correct it, or leave it out.",
        ) from error
    if len(checked.local_part.encode()) > MAXIMUM_LOCAL_PART:
        raise SubscriberError(
            f"what stands before the @ is longer than {MAXIMUM_LOCAL_PART} octets",
            where=where,
            remedy="Use a shorter one.",
        )
    if len(f"{checked.local_part}@{ascii_domain}".encode()) > MAXIMUM_LENGTH:
        raise SubscriberError(
            f"the address is longer than {MAXIMUM_LENGTH} octets", where=where, remedy="Use a shorter one."
        )
    return Address(f"{checked.local_part}@{shown}", f"{_lowered(checked.local_part)}@{ascii_domain}")


def _lowered(local: str) -> str:
    """Give the part before the @ in lower case; "straße" and "strasse" stay two people."""
    return unicodedata.normalize("NFC", local.lower())


def _is_reserved(domain: str) -> bool:
    return domain.rpartition(".")[2].lower() in RESERVED
