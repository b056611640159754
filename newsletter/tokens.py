"""Signed tokens for links: opaque, bound to one purpose, and without an address in them.

A token is the key's id, a tag and the enciphered payload. The tag is an HMAC over the payload with a key
that is derived for the purpose, and it begins the cipher (the construction of RFC 5297): a token tells
nothing about its reader, and equal payloads give equal tokens. Tokens do not expire; whoever needs that puts
a date into the payload.
"""

import hashlib
import hmac
from binascii import Error as Base64Error
from binascii import a2b_base64, b2a_base64
from collections.abc import Mapping, Sequence
from typing import Any, Final

TAG_BYTES: Final = 16
ID_BYTES: Final = 3
LONGEST_TOKEN: Final = 1024

_BLOCK: Final = 64
_TO_URL: Final = bytes.maketrans(b"+/", b"-_")
_FROM_URL: Final = bytes.maketrans(b"-_", b"+/")
_PURPOSE: Final = b"newsletter token: "
_ADDRESS: Final = b"newsletter address"
_KEY_ID: Final = b"newsletter key id"
_sha256: Final = hashlib.sha256


class Signer:
    """Makes and checks tokens.

    Args:
        keys: Every secret whose tokens are still honoured, by its id (0 to 16,777,215).
        current: The id of the secret that new tokens are made with.

    Raises:
        ValueError: There is no secret with the current id.
    """

    def __init__(self, keys: Mapping[int, bytes], current: int) -> None:
        if current not in keys:
            raise ValueError("the current key is not among the keys")
        self._secrets = {number.to_bytes(ID_BYTES, "big"): secret for number, secret in keys.items()}
        self._current = current.to_bytes(ID_BYTES, "big")
        self._purposes: dict[tuple[bytes, str], _Purpose] = {}
        self._current_purposes: dict[str, _Purpose] = {}
        # Derived beforehand: an import hashes a million addresses.
        current_secret, others = keys[current], [secret for number, secret in keys.items() if number != current]
        self._address_pads = tuple(_pads(_derive(secret, _ADDRESS)) for secret in (current_secret, *others))

    @classmethod
    def of(cls, secrets: Sequence[bytes]) -> "Signer":
        """Make a signer of secrets, the current one first; their ids follow from them."""
        numbered = {int.from_bytes(_derive(secret, _KEY_ID)[:ID_BYTES], "big"): secret for secret in secrets}
        return cls(numbered, int.from_bytes(_derive(secrets[0], _KEY_ID)[:ID_BYTES], "big"))

    def sign(self, purpose: str, payload: bytes) -> str:
        """Make a token of letters, digits, `-` and `_`.

        Args:
            purpose: What the token is good for, and nothing else.
            payload: What it is about, such as a subscriber's number and a list; best a few bytes.
        """
        try:
            keys = self._current_purposes[purpose]
        except KeyError:
            keys = self._current_purposes[purpose] = self._purpose(self._current, purpose)
        return keys.seal(payload)

    def verify(self, purpose: str, token: str) -> bytes | None:
        """Give the payload of a token, or None where it was not made here for this purpose."""
        try:
            text = token.encode("ascii")
            content = a2b_base64(text.translate(_FROM_URL) + b"=" * (-len(text) % 4), strict_mode=True)
        except (UnicodeEncodeError, Base64Error):
            return None
        identifier = content[:ID_BYTES]
        if len(text) > LONGEST_TOKEN or len(content) < ID_BYTES + TAG_BYTES or identifier not in self._secrets:
            return None
        keys = self._purpose(identifier, purpose)
        payload = keys.open(content)
        # The last letter of a token may hold bits that decoding drops: only the one true spelling counts.
        good = hmac.compare_digest(keys.seal(payload), token)
        return payload if good else None

    def hash_address(self, address: str) -> bytes:
        """Give the keyed hash that a suppressed address is remembered by: 32 bytes, by the current secret.

        Args:
            address: In the normalised form that addresses are compared in.
        """
        return self.address_hashes(address)[0]

    def address_hashes(self, address: str) -> tuple[bytes, ...]:
        """Give the hashes that an address may be remembered by: one a secret, the current one first."""
        written = address.encode()
        return tuple(
            [_sha256(outer + _sha256(inner + written).digest()).digest() for inner, outer in self._address_pads]
        )

    def _purpose(self, identifier: bytes, purpose: str) -> "_Purpose":
        # Purposes are the program's own words, so that this cannot grow without bound.
        known = self._purposes.get((identifier, purpose))
        if known is None:
            secret = _derive(self._secrets[identifier], _PURPOSE + purpose.encode())
            known = self._purposes[identifier, purpose] = _Purpose(identifier, secret)
        return known


class _Purpose:
    """The keys of one purpose; hashes begun beforehand, because a dispatch signs twice for every message."""

    __slots__ = ("_cipher", "_identifier", "_inner", "_outer")

    def __init__(self, identifier: bytes, secret: bytes) -> None:
        inner, outer = _pads(_derive(secret, b"tag"))
        self._identifier = identifier
        self._inner: Any = _sha256(inner)
        self._outer: Any = _sha256(outer)
        self._cipher: Any = hashlib.shake_256(_derive(secret, b"cipher"))

    def seal(self, payload: bytes) -> str:
        tag = self._tag(payload)
        sealed = b2a_base64(self._identifier + tag + self._encipher(tag, payload), newline=False)
        return sealed.translate(_TO_URL).rstrip(b"=").decode("ascii")

    def open(self, content: bytes) -> bytes:
        """Decipher what `seal` made; whether it did is for the caller to check."""
        start = ID_BYTES + TAG_BYTES
        return self._encipher(content[ID_BYTES:start], content[start:])

    def _tag(self, payload: bytes) -> bytes:
        """HMAC-SHA256, the first half of it (RFC 2104 §5)."""
        inner = self._inner.copy()
        inner.update(payload)
        outer = self._outer.copy()
        outer.update(inner.digest())
        tag: bytes = outer.digest()[:TAG_BYTES]
        return tag

    def _encipher(self, tag: bytes, payload: bytes) -> bytes:
        length = len(payload)
        stream = self._cipher.copy()
        stream.update(tag)
        mixed = int.from_bytes(payload, "big") ^ int.from_bytes(stream.digest(length), "big")
        return mixed.to_bytes(length, "big")


def _pads(key: bytes) -> tuple[bytes, bytes]:
    """Give what HMAC puts before a text, and before the hash of that (RFC 2104 §2): half the time of the library's."""
    block = key.ljust(_BLOCK, b"\0")
    return bytes(octet ^ 0x36 for octet in block), bytes(octet ^ 0x5C for octet in block)


def _derive(secret: bytes, label: bytes) -> bytes:
    return hmac.digest(secret, label, "sha256")
