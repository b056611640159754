"""Checks that a message comes from a topic of Amazon SNS, and confirms that we want what the topic tells.

Source: Amazon's developer guide of SNS, "Verifying the signatures of Amazon SNS messages", "HTTP/HTTPS subscription
confirmation JSON format" and "Amazon SNS message delivery retries".
"""

import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import SplitResult, parse_qs, urlsplit

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA1, SHA256, HashAlgorithm
from cryptography.x509 import Certificate, load_pem_x509_certificate

from newsletter.providers.base.feedback import Fetch, WebhookRequest
from newsletter.providers.base.replies import text_of
from newsletter.providers.base.webhooks import Source, from_iso, read_base64

SOURCE: Final = Source("ses", "Amazon SES")

NOTIFICATION: Final = "Notification"
CONFIRMATION: Final = "SubscriptionConfirmation"
FAREWELL: Final = "UnsubscribeConfirmation"
SIGNED: Final[Mapping[str, tuple[str, ...]]] = {
    NOTIFICATION: ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    CONFIRMATION: ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
    FAREWELL: ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
}
"""The types of messages, with the fields that each one's signature is over, in their order."""
OPTIONAL: Final = "Subject"
"""The one field that may be missing; it is then no part of what is signed."""
HASHES: Final[Mapping[str, type[HashAlgorithm]]] = {"1": SHA1, "2": SHA256}
"""By the version of the signature."""
SMALLEST_KEY: Final = 2048

_DOMAINS: Final = {"aws": "amazonaws.com", "aws-us-gov": "amazonaws.com", "aws-cn": "amazonaws.com.cn"}
_CERTIFICATE_PATH: Final = re.compile(r"/[A-Za-z0-9_-]{1,100}\.pem")
_CERTIFICATES_KEPT: Final = 8
_certificates: Final[dict[str, Certificate]] = {}


def check_message(request: WebhookRequest, topic: str, minutes: int, fetch: Fetch) -> Mapping[str, Any]:
    """Give a message of SNS whose topic, age and signature are as they should be.

    Args:
        topic: The ARN of our topic.
        minutes: How old the message may be.

    Raises:
        WebhookRefused: It is not from our topic, too old, or not signed by Amazon.
        FetchError: The certificate cannot be fetched.
    """
    message = SOURCE.read_object(request.body)
    signed = SIGNED.get(text_of(message.get("Type")))
    if signed is None or not isinstance(message.get("Signature"), str):
        raise SOURCE.refuse(
            "it is not a signed message of Amazon SNS", "Switch off raw message delivery for the topic's subscription."
        )
    if message.get("TopicArn") != topic:
        raise SOURCE.refuse("it is from another topic", "See whether webhook_topic is the ARN of the topic.")
    SOURCE.check_age(from_iso(message.get("Timestamp")), request, minutes)
    _check_signature(message, _canonical(message, signed), _certificate(message, request, topic, fetch))
    return message


def confirm(message: Mapping[str, Any], topic: str, fetch: Fetch) -> None:
    """Tell Amazon that we want what our topic tells.

    Args:
        message: One that was checked.

    Raises:
        WebhookRefused: It is not Amazon that would be told.
        FetchError: Amazon cannot be told.
    """
    url = text_of(message.get("SubscribeURL"))
    parts = _at_amazon(url, topic)
    asked = parse_qs(parts.query) if parts else {}
    if asked.get("Action") != ["ConfirmSubscription"] or asked.get("TopicArn") != [topic]:
        raise SOURCE.refuse("it is not to Amazon SNS that its confirmation leads")
    fetch(url)


def host_of(topic: str) -> str:
    """Name the host of Amazon SNS that has a topic."""
    _, partition, _, region, *_ = topic.split(":")
    return f"sns.{region}.{_DOMAINS.get(partition, _DOMAINS['aws'])}"


def _at_amazon(url: str, topic: str) -> SplitResult | None:
    """Take an address apart that is one of the host that has our topic, over HTTPS, in the plainest form."""
    if not url.isascii() or not url.isprintable() or "\\" in url or " " in url:
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    return parts if parts.scheme == "https" and parts.netloc == host_of(topic) and not parts.fragment else None


def _canonical(message: Mapping[str, Any], signed: tuple[str, ...]) -> bytes:
    """Write what the signature is over: each field's name and value, each on a line."""
    lines = []
    for field in signed:
        value = message.get(field)
        if value is None and field == OPTIONAL:
            continue
        if not isinstance(value, str):
            raise SOURCE.refuse(f"it has no field {field}")
        lines += [field, value]
    return ("\n".join(lines) + "\n").encode("utf-8", "surrogatepass")


def _check_signature(message: Mapping[str, Any], canonical: bytes, certificate: Certificate) -> None:
    algorithm = HASHES.get(text_of(message.get("SignatureVersion")))
    signature = read_base64(message["Signature"])
    key = certificate.public_key()
    if algorithm is None or signature is None or not isinstance(key, RSAPublicKey) or key.key_size < SMALLEST_KEY:
        raise SOURCE.refuse("its signature is of no kind that Amazon SNS makes")
    try:
        key.verify(signature, canonical, PKCS1v15(), algorithm())
    except (InvalidSignature, UnsupportedAlgorithm):
        raise SOURCE.refuse("its signature is not that of Amazon SNS") from None


def _certificate(message: Mapping[str, Any], request: WebhookRequest, topic: str, fetch: Fetch) -> Certificate:
    """Give the certificate that a message names, fetched only once from the host that has our topic."""
    url = text_of(message.get("SigningCertURL"))
    parts = _at_amazon(url, topic)
    if parts is None or parts.query or not _CERTIFICATE_PATH.fullmatch(parts.path):
        raise SOURCE.refuse("it is not at Amazon SNS that its certificate is published")
    certificate = _certificates.get(url)
    if certificate is None:
        certificate = _read_certificate(fetch(url))
        while len(_certificates) >= _CERTIFICATES_KEPT:
            _certificates.pop(next(iter(_certificates)), None)
        _certificates[url] = certificate
    if not certificate.not_valid_before_utc <= request.at <= certificate.not_valid_after_utc:
        raise SOURCE.refuse("its certificate is not valid now", "See whether the clock of this machine is right.")
    return certificate


def _read_certificate(octets: bytes) -> Certificate:
    try:
        return load_pem_x509_certificate(octets)
    except ValueError:
        raise SOURCE.refuse("what is published as its certificate is none") from None
