"""The delivery key: one recipient of one dispatch, opaque, in Message-ID, return path and provider arguments."""

import hashlib
import hmac
from base64 import b32encode
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
    digest = hmac.digest(secret, f"{dispatch}\0{subscriber}".encode(), hashlib.sha256)
    return DeliveryKey(b32encode(digest[:_BYTES]).decode("ascii").rstrip("=").lower())
