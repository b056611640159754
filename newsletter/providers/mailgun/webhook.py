"""Reads what Mailgun reports, one event in each request, once its signature is checked.

The signature is over the time and a token, and not over the event: whoever sees one request could write another event
under its signature, as long as it is not too old. So the connection must be private. A token that was seen is not
refused: Mailgun repeats a request under the same token when we could not store it, and what is stored once is not
stored again, whichever process it comes to.

Source: Mailgun's pages "Securing Webhooks", "Webhook Payloads", "Webhook Retries" and "Event Structure".
"""

import hmac
from collections.abc import Mapping, Sequence
from typing import Any, Final

from newsletter.providers.base.faults import fault_of
from newsletter.providers.base.feedback import EventKind, Fault, FeedbackEvent, Fetch, WebhookRequest
from newsletter.providers.base.replies import text_of
from newsletter.providers.base.webhooks import (
    OTHER,
    Meaning,
    Source,
    address,
    find_status,
    from_epoch,
    happened,
    inner,
    name,
    names,
    read_key,
    read_seconds,
    reference,
    same,
    words,
)
from newsletter.providers.mailgun.settings import Settings

SOURCE: Final = Source("mailgun", "Mailgun")

EVENTS: Final[Mapping[str, Meaning]] = {
    "accepted": Meaning(EventKind.ACCEPTED),
    "delivered": Meaning(EventKind.DELIVERED),
    "failed": Meaning(EventKind.BOUNCED, Fault.UNKNOWN),
    "rejected": Meaning(EventKind.DROPPED, Fault.MESSAGE),
    "complained": Meaning(EventKind.COMPLAINED),
    "unsubscribed": Meaning(EventKind.UNSUBSCRIBED),
    "opened": Meaning(EventKind.OPENED),
    "clicked": Meaning(EventKind.CLICKED),
    "stored": OTHER,
    "list_member_uploaded": OTHER,
    "list_member_upload_error": OTHER,
    "list_uploaded": OTHER,
}
"""What Mailgun's words for events stand for."""
SEVERITIES: Final[Mapping[str, EventKind]] = {
    "temporary": EventKind.DELAYED,
    "permanent": EventKind.BOUNCED,
}
"""What a failure is, by its severity."""
REASONS: Final[Mapping[str, Meaning]] = {
    "suppress-bounce": Meaning(EventKind.DROPPED, Fault.ADDRESS),
    "suppress-complaint": Meaning(EventKind.DROPPED, Fault.UNKNOWN),
    "suppress-unsubscribe": Meaning(EventKind.DROPPED, Fault.UNKNOWN),
    "espblock": Meaning(EventKind.BOUNCED, Fault.SENDER),
    "old": Meaning(EventKind.BOUNCED, Fault.NETWORK),
}
"""Permanent failures whose reason tells what they are; of the others the server's reply must tell."""
BOUNCE_TYPES: Final[Mapping[str, Fault]] = {"hard": Fault.ADDRESS, "soft": Fault.UNKNOWN}
"""What a bounce blames by its type, where nothing more is known."""


def read_webhook(request: WebhookRequest, settings: Settings, fetch: Fetch) -> Sequence[FeedbackEvent]:  # noqa: ARG001 (its key is a setting)
    """Check Mailgun's signature over the time and the token, and read the event.

    Raises:
        WebhookRefused: The signature is missing or wrong, the request too old, or its body not of Mailgun's form.
        SettingsError: The signing key is not set.
    """
    secret = SOURCE.needs(
        settings.webhook_key,
        "webhook_key",
        "Set NEWSLETTER_PROVIDERS__MAILGUN__WEBHOOK_KEY to the HTTP webhook signing key: see docs/webhooks.md.",
    )
    document = SOURCE.read_object(request.body)
    proof = inner(document.get("signature"))
    token, signature, made = text_of(proof.get("token")), text_of(proof.get("signature")), proof.get("timestamp")
    timestamp = str(made) if isinstance(made, int) else text_of(made)
    if not (timestamp and token and signature):
        raise SOURCE.refuse("it has no signature")
    signed = f"{timestamp}{token}".encode("utf-8", "surrogatepass")
    if not same(signature, hmac.digest(secret.get_secret_value().encode(), signed, "sha256").hex()):
        raise SOURCE.refuse("its signature is not Mailgun's", "See whether webhook_key is the account's own.")
    SOURCE.check_age(read_seconds(timestamp), request, settings.webhook_minutes)
    return [_read(inner(document.get("event-data")), request)]


def _read(event: Mapping[str, Any], request: WebhookRequest) -> FeedbackEvent:
    word, severity, reason = (name(event.get(part)) for part in ("event", "severity", "reason"))
    told = inner(event.get("delivery-status"))
    reply = words(told.get("message"), told.get("description"), inner(event.get("reject")).get("reason"))
    status = find_status(words(told.get("enhanced-code")), reply)
    meaning = _judge_failure(event, status, reply) if word == "failed" else EVENTS.get(word, OTHER)
    return FeedbackEvent(
        kind=meaning.kind,
        source=SOURCE.key,
        at=happened(from_epoch(event.get("timestamp")), request),
        key=read_key(inner(event.get("user-variables")).get("delivery")),
        recipient=address(event.get("recipient")),
        reference=_reference(event),
        status=status,
        reply=reply,
        fault=meaning.fault,
        detail=names(word, severity, reason) if word == "failed" else word,
    )


def _judge_failure(event: Mapping[str, Any], status: str, reply: str) -> Meaning:
    kind = SEVERITIES.get(name(event.get("severity")), EVENTS["failed"].kind)
    if kind is EventKind.BOUNCED and (known := REASONS.get(name(event.get("reason")))):
        return known
    hint = BOUNCE_TYPES.get(name(inner(event.get("delivery-status")).get("bounce-type")))
    fault = fault_of(status, reply)
    if fault is Fault.UNKNOWN:
        fault = hint or fault
    if fault is Fault.ADDRESS and (kind is EventKind.DELAYED or hint is Fault.UNKNOWN):
        # Mailgun does not take the address for a bad one, whatever the server said.
        fault = Fault.UNKNOWN
    return Meaning(kind, fault)


def _reference(event: Mapping[str, Any]) -> str:
    """Give the Message-ID as Mailgun gave it when it took the message: in angle brackets."""
    bare = reference(inner(inner(event.get("message")).get("headers")).get("message-id")).strip("<>")
    return f"<{bare}>" if bare else ""
