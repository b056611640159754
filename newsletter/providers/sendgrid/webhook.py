"""Reads what SendGrid reports, many events in one request, once its signature is checked.

`sg_event_id` tells events apart only as long as nothing is sent twice: a repetition brings another one. So it is not
kept; equal events are equal in their delivery, kind, time and words.

Source: SendGrid's pages "Event Webhook Reference" and "Getting Started with the Event Webhook Security Features".
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from newsletter.providers.base.faults import fault_of
from newsletter.providers.base.feedback import EventKind, Fault, FeedbackEvent, Fetch, WebhookRequest
from newsletter.providers.base.webhooks import (
    OTHER,
    Meaning,
    Source,
    address,
    find_status,
    from_epoch,
    happened,
    name,
    names,
    read_key,
    read_seconds,
    reference,
    words,
)
from newsletter.providers.sendgrid.settings import Settings
from newsletter.providers.sendgrid.signature import verify

SOURCE: Final = Source("sendgrid", "SendGrid")
SIGNATURE: Final = "x-twilio-email-event-webhook-signature"
TIMESTAMP: Final = "x-twilio-email-event-webhook-timestamp"

EVENTS: Final[Mapping[str, Meaning]] = {
    "processed": Meaning(EventKind.ACCEPTED),
    "deferred": Meaning(EventKind.DELAYED, Fault.UNKNOWN),
    "delivered": Meaning(EventKind.DELIVERED),
    "bounce": Meaning(EventKind.BOUNCED, Fault.UNKNOWN),
    "blocked": Meaning(EventKind.BOUNCED, Fault.SENDER),
    "dropped": Meaning(EventKind.DROPPED, Fault.UNKNOWN),
    "spamreport": Meaning(EventKind.COMPLAINED),
    "unsubscribe": Meaning(EventKind.UNSUBSCRIBED),
    "group_unsubscribe": Meaning(EventKind.UNSUBSCRIBED),
    "group_resubscribe": OTHER,
    "open": Meaning(EventKind.OPENED),
    "click": Meaning(EventKind.CLICKED),
    "account_status_change": OTHER,
}
"""What SendGrid's words for events stand for."""
TYPES: Final[Mapping[str, Fault]] = {
    "bounce": Fault.ADDRESS,
    "blocked": Fault.SENDER,
    "expired": Fault.NETWORK,
}
"""What its types of a bounce blame, where nothing more is known: the first is what it calls a hard bounce."""
CLASSES: Final[Mapping[str, Fault]] = {
    "invalid address": Fault.ADDRESS,
    "mailbox unavailable": Fault.MAILBOX,
    "content": Fault.MESSAGE,
    "reputation": Fault.SENDER,
    "frequency or volume too high": Fault.SENDER,
    "technical failure": Fault.NETWORK,
}
"""What its classes of a bounce blame."""
REASONS: Final[Mapping[str, Fault]] = {
    "bounced address": Fault.ADDRESS,
    "invalid": Fault.ADDRESS,
    "spam reporting address": Fault.UNKNOWN,
    "unsubscribed address": Fault.UNKNOWN,
    "recipient list over package quota": Fault.SENDER,
    "spam content (if spam checker app enabled)": Fault.MESSAGE,
    "spam content": Fault.MESSAGE,
    "invalid smtpapi header": Fault.MESSAGE,
}
"""Why it drops a message, and what that blames."""


def read_webhook(request: WebhookRequest, settings: Settings, fetch: Fetch) -> Sequence[FeedbackEvent]:  # noqa: ARG001 (its key is a setting)
    """Check SendGrid's signature over the time and the body as it came, and read its events.

    Raises:
        WebhookRefused: The signature is missing or wrong, the request too old, or its body not of SendGrid's form.
        SettingsError: SendGrid's verification key is not set.
    """
    verifier = SOURCE.needs(
        settings.webhook_verifier,
        "webhook_verifier",
        "Set it to the verification key that SendGrid shows for a signed event webhook: see docs/webhooks.md.",
    )
    signature, timestamp = SOURCE.header(request, SIGNATURE), SOURCE.header(request, TIMESTAMP)
    if not verify(verifier, signature, timestamp, request.body):
        raise SOURCE.refuse(
            "its signature is not SendGrid's", "See whether webhook_verifier is the key of this very webhook."
        )
    SOURCE.check_age(read_seconds(timestamp), request, settings.webhook_minutes)
    return [_read(event, request) for event in SOURCE.read_objects(request.body)]


def _read(event: Mapping[str, Any], request: WebhookRequest) -> FeedbackEvent:
    word = name(event.get("event"))
    meaning = EVENTS.get(word, OTHER)
    status, reply, fault, detail = "", "", meaning.fault, word
    if fault is not None or meaning.kind is EventKind.DELIVERED:
        reply = words(event.get("reason"), event.get("response"))
        status = find_status(words(event.get("status")), reply)
    if fault is not None:
        fault, detail = _blame(event, meaning, status, reply)
    return FeedbackEvent(
        kind=meaning.kind,
        source=SOURCE.key,
        at=happened(from_epoch(event.get("timestamp")), request),
        key=read_key(event.get("delivery")),
        recipient=address(event.get("email")),
        # The rest names the machine that handled it; this is what we were told when we handed the message over.
        reference=reference(event.get("sg_message_id")).partition(".")[0],
        status=status,
        reply=reply,
        fault=fault,
        detail=detail,
    )


def _blame(event: Mapping[str, Any], meaning: Meaning, status: str, reply: str) -> tuple[Fault | None, str]:
    """Tell whom a failure blames, and name it."""
    word = name(event.get("event"))
    if meaning.kind is EventKind.DROPPED:
        reason = reply.lower()
        return REASONS.get(reason, Fault.UNKNOWN), names(word, reason if reason in REASONS else "")
    kind, fault = name(event.get("type")), fault_of(status, reply)
    if fault is Fault.UNKNOWN:
        fault = CLASSES.get(name(event.get("bounce_classification")).lower(), fault)
    if fault is Fault.ADDRESS and (meaning.kind is EventKind.DELAYED or "blocked" in (kind, word)):
        # SendGrid does not take the address for a bad one, whatever the server said.
        fault = Fault.UNKNOWN
    if fault is Fault.UNKNOWN and meaning.kind is EventKind.BOUNCED:
        return TYPES.get(kind, meaning.fault), names(word, kind)
    return fault, names(word, kind)
