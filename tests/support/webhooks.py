"""Requests as providers make them, sealed with real keys, and what each provider's proof covers."""

import base64
import hmac
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache, partial
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import NameOID

from newsletter import plugins
from newsletter.errors import FetchError
from newsletter.providers.base.feedback import FeedbackEvent, Fetch, WebhookRequest

NOW: Final = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
KEY: Final = "abcdefghijklmnopqrstuvwxyz"
READER: Final = "lid@example.com"
SECRET: Final = "a-secret-that-nobody-guesses"
TOPIC: Final = "arn:aws:sns:eu-west-1:123456789012:news"
CERTIFICATE_URL: Final = "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0123456789abcdef.pem"
SUBSCRIBE_URL: Final = (
    "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn=arn:aws:sns:eu-west-1:123456789012:news"
    "&Token=2336412f37"
)

Seal = Callable[[bytes, datetime], WebhookRequest]


@dataclass(frozen=True)
class Hook:
    """One provider's webhooks.

    Args:
        options: Its settings.
        seal: Makes a request of what an event says, at a time.
        word: Where the word for what happened stands.
        example: An event with everything that such an event may have.
        covered: The parts of a request that its proof covers: fields, or `body`.
        missing: The setting without which nothing can be checked.
    """

    name: str
    options: Mapping[str, Any]
    seal: Seal
    word: str
    example: Mapping[str, Any]
    covered: Sequence[str]
    missing: str

    @property
    def module(self) -> Any:
        return plugins.load("providers", self.name)

    def settings(self, **options: Any) -> Any:
        return self.module.Settings.model_validate(
            {**self.options, **options}, context={"sender_domain": "example.org"}
        )

    def request(self, event: object, sent: datetime = NOW) -> WebhookRequest:
        """Make a request of an event, as its provider does."""
        return self.seal(event if isinstance(event, bytes) else json.dumps(event).encode(), sent)

    def read(self, request: WebhookRequest, fetch: Fetch | None = None, **options: Any) -> Sequence[FeedbackEvent]:
        found: Sequence[FeedbackEvent] = self.module.read_webhook(request, self.settings(**options), fetch or published)
        return found

    def of(self, word: str, **more: Any) -> FeedbackEvent:
        """Read the one event that a word stands for, with particulars put in its place."""
        (event,) = self.read(self.request({**self.example, self.word: word, **more}))
        return event

    def altered(self, request: WebhookRequest) -> Iterator[WebhookRequest]:
        """Give a request with one bit of what its proof covers turned over, for many such bits."""
        for part in self.covered:
            octets = request.body if part == "body" else request.headers[part].encode("latin-1")
            first = len("Bearer ") * 8 if part == "authorization" else 0
            for place in range(first, len(octets) * 8, 1 if len(octets) < 200 else 5):
                turned = bytearray(octets)
                turned[place // 8] ^= 1 << place % 8
                if part == "body":
                    yield replace(request, body=bytes(turned))
                else:
                    yield replace(request, headers={**request.headers, part: turned.decode("latin-1")})


def published(url: str) -> bytes:
    """Fetch what Amazon publishes."""
    if url not in (CERTIFICATE_URL, SUBSCRIBE_URL):
        raise FetchError(url, "status", "it answers with 403", status=403)
    return authority()[1]


def seal_for_sendgrid(body: bytes, sent: datetime) -> WebhookRequest:
    stamp = str(int(sent.timestamp()))
    signature = elliptic_key().sign(stamp.encode() + body, ec.ECDSA(hashes.SHA256()))
    return WebhookRequest(
        {
            "x-twilio-email-event-webhook-signature": base64.b64encode(signature).decode(),
            "x-twilio-email-event-webhook-timestamp": stamp,
        },
        body,
        NOW,
    )


def seal_for_resend(body: bytes, sent: datetime, secret: bytes = SECRET.encode()) -> WebhookRequest:
    stamp = str(int(sent.timestamp()))
    digest = hmac.digest(secret, f"msg_1.{stamp}.".encode() + body, "sha256")
    signature = f"v1,{base64.b64encode(digest).decode()}"
    return WebhookRequest({"svix-id": "msg_1", "svix-timestamp": stamp, "svix-signature": signature}, body, NOW)


def seal_for_mailgun(event: bytes, sent: datetime, nonce: str = "e0b5477167110d68991efc6b9f89f0a1") -> WebhookRequest:
    stamp = str(int(sent.timestamp()))
    signature = hmac.digest(SECRET.encode(), f"{stamp}{nonce}".encode(), "sha256").hex()
    proof = json.dumps({"timestamp": stamp, "token": nonce, "signature": signature}).encode()
    return WebhookRequest({}, b'{"signature":' + proof + b',"event-data":' + event + b"}", NOW)


def seal_with_secret(body: bytes, sent: datetime, secret: str = SECRET) -> WebhookRequest:
    del sent
    return WebhookRequest({"authorization": f"Bearer {secret}"}, body, NOW)


def notify(
    message: str,
    sent: datetime = NOW,
    version: str = "2",
    key: rsa.RSAPrivateKey | None = None,
    **more: str | None,
) -> WebhookRequest:
    """Make a message of Amazon SNS; a field that is None is left out."""
    fields: dict[str, str | None] = {
        "Type": "Notification",
        "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
        "TopicArn": TOPIC,
        "Message": message,
        "Timestamp": sent.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        **more,
    }
    confirms = "SubscribeURL" in fields
    names = ("Message", "MessageId", *(("SubscribeURL",) if confirms else ("Subject",)), "Timestamp")
    signed = [name for name in (*names, *(("Token",) if confirms else ()), "TopicArn", "Type") if fields.get(name)]
    text = "".join(f"{name}\n{fields[name]}\n" for name in signed)
    hashing = hashes.SHA1() if version == "1" else hashes.SHA256()  # noqa: S303
    signature = (key or authority()[0]).sign(text.encode(), padding.PKCS1v15(), hashing)
    whole = {
        **fields,
        "SignatureVersion": version,
        "Signature": base64.b64encode(signature).decode(),
        "SigningCertURL": more.get("SigningCertURL", CERTIFICATE_URL),
    }
    return WebhookRequest({}, json.dumps({k: v for k, v in whole.items() if v is not None}).encode(), NOW)


def _seal_for_ses(message: bytes, sent: datetime) -> WebhookRequest:
    return notify(message.decode("utf-8", "replace"), sent)


@lru_cache
def elliptic_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


@lru_cache
def authority() -> tuple[rsa.RSAPrivateKey, bytes]:
    """A key as Amazon's, and its certificate."""
    return make_authority(2048, NOW + timedelta(days=300))


def make_authority(size: int, ends: datetime) -> tuple[rsa.RSAPrivateKey, bytes]:
    key = rsa.generate_private_key(65537, size)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(ends - timedelta(days=400))
        .not_valid_after(ends)
        .sign(key, hashes.SHA256())
    )
    return key, certificate.public_bytes(serialization.Encoding.PEM)


def public_key(key: ec.EllipticCurvePrivateKey) -> str:
    """Write a key as SendGrid shows it."""
    octets = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(octets).decode()


def verifier() -> str:
    """SendGrid's public key."""
    return public_key(elliptic_key())


_SECONDS: Final = int(NOW.timestamp()) - 10
_MOMENT: Final = "2026-05-01T11:59:50.000Z"
_WORDS: Final = f"550 5.1.1 <{READER}>: Recipient address rejected: User unknown"

HOOKS: Final[Mapping[str, Hook]] = {
    hook.name: hook
    for hook in (
        Hook(
            "sendgrid",
            {"api_key": "key", "webhook_verifier": verifier()},
            seal_for_sendgrid,
            "event",
            {
                "event": "bounce",
                "email": READER,
                "timestamp": _SECONDS,
                "delivery": KEY,
                "sg_event_id": "Ym91bmNl",
                "sg_message_id": "LRzXl_NHStOGhQ4kofSm_A.recvd-5f5fc76c-1",
                "reason": _WORDS,
                "status": "5.1.1",
                "type": "bounce",
                "bounce_classification": "Invalid Address",
            },
            ("body", "x-twilio-email-event-webhook-signature", "x-twilio-email-event-webhook-timestamp"),
            "webhook_verifier",
        ),
        Hook(
            "ses",
            {"region": "eu-west-1", "webhook_topic": TOPIC},
            _seal_for_ses,
            "eventType",
            {
                "eventType": "Bounce",
                "mail": {
                    "timestamp": "2026-05-01T11:59:40.000Z",
                    "messageId": "0000014a",
                    "destination": [READER],
                    "tags": {"delivery": [KEY], "ses:from-domain": ["example.org"]},
                },
                "bounce": {
                    "bounceType": "Permanent",
                    "bounceSubType": "General",
                    "bouncedRecipients": [{"emailAddress": READER, "status": "5.1.1", "diagnosticCode": _WORDS}],
                    "timestamp": _MOMENT,
                },
            },
            ("body",),
            "webhook_topic",
        ),
        Hook(
            "postmark",
            {"server_token": "token", "webhook_secret": SECRET},
            seal_with_secret,
            "RecordType",
            {
                "RecordType": "Bounce",
                "Type": "HardBounce",
                "TypeCode": 1,
                "MessageID": "883953f4-6105-42a2-a16a-77a8eac79483",
                "Metadata": {"delivery": KEY},
                "Details": _WORDS,
                "Email": READER,
                "BouncedAt": "2026-05-01T11:59:50.1234567Z",
            },
            ("authorization",),
            "webhook_secret",
        ),
        Hook(
            "mailgun",
            {"api_key": "key", "webhook_key": SECRET},
            seal_for_mailgun,
            "event",
            {
                "event": "failed",
                "severity": "permanent",
                "reason": "bounce",
                "timestamp": _SECONDS + 0.5,
                "recipient": READER,
                "user-variables": {"delivery": KEY},
                "message": {"headers": {"message-id": "key@example.org"}},
                "delivery-status": {
                    "code": 550,
                    "enhanced-code": "5.1.1",
                    "message": _WORDS,
                    "description": "",
                    "bounce-type": "hard",
                },
            },
            (),
            "webhook_key",
        ),
        Hook(
            "brevo",
            {"api_key": "key", "webhook_secret": SECRET},
            seal_with_secret,
            "event",
            {
                "event": "hard_bounce",
                "email": READER,
                "ts": _SECONDS + 7200,
                "ts_event": _SECONDS + 7200,
                "ts_epoch": _SECONDS * 1000,
                "message-id": "<202605011159.1@smtp-relay.mailin.fr>",
                "X-Mailin-custom": f"delivery:{KEY}",
                "reason": _WORDS,
            },
            ("authorization",),
            "webhook_secret",
        ),
        Hook(
            "resend",
            {"api_key": "key", "webhook_secret": f"whsec_{base64.b64encode(SECRET.encode()).decode()}"},
            partial(seal_for_resend),
            "type",
            {
                "type": "email.bounced",
                "created_at": _MOMENT,
                "data": {
                    "created_at": "2026-05-01T11:00:00.000Z",
                    "email_id": "56761188-7520-42d8-8898-ff6fc54ce618",
                    "to": [READER],
                    "tags": {"delivery": KEY},
                    "bounce": {
                        "type": "Permanent",
                        "subType": "General",
                        "message": "The recipient's email provider sent a hard bounce message.",
                        "diagnosticCode": [f"smtp; {_WORDS}"],
                    },
                },
            },
            ("body", "svix-id", "svix-timestamp", "svix-signature"),
            "webhook_secret",
        ),
    )
}
"""Every provider that reports by webhook, with an event that says that an address does not exist."""
