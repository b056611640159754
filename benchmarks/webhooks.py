"""How many events a second are checked and read on one core, of each provider that reports by webhook.

Nothing is stored here. The events are those of a dispatch: for each message it was taken and delivered, with a few
delays and bounces among them. Where a provider can put several into one request, so it is.
"""

import base64
import hmac
import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

from benchmarks.figures import Bar, Figure, at_least
from newsletter import plugins
from newsletter.providers.base.feedback import WebhookRequest

BAR: Final = 30_000
"""Storing them needs time as well: 5,000 are to be stored in a second, reading included."""
ROUNDS: Final = 20_000
NOW: Final = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
STAMP: Final = str(int(NOW.timestamp()))
SECRET: Final = "a-secret-that-nobody-guesses"  # noqa: S105
KEY: Final = "abcdefghijklmnopqrstuvwxyz"
TOPIC: Final = "arn:aws:sns:eu-west-1:123456789012:news"
SAID: Final = "550 5.1.1 <lid@example.com>: Recipient address rejected: User unknown in virtual mailbox table"


@dataclass(frozen=True)
class Hook:
    """Requests of one provider.

    Args:
        batch: How many events are in each.
        published: What is fetched to check them by.
    """

    provider: str
    options: Mapping[str, Any]
    seal: Callable[[bytes], WebhookRequest]
    events: Callable[[int], Mapping[str, Any]]
    batch: int = 1
    bar: bool = False
    published: bytes = b""


def run() -> Iterator[Figure]:
    """Measure each."""
    key = ec.generate_private_key(ec.SECP256R1())
    public = base64.b64encode(key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()

    def sign(body: bytes) -> WebhookRequest:
        signature = base64.b64encode(key.sign(STAMP.encode() + body, ec.ECDSA(SHA256()))).decode()
        start = "x-twilio-email-event-webhook"
        return WebhookRequest({f"{start}-signature": signature, f"{start}-timestamp": STAMP}, body, NOW)

    amazon, certificate = _amazon()

    def notify(message: bytes) -> WebhookRequest:
        return _notification(message.decode(), amazon)

    whsec = f"whsec_{base64.b64encode(SECRET.encode()).decode()}"
    for hook in (
        Hook("sendgrid", {"api_key": "k", "webhook_verifier": public}, sign, _sendgrid, 1000, bar=True),
        Hook("brevo", {"api_key": "k", "webhook_secret": SECRET}, _with_secret, _brevo, 500, bar=True),
        Hook("postmark", {"server_token": "k", "webhook_secret": SECRET}, _with_secret, _postmark),
        Hook("mailgun", {"api_key": "k", "domain": "example.org", "webhook_key": SECRET}, _mailgun_request, _mailgun),
        Hook("ses", {"region": "eu-west-1", "webhook_topic": TOPIC}, notify, _ses, published=certificate),
        Hook("resend", {"api_key": "k", "webhook_secret": whsec}, _resend_request, _resend),
    ):
        rate, size = _measure(hook)
        bar: Bar | None = at_least(rate, BAR, "/s") if hook.bar else None
        what = f"{hook.provider}, {hook.batch:,} in a request of {size / 1000:,.1f} kB"
        yield Figure(what, f"{rate:,.0f}/s", bar=bar)


def _measure(hook: Hook) -> tuple[float, int]:
    module = plugins.load("providers", hook.provider)
    settings = module.Settings.model_validate(hook.options, context={"sender_domain": "example.org"})
    made = [hook.events(number) for number in range(max(hook.batch, 20))]
    bodies = [json.dumps(made).encode()] if hook.batch > 1 else [json.dumps(one).encode() for one in made]
    requests = [hook.seal(body) for body in bodies]
    rounds = ROUNDS // len(made)
    read = sum(len(module.read_webhook(request, settings, lambda _: hook.published)) for request in requests)
    assert read == len(made)
    start = time.process_time()
    for _ in range(rounds):
        for request in requests:
            module.read_webhook(request, settings, lambda _: hook.published)
    return rounds * len(made) / (time.process_time() - start), len(requests[0].body)


def _choose(number: int, taken: str, delivered: str, delayed: str, bounced: str) -> str:
    """Give the words of a dispatch in their shares: 4 % bounced, 6 % delayed."""
    place = number % 100
    return bounced if place < 4 else delayed if place < 10 else taken if place < 55 else delivered


def _sendgrid(number: int) -> Mapping[str, Any]:
    word = _choose(number, "processed", "delivered", "deferred", "bounce")
    more: Mapping[str, Any] = {
        "processed": {},
        "delivered": {"response": "250 2.0.0 OK 1777636790 a1si123456abc.12 - gsmtp"},
        "deferred": {"response": "451 4.7.1 Greylisting in action, please come back later", "attempt": "3"},
        "bounce": {"reason": SAID, "status": "5.1.1", "type": "bounce", "bounce_classification": "Invalid Address"},
    }
    return {
        "email": f"lid{number}@example.com",
        "timestamp": int(STAMP) - 10,
        "smtp-id": "<LRzXl_NHStOGhQ4kofSm_A@ismtpd0039p1iad1.sendgrid.net>",
        "event": word,
        "sg_event_id": "ZHJvcC0xMDk5NDkxOS1MUnpYbF9OSFN0T0doUTRrb2ZTbV9BLTA",
        "sg_message_id": "LRzXl_NHStOGhQ4kofSm_A.filterdrecv-p3mdw1-756b745b58-kmzbl-18-5F5FC76C-9.0",
        "delivery": KEY,
        **more[word],
    }


def _brevo(number: int) -> Mapping[str, Any]:
    word = _choose(number, "request", "delivered", "deferred", "hard_bounce")
    return {
        "event": word,
        "email": f"lid{number}@example.com",
        "id": 1,
        "date": "2026-05-01 13:59:50",
        "ts": int(STAMP) - 10,
        "ts_event": int(STAMP) - 10,
        "ts_epoch": (int(STAMP) - 10) * 1000,
        "message-id": "<202605011159.1234567@smtp-relay.mailin.fr>",
        "subject": "Nieuwsbrief 12",
        "X-Mailin-custom": f"delivery:{KEY}",
        "sending_ip": "192.0.2.1",
        **({"reason": SAID} if word in ("deferred", "hard_bounce") else {}),
    }


def _postmark(number: int) -> Mapping[str, Any]:
    word = _choose(number, "Delivery", "Delivery", "Bounce", "Bounce")
    common = {"RecordType": word, "MessageID": "883953f4-6105-42a2-a16a-77a8eac79483", "Metadata": {"delivery": KEY}}
    if word == "Delivery":
        delivered = {"DeliveredAt": "2026-05-01T11:59:50Z", "Details": "250 2.0.0 OK"}
        return {**common, "Recipient": f"lid{number}@example.com", **delivered}
    bounced = {"Type": "HardBounce", "TypeCode": 1, "Details": SAID, "BouncedAt": "2026-05-01T11:59:50.1234567Z"}
    return {**common, "Email": f"lid{number}@example.com", **bounced}


def _mailgun(number: int) -> Mapping[str, Any]:
    word = _choose(number, "accepted", "delivered", "failed", "failed")
    failure = {"severity": "permanent", "reason": "bounce", "delivery-status": {"message": SAID}}
    return {
        "event": word,
        "timestamp": int(STAMP) - 9.5,
        "recipient": f"lid{number}@example.com",
        "user-variables": {"delivery": KEY},
        "message": {"headers": {"message-id": f"{KEY}@example.org", "to": f"lid{number}@example.com"}},
        "delivery-status": {"code": 250, "message": "OK", "attempt-no": 1},
        **(failure if word == "failed" else {}),
    }


def _resend(number: int) -> Mapping[str, Any]:
    word = _choose(number, "email.sent", "email.delivered", "email.delivery_delayed", "email.bounced")
    bounce = {"bounce": {"type": "Permanent", "subType": "General", "diagnosticCode": [f"smtp; {SAID}"]}}
    data = {"email_id": "56761188-7520-42d8-8898-ff6fc54ce618", "to": [f"lid{number}@example.com"]}
    more = bounce if word == "email.bounced" else {}
    return {"type": word, "created_at": "2026-05-01T11:59:50.000Z", "data": {**data, "tags": {"delivery": KEY}, **more}}


def _ses(number: int) -> Mapping[str, Any]:
    word = _choose(number, "Send", "Delivery", "DeliveryDelay", "Bounce")
    reader = {"emailAddress": f"lid{number}@example.com", "status": "5.1.1", "diagnosticCode": f"smtp; {SAID}"}
    more: Mapping[str, Any] = {
        "Send": {"send": {}},
        "Delivery": {"delivery": {"recipients": [reader["emailAddress"]], "smtpResponse": "250 2.0.0 OK"}},
        "DeliveryDelay": {"deliveryDelay": {"delayType": "General", "delayedRecipients": [reader]}},
        "Bounce": {"bounce": {"bounceType": "Permanent", "bounceSubType": "General", "bouncedRecipients": [reader]}},
    }
    mail = {"timestamp": "2026-05-01T11:59:40.000Z", "messageId": "0000014a", "tags": {"delivery": [KEY]}}
    return {"eventType": word, "mail": {**mail, "destination": [reader["emailAddress"]]}, **more[word]}


def _amazon() -> tuple[rsa.RSAPrivateKey, bytes]:
    """Make a key as Amazon's, and its certificate."""
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, NOW - timedelta(days=1), NOW + timedelta(days=1))
    return key, made.sign(key, SHA256()).public_bytes(Encoding.PEM)


def _notification(message: str, key: rsa.RSAPrivateKey) -> WebhookRequest:
    fields = {
        "Message": message,
        "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
        "Timestamp": "2026-05-01T11:59:59.000Z",
        "TopicArn": TOPIC,
        "Type": "Notification",
    }
    signed = "".join(f"{name}\n{value}\n" for name, value in fields.items()).encode()
    more = {
        "SignatureVersion": "2",
        "Signature": base64.b64encode(key.sign(signed, padding.PKCS1v15(), SHA256())).decode(),
        "SigningCertURL": "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-1.pem",
    }
    return WebhookRequest({}, json.dumps({**fields, **more}).encode(), NOW)


def _with_secret(body: bytes) -> WebhookRequest:
    return WebhookRequest({"authorization": f"Bearer {SECRET}"}, body, NOW)


def _mailgun_request(event: bytes) -> WebhookRequest:
    token = "e0b5477167110d68991efc6b9f89f0a11066af27834600e123"  # noqa: S105
    signature = hmac.digest(SECRET.encode(), f"{STAMP}{token}".encode(), "sha256").hex()
    proof = json.dumps({"timestamp": STAMP, "token": token, "signature": signature}).encode()
    return WebhookRequest({}, b'{"signature":' + proof + b',"event-data":' + event + b"}", NOW)


def _resend_request(body: bytes) -> WebhookRequest:
    digest = hmac.digest(SECRET.encode(), f"msg_1.{STAMP}.".encode() + body, "sha256")
    signature = f"v1,{base64.b64encode(digest).decode()}"
    return WebhookRequest({"svix-id": "msg_1", "svix-timestamp": STAMP, "svix-signature": signature}, body, NOW)
