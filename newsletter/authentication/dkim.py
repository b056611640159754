"""DKIM: public keys as they stand in the DNS, and signatures as they stand in a message.

Source: RFC 6376, with RFC 8301 (lengths of keys) and RFC 8463 (Ed25519).
"""

import binascii
from base64 import b64decode
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

from newsletter.authentication.tags import TagFault, read_tags, without_space, words

ED25519_BYTES: Final = 32

_NEEDED: Final = ("v", "a", "b", "bh", "d", "h", "s")

KeyKind: TypeAlias = Literal["rsa", "ed25519"]


class KeyFault(ValueError):
    """A record is no key that anybody can check a signature with; says why, as the end of a sentence."""


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key of the DNS.

    Attributes:
        bits: Its length; 256 for Ed25519.
        is_test: The domain asks that signatures by it count for nothing (`t=y`).
        hashes: The only ones it may be used with; empty means any.
        is_strict: It is for the very domain, and for none below it (`t=s`).
        octets: The key itself: DER of an RSA key, the bare octets of an Ed25519 one.
    """

    kind: KeyKind
    bits: int
    is_test: bool = False
    hashes: tuple[str, ...] = ()
    is_strict: bool = False
    octets: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class Signature:
    """What a signature says about itself.

    Attributes:
        headers: The header fields that it covers, in small letters; one may stand there several times.
        covers_part: It covers only the beginning of the body (`l=`), so that anybody may add to it.
    """

    domain: str
    selector: str
    algorithm: str
    headers: tuple[str, ...]
    covers_part: bool


def key_name(selector: str, domain: str) -> str:
    """Name the place of a key in the DNS. Source: RFC 6376 §3.6.2.1."""
    return f"{selector}._domainkey.{domain}"


def read_key(text: str) -> PublicKey:
    """Read a key's record.

    Raises:
        KeyFault: It is none, was withdrawn, or the key in it cannot be read.

    Source: RFC 6376 §3.6.1.
    """
    try:
        tags = read_tags(text)
    except TagFault as error:
        raise KeyFault(str(error)) from error
    if "v" in tags and (next(iter(tags)) != "v" or tags["v"] != "DKIM1"):
        raise KeyFault("it does not begin with v=DKIM1")
    if "p" not in tags:
        raise KeyFault("it holds no key (p=)")
    if not tags["p"]:
        raise KeyFault("the key was withdrawn (p= is empty)")
    if "s" in tags and not {"*", "email"} & set(words(tags["s"])):
        raise KeyFault("the key is not for mail (s=)")
    flags = words(tags.get("t", ""))
    is_test, is_strict = "y" in flags, "s" in flags
    hashes = words(tags.get("h", ""))
    kind = tags.get("k", "rsa").lower()
    try:
        octets = b64decode(without_space(tags["p"]), validate=True)
    except (binascii.Error, ValueError) as error:
        raise KeyFault("the key (p=) is not base64; pieces of it may be missing") from error
    if kind == "ed25519":
        if len(octets) != ED25519_BYTES:
            raise KeyFault(f"an Ed25519 key has {ED25519_BYTES} bytes, this one {len(octets)}")
        return PublicKey("ed25519", ED25519_BYTES * 8, is_test, hashes, is_strict, octets)
    if kind != "rsa":
        raise KeyFault(f"keys of the kind {kind!r} are not known")
    return PublicKey("rsa", _rsa_bits(octets), is_test, hashes, is_strict, octets)


def read_signature(text: str) -> Signature:
    """Read the value of a DKIM-Signature field; `verify` tells whether it holds.

    Raises:
        TagFault: Something that every signature has is missing.

    Source: RFC 6376 §3.5.
    """
    tags = read_tags(text)
    missing = [name for name in _NEEDED if not tags.get(name)]
    if missing:
        raise TagFault(f"the tag {missing[0]} is missing")
    return Signature(
        domain=tags["d"].lower().rstrip("."),
        selector=tags["s"],
        algorithm=tags["a"].lower(),
        headers=words(tags["h"]),
        covers_part="l" in tags,
    )


def _rsa_bits(octets: bytes) -> int:
    try:
        key = load_der_public_key(octets)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise KeyFault("the key (p=) is no public key; pieces of it may be missing") from error
    if not isinstance(key, RSAPublicKey):
        raise KeyFault("the key (p=) is no RSA key")
    return key.key_size
