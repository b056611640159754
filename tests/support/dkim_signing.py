"""Signs messages as a mail server does, written apart from what verifies them.

Source: RFC 6376 §3.7.
"""

import hashlib
import re
from base64 import b64encode
from functools import cache
from typing import TypeAlias

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

Key: TypeAlias = RSAPrivateKey | Ed25519PrivateKey


@cache
def rsa_key(number: int = 0, bits: int = 2048) -> RSAPrivateKey:
    """Make a key; the same number gives the same one."""
    return generate_private_key(65537, bits)


@cache
def ed25519_key(number: int = 0) -> Ed25519PrivateKey:
    """Make a key; the same number gives the same one."""
    return Ed25519PrivateKey.generate()


def record(key: Key, more: str = "") -> str:
    """Write what stands in the DNS."""
    if isinstance(key, RSAPrivateKey):
        octets = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return f"v=DKIM1; k=rsa;{more} p={b64encode(octets).decode()}"
    octets = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return f"v=DKIM1; k=ed25519;{more} p={b64encode(octets).decode()}"


def sign(
    message: str,
    key: Key,
    headers: str,
    *,
    domain: str = "ours.nl",
    more: str = "",
    relaxed: bool = True,
    length: int = 0,
) -> str:
    """Put a signature before a message, whose lines end with \\n.

    Args:
        headers: Their names, with colons between.
        more: Other tags, each with its semicolon.
        length: How many octets of the body are signed; 0 for all.
    """
    head, _, body = message.replace("\n", "\r\n").partition("\r\n\r\n")
    if relaxed:
        body = re.sub(r"[ \t]+", " ", body).replace(" \r\n", "\r\n")
    octets = body.rstrip("\r\n").encode() + b"\r\n"
    octets = octets[:length] if length else octets
    kind = "rsa" if isinstance(key, RSAPrivateKey) else "ed25519"
    form = "relaxed/relaxed" if relaxed else "simple/simple"
    hashed = b64encode(hashlib.sha256(octets).digest()).decode()
    tags = f"v=1; a={kind}-sha256; c={form}; d={domain}; s=s1;{more} h={headers}; bh={hashed}; b="
    lines = re.findall(r"[^\r\n]+(?:\r\n[ \t][^\r\n]+)*", head)[::-1]
    signed = ""
    for name in headers.lower().split(":"):
        place = next((at for at, line in enumerate(lines) if line.lower().startswith(f"{name}:")), None)
        if place is not None:
            signed += written(lines.pop(place), relaxed=relaxed) + "\r\n"
    data = (signed + written(f"DKIM-Signature: {tags}", relaxed=relaxed)).encode()
    made = (
        key.sign(data, PKCS1v15(), SHA256())
        if isinstance(key, RSAPrivateKey)
        else key.sign(hashlib.sha256(data).digest())
    )
    return f"DKIM-Signature: {tags}{b64encode(made).decode()}\n{message}"


def written(field: str, *, relaxed: bool) -> str:
    """Write a field in its canonical form."""
    if not relaxed:
        return field
    name, _, value = field.partition(":")
    return f"{name.lower()}:{' '.join(value.split())}"
