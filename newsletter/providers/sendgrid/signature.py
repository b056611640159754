"""Checks the signatures that SendGrid makes: ECDSA on P-256 with SHA-256, over the time and the body as it came.

Source: SendGrid's page "Getting Started with the Event Webhook Security Features"; FIPS 186-5 §6.
"""

from functools import lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from newsletter.errors import Place, SettingsError
from newsletter.providers.base.webhooks import read_base64


def verify(verifier: str, signature: str, timestamp: str, body: bytes) -> bool:
    """Tell whether a signature is SendGrid's.

    Args:
        verifier: The public key: DER in base 64.
        signature: In base 64.
        timestamp: As it stands in its field.

    Raises:
        SettingsError: The public key is none.
    """
    octets = read_base64(signature)
    if octets is None or not timestamp.isascii():
        return False
    try:
        _load(verifier).verify(octets, timestamp.encode("ascii") + body, ECDSA(SHA256()))
    except InvalidSignature:
        return False
    return True


@lru_cache(maxsize=8)
def _load(verifier: str) -> EllipticCurvePublicKey:
    try:
        key = load_der_public_key(read_base64(verifier) or b"")
    except ValueError:
        key = None
    if not isinstance(key, EllipticCurvePublicKey) or not isinstance(key.curve, SECP256R1):
        raise SettingsError(
            "this is not SendGrid's verification key",
            where=Place(field="providers.sendgrid.webhook_verifier"),
            remedy="Copy it from SendGrid once more; it begins with MFkw.",
        )
    return key
