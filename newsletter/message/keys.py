"""The delivery key: one recipient of one dispatch, opaque, in Message-ID, return path and provider arguments."""

import hmac
from typing import NewType

DeliveryKey = NewType("DeliveryKey", str)
"""26 characters of `a-z2-7`: safe in a Message-ID, a local part, a URL and a provider's custom argument."""

_BYTES = 16


def delivery_key(secret: bytes, dispatch: str, subscriber: int) -> DeliveryKey:
    """Derive the key of one delivery: the same for every attempt, unguessable, telling nothing about anybody.

    Args:
        secret: The dispatch's own secret, kept in the ledger.
        dispatch: The dispatch's identifier.
        subscriber: The subscriber's number.
    """
    digest = hmac.digest(secret, f"{dispatch}\0{subscriber}".encode(), "sha256")
    number = int.from_bytes(digest[:_BYTES], "big") << _PADDING
    return DeliveryKey("".join([_PAIRS[number >> shift & 0x3FF] for shift in _SHIFTS]))


# Base 32 of RFC 4648 in small letters, two of them at a time: a dispatch makes a key for every message.
_PADDING = -8 * _BYTES % 10
_SHIFTS = range(8 * _BYTES + _PADDING - 10, -1, -10)
_LETTERS = "abcdefghijklmnopqrstuvwxyz234567"
_PAIRS = tuple(first + second for first in _LETTERS for second in _LETTERS)
