"""Signs messages with DKIM, by RSA and Ed25519 keys, several at once.

Both canonical forms are relaxed. Each signature stands for itself: none covers another.

Source: RFC 6376 §3 and §5, with RFC 8301 (lengths of keys, SHA-256) and RFC 8463 (Ed25519).
"""

import hashlib
import re
from base64 import b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, TypeAlias

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
)

from newsletter.message.content import Content
from newsletter.message.searching import as_text, search_for

SHORTEST_KEY: Final = 2048
"""Bits of an RSA key that we sign with. RFC 8301 §3.2 asks for 1,024 at least, and for 2,048 where one can."""
LONGEST_KEY: Final = 4096
"""More bits have no place in the record that many programs read, and take too long to sign with."""
SIGNED: Final = (
    *(b"from", b"to", b"subject", b"date", b"message-id", b"reply-to", b"mime-version", b"content-type"),
    *(b"content-language", b"auto-submitted", b"feedback-id"),
    *(b"list-id", b"list-help", b"list-post", b"list-unsubscribe", b"list-unsubscribe-post"),
)
"""The header fields that a signature covers, where a message has them.

Source: RFC 6376 §5.4.1; RFC 8058 §4 asks for the last two.
"""
OVERSIGNED: Final = frozenset({b"from", b"subject", b"reply-to", b"list-unsubscribe", b"list-unsubscribe-post"})
"""Fields of which nobody on the way can add another one, without the signature failing. Source: RFC 6376 §8.15."""

_FIELD: Final = re.compile(rb"([^:\r\n]+):((?:[^\r\n]|\r\n[ \t])*)\r\n")
_SPACE: Final = re.compile(rb"[ \t]+")
_holds_two_spaces: Final = search_for("  ")
_holds_last_space: Final = search_for(" \r\n")
_LINE: Final = 72

PrivateKey: TypeAlias = RSAPrivateKey | Ed25519PrivateKey


class KeyProblem(ValueError):
    """A text holds no key that one can sign with; says why, as the end of a sentence."""


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key, and the name under which the DNS has its other half.

    Args:
        domain: Whose key it is, in ASCII; that of the sender, or one above it.
        selector: Its name, before `._domainkey` and the domain.
    """

    domain: str
    selector: str
    private: PrivateKey

    @property
    def algorithm(self) -> str:
        """The kind of signature, as it names itself."""
        return "ed25519-sha256" if isinstance(self.private, Ed25519PrivateKey) else "rsa-sha256"

    @property
    def name(self) -> str:
        """Where in the DNS its other half belongs. Source: RFC 6376 §3.6.2.1."""
        return f"{self.selector}._domainkey.{self.domain}"

    def record(self) -> str:
        """Give what has to stand in the DNS. Source: RFC 6376 §3.6.1; RFC 8463 §4."""
        public = self.private.public_key()
        if isinstance(self.private, Ed25519PrivateKey):
            octets = public.public_bytes(Encoding.Raw, PublicFormat.Raw)
            return f"v=DKIM1; k=ed25519; p={b64encode(octets).decode()}"
        octets = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return f"v=DKIM1; k=rsa; p={b64encode(octets).decode()}"


def read_private_key(pem: bytes) -> PrivateKey:
    """Read a private key without a password.

    Args:
        pem: PKCS #8, or PKCS #1 as older programs write it.

    Raises:
        KeyProblem: It is none, needs a password, or nobody would accept its signatures.
    """
    try:
        key = load_pem_private_key(pem, password=None)
    except TypeError as error:
        raise KeyProblem("it is locked with a password") from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise KeyProblem("it is no private key (PEM)") from error
    if isinstance(key, Ed25519PrivateKey):
        return key
    if not isinstance(key, RSAPrivateKey):
        raise KeyProblem("it is neither an RSA key nor an Ed25519 one")
    if not SHORTEST_KEY <= key.key_size <= LONGEST_KEY:
        raise KeyProblem(f"it has {key.key_size:,} bits; {SHORTEST_KEY:,} to {LONGEST_KEY:,} are accepted everywhere")
    return key


class DkimSigner:
    """Signs messages by the same keys.

    Args:
        keys: Those that sign; what each adds stands above the message, the last one first.
    """

    def __init__(self, keys: Sequence[SigningKey]) -> None:
        self._keys = [(_beginning(key), _sealing(key.private)) for key in keys]

    def sign(self, message: Content, seconds: int) -> Content:
        """Put one DKIM-Signature field for each key above a message.

        Args:
            message: With CRLF line ends, as it is sent.
            seconds: When this is, since 1970.

        Raises:
            ValueError: It has no From field that could be signed.
        """
        names, covered = _covered(message.head)
        common = b"t=%d; h=%s;\r\n\tbh=%s;\r\n\tb=" % (
            seconds,
            _listed(tuple(names)),
            b64encode(hashlib.sha256(_signed_body(message)).digest()),
        )
        signed = message.head
        for beginning, seal in self._keys:
            field = beginning + common
            # A fold is a space to whoever verifies; within the signature itself it is nothing.
            octets = seal(covered + b"dkim-signature:" + field.replace(b"\r\n\t", b" "))
            signed = b"DKIM-Signature: " + field + _folded(b64encode(octets)) + b"\r\n" + signed
        return Content(signed, message.body, message.is_plain)


def _signed_body(message: Content) -> bytes:
    body = message.body
    as_it_is = message.is_plain and len(body) > len(b"\r\n") and not body.endswith(b"\r\n\r\n")
    return body if as_it_is else relaxed_body(body)


def relaxed_body(body: bytes) -> bytes:
    """Give a body as signatures see it: white space that nobody sees is left out. Source: RFC 6376 §3.4.4."""
    # Most bodies have nothing to leave out, and to find that out is much quicker than to write them anew.
    if not body.endswith(b"\r\n"):
        body += b"\r\n"
    text = as_text(body)
    if _holds_two_spaces(text) or "\t" in text or _holds_last_space(text):
        body = _without_seconds(body)
    stripped = body.rstrip(b"\r\n")
    return stripped + b"\r\n" if stripped else b""


def _without_seconds(body: bytes) -> bytes:
    """Leave one space of several, and none at the end of a line; a pattern would take a hundred times as long."""
    body = body.replace(b"\t", b" ")
    while b"  " in body:
        body = body.replace(b"  ", b" ")
    return body.replace(b" \r\n", b"\r\n")


def _covered(head: bytes) -> tuple[list[bytes], bytes]:
    """Give the names of the fields that are signed, and these fields as signatures see them.

    Of several with one name the last comes first.

    Raises:
        ValueError: There is no From field.

    Source: RFC 6376 §3.4.2, §5.4 and §5.4.2.
    """
    fields: dict[bytes, list[bytes]] = {}
    for name, value in _FIELD.findall(head):
        fields.setdefault(name.strip(b" \t").lower(), []).append(value)
    if b"from" not in fields:
        raise ValueError("a message without a From field cannot be signed")
    names: list[bytes] = []
    lines: list[bytes] = []
    for name in SIGNED:
        for value in reversed(fields.get(name, ())):
            names.append(name)
            lines.append(name + b":" + _relaxed(value) + b"\r\n")
        if name in OVERSIGNED:
            names.append(name)
    return names, b"".join(lines)


def _relaxed(value: bytes) -> bytes:
    """Give a field's value as signatures see it. Source: RFC 6376 §3.4.2."""
    line = value.replace(b"\r\n", b"")
    if b"\t" in line or b"  " in line:  # a pattern takes longer than to see that it is not needed
        line = _SPACE.sub(b" ", line)
    return line.strip(b" ")


def _beginning(key: SigningKey) -> bytes:
    fields = f"v=1; a={key.algorithm}; c=relaxed/relaxed;\r\n\td={key.domain}; s={key.selector};\r\n\t"
    return fields.encode("ascii")


@lru_cache(maxsize=64)
def _listed(names: tuple[bytes, ...]) -> bytes:
    """Write the names of fields over several lines."""
    lines: list[bytes] = [b""]
    for name in names:
        if len(lines[-1]) + len(name) + 1 > _LINE - len("t=1700000000; h="):
            lines.append(b"")
        lines[-1] += name + b":"
    return b"\r\n\t".join(lines).removesuffix(b":")


def _sealing(private: PrivateKey) -> Callable[[bytes], bytes]:
    """Give what makes the octets of a signature out of what it covers."""
    if isinstance(private, Ed25519PrivateKey):
        # Ed25519 signs the hash, not the text. Source: RFC 8463 §3.
        return lambda text: private.sign(hashlib.sha256(text).digest())
    padding, algorithm = PKCS1v15(), Prehashed(SHA256())
    return lambda text: private.sign(hashlib.sha256(text).digest(), padding, algorithm)


def _folded(base64: bytes) -> bytes:
    pieces = (base64[start : start + _LINE] for start in range(0, len(base64), _LINE))
    return b"\r\n\t".join(pieces)
