"""Verifies DKIM signatures: whether a message is still what its signer saw.

Source: RFC 6376 §3.4 (canonical forms) and §6.1 (verifying), with RFC 8301 and RFC 8463.
"""

import binascii
import hashlib
import re
from base64 import b64decode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from newsletter.authentication.dkim import KeyFault, PublicKey, read_key, read_signature
from newsletter.authentication.tags import TagFault, read_tags, without_space, words

SHORTEST_KEY: Final = 1024
"""Bits of an RSA key below which no signature counts. Source: RFC 8301 §3.2."""

_FIELD: Final = b"dkim-signature"
_FIELDS: Final = re.compile(rb"[^\r\n]*(?:\r\n[ \t][^\r\n]*)*\r\n")
_SPACE: Final = re.compile(rb"[ \t]+")
_LAST_SPACE: Final = re.compile(rb"[ \t]+(?=\r\n)")
_B: Final = re.compile(rb"((?:^|;)\s*b\s*=)[^;]*")
_FORMS: Final = frozenset({"simple", "relaxed"})
_KINDS: Final = {"rsa-sha256": "rsa", "ed25519-sha256": "ed25519"}


class SignatureFault(ValueError):
    """A signature does not hold; says why, as the end of a sentence."""


@dataclass(frozen=True, slots=True)
class _Parts:
    """A message with the line ends that it is sent with.

    Args:
        fields: Header fields, folded as they are, each with its line end.
    """

    fields: Sequence[bytes]
    body: bytes


def verify(content: bytes, number: int, records: Sequence[str], now: datetime) -> None:
    """Verify one signature of a message.

    Args:
        content: The message as it was received; line ends may have been changed by whatever saved it.
        number: Which of its DKIM-Signature fields, from 0, in their order.
        records: What stands in the DNS where the key belongs; one that fits is enough.

    Raises:
        SignatureFault: The signature does not hold.
    """
    parts = _parts(content)
    fields = [one for one in parts.fields if _name(one) == _FIELD]
    if number >= len(fields):
        raise SignatureFault("something in the header hides it")
    field = fields[number]
    tags = _tags(field)
    _assert_readable(tags, now)
    header_form, body_form = _forms(tags.get("c", "simple/simple"))
    if hashlib.sha256(_signed_body(parts.body, body_form, tags.get("l"))).digest() != _octets(tags, "bh"):
        raise SignatureFault("the body was changed after it was signed")
    signed = b"".join(_signed_fields(parts.fields, field, words(tags["h"]), header_form))
    faults: list[str] = []
    for record in records:
        try:
            return _verify(_key(record, tags), tags, signed)
        except (KeyFault, SignatureFault) as error:
            faults.append(str(error))
    raise SignatureFault(faults[0] if faults else "there is no key in the DNS to verify it with")


def _tags(field: bytes) -> Mapping[str, str]:
    value = field.partition(b":")[2].decode("utf-8", "replace")
    try:
        read_signature(value)
        return read_tags(value)
    except TagFault as error:
        raise SignatureFault(str(error)) from error


def _assert_readable(tags: Mapping[str, str], now: datetime) -> None:
    """Refuse what no verifier goes on with. Source: RFC 6376 §6.1.1."""
    if tags["v"] != "1":
        raise SignatureFault(f"its version is {tags['v'][:20]!r}, not 1")
    if tags["a"].lower() not in _KINDS:
        raise SignatureFault(f"nobody accepts its algorithm, {tags['a'][:40]}")
    if "from" not in words(tags["h"]):
        raise SignatureFault("it does not cover From")
    if "dns/txt" not in words(tags.get("q", "dns/txt")):
        raise SignatureFault("its key is to be looked up in a way that nobody knows (q=)")
    domain, identity = tags["d"].lower(), _identity(tags)
    if identity != domain and not identity.endswith(f".{domain}"):
        raise SignatureFault(f"it is made for {identity}, which does not belong to {domain} (i=)")
    expiry, made = _number(tags, "x"), _number(tags, "t")
    if expiry is not None and made is not None and expiry <= made:
        raise SignatureFault("it expires before it was made (x=)")
    if expiry is not None and expiry <= now.timestamp():
        raise SignatureFault(f"it has expired on {_day(expiry)} (x=)")


def _identity(tags: Mapping[str, str]) -> str:
    return without_space(tags.get("i", tags["d"])).rpartition("@")[2].lower()


def _number(tags: Mapping[str, str], name: str) -> int | None:
    if name not in tags:
        return None
    value = without_space(tags[name])
    if not (value.isascii() and value.isdigit() and len(value) <= 76):
        raise SignatureFault(f"the tag {name} is no number")
    return int(value)


def _day(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).date().isoformat()


def _octets(tags: Mapping[str, str], name: str) -> bytes:
    try:
        return b64decode(without_space(tags[name]), validate=True)
    except (binascii.Error, ValueError) as error:
        raise SignatureFault(f"the tag {name} is not base64") from error


def _forms(written: str) -> tuple[str, str]:
    header, _, body = without_space(written).lower().partition("/")
    forms = header, body or "simple"
    if not _FORMS.issuperset(forms):
        raise SignatureFault(f"nobody knows its canonical form, {written[:40]!r} (c=)")
    return forms


def _parts(content: bytes) -> _Parts:
    # One kind of line end holds for the whole message; elsewhere its octets are signs that somebody has put in.
    end = next((one for one in (b"\r\n", b"\n", b"\r") if one in content), b"\r\n")
    text = content.replace(end, b"\r\n")
    head, _, body = text.partition(b"\r\n\r\n")
    return _Parts(_FIELDS.findall(head + b"\r\n"), body)


def _name(field: bytes) -> bytes:
    return field.partition(b":")[0].strip().lower()


def _signed_body(body: bytes, form: str, length: str | None) -> bytes:
    if form == "relaxed":
        body = _LAST_SPACE.sub(b"", _SPACE.sub(b" ", body if body.endswith(b"\r\n") else body + b"\r\n"))
    body = body.rstrip(b"\r\n")
    # An empty body is one empty line in the simple form, and nothing at all in the relaxed one.
    body = body + b"\r\n" if body or form == "simple" else b""
    if length is None:
        return body
    signed = _number({"l": length}, "l")
    if signed is None or signed > len(body):
        raise SignatureFault("a part of the body that it covers is missing (l=)")
    return body[:signed]


def _signed_fields(fields: Sequence[bytes], own: bytes, names: Sequence[str], form: str) -> Iterator[bytes]:
    """Give the fields in the order of the signature; of several with one name the last comes first."""
    waiting: dict[bytes, list[bytes]] = {}
    for field in fields:
        waiting.setdefault(_name(field), []).append(field)
    for name in names:
        same = waiting.get(name.encode())
        if same:
            yield _canonical(same.pop(), form)
    name_of_own, _, value = own.partition(b":")
    yield _canonical(name_of_own + b":" + _B.sub(rb"\1", value.rstrip(b"\r\n"), count=1), form).rstrip(b"\r\n")


def _canonical(field: bytes, form: str) -> bytes:
    if form == "simple":
        return field
    value = field.partition(b":")[2].replace(b"\r\n", b"")
    return _name(field) + b":" + _SPACE.sub(b" ", value).strip(b" \t") + b"\r\n"


def _key(record: str, tags: Mapping[str, str]) -> PublicKey:
    """Read the key and hold it against what the signature says. Source: RFC 6376 §6.1.2."""
    key = read_key(record)
    if key.kind != _KINDS[tags["a"].lower()]:
        raise SignatureFault(f"the key in the DNS is of another kind, {key.kind}")
    if key.hashes and "sha256" not in key.hashes:
        raise SignatureFault("the key in the DNS forbids SHA-256")
    if key.is_strict and _identity(tags) != tags["d"].lower():
        raise SignatureFault("the key in the DNS is not for domains below its own (t=s)")
    if key.kind == "rsa" and key.bits < SHORTEST_KEY:
        raise SignatureFault(f"the key in the DNS has only {key.bits} bits")
    return key


def _verify(key: PublicKey, tags: Mapping[str, str], signed: bytes) -> None:
    signature = _octets(tags, "b")
    try:
        if key.kind == "ed25519":
            Ed25519PublicKey.from_public_bytes(key.octets).verify(signature, hashlib.sha256(signed).digest())
            return
        public = load_der_public_key(key.octets)
        if isinstance(public, RSAPublicKey):
            public.verify(signature, signed, PKCS1v15(), SHA256())
    except InvalidSignature as error:
        raise SignatureFault(
            "a header field that it covers was changed, or the key in the DNS is not the one it was made with"
        ) from error
