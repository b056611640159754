"""Reads what Postmark reports, one event in each request, once it brings our secret along.

Postmark signs nothing: a secret in a field of the request is all that it has, so that its connection must be private.

Source: Postmark's pages "Webhooks overview", "Bounce webhook", "Subscription change webhook", "Delivery webhook", "Open
webhook" and "Click webhook"; its table "Bounce types".
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
    from_iso,
    happened,
    inner,
    name,
    names,
    read_key,
    reference,
    words,
)
from newsletter.providers.postmark.settings import Settings

SOURCE: Final = Source("postmark", "Postmark")

RECORDS: Final[Mapping[str, Meaning]] = {
    "Delivery": Meaning(EventKind.DELIVERED),
    "Bounce": Meaning(EventKind.BOUNCED, Fault.UNKNOWN),
    "SpamComplaint": Meaning(EventKind.COMPLAINED),
    "SubscriptionChange": OTHER,
    "Open": Meaning(EventKind.OPENED),
    "Click": Meaning(EventKind.CLICKED),
    "Inbound": OTHER,
}
"""What Postmark's words for records stand for."""
BOUNCES: Final[Mapping[str, Meaning]] = {
    "HardBounce": Meaning(EventKind.BOUNCED, Fault.ADDRESS),
    "Transient": Meaning(EventKind.DELAYED, Fault.NETWORK),
    "Unsubscribe": Meaning(EventKind.UNSUBSCRIBED),
    "Subscribe": OTHER,
    "AutoResponder": OTHER,
    "AddressChange": OTHER,
    "DnsError": Meaning(EventKind.DELAYED, Fault.NETWORK),
    "SpamNotification": Meaning(EventKind.BOUNCED, Fault.SENDER),
    "OpenRelayTest": OTHER,
    "Unknown": Meaning(EventKind.BOUNCED, Fault.UNKNOWN),
    "SoftBounce": Meaning(EventKind.BOUNCED, Fault.UNKNOWN),
    "VirusNotification": Meaning(EventKind.BOUNCED, Fault.MESSAGE),
    "ChallengeVerification": OTHER,
    "BadEmailAddress": Meaning(EventKind.BOUNCED, Fault.ADDRESS),
    "SpamComplaint": Meaning(EventKind.COMPLAINED),
    "ManuallyDeactivated": Meaning(EventKind.DROPPED, Fault.UNKNOWN),
    "Unconfirmed": Meaning(EventKind.DROPPED, Fault.UNKNOWN),
    "Blocked": Meaning(EventKind.BOUNCED, Fault.SENDER),
    "SMTPApiError": Meaning(EventKind.DROPPED, Fault.MESSAGE),
    "InboundError": OTHER,
    "DMARCPolicy": Meaning(EventKind.BOUNCED, Fault.SENDER),
    "TemplateRenderingFailed": Meaning(EventKind.DROPPED, Fault.MESSAGE),
}
"""What its types of a bounce stand for, replies by machines among them."""
TYPE_CODES: Final[Mapping[int, str]] = {
    1: "HardBounce",
    2: "Transient",
    16: "Unsubscribe",
    32: "Subscribe",
    64: "AutoResponder",
    128: "AddressChange",
    256: "DnsError",
    512: "SpamNotification",
    1024: "OpenRelayTest",
    2048: "Unknown",
    4096: "SoftBounce",
    8192: "VirusNotification",
    16384: "ChallengeVerification",
    100000: "BadEmailAddress",
    100001: "SpamComplaint",
    100002: "ManuallyDeactivated",
    100003: "Unconfirmed",
    100006: "Blocked",
    100007: "SMTPApiError",
    100008: "InboundError",
    100009: "DMARCPolicy",
    100010: "TemplateRenderingFailed",
}
"""The numbers of these types."""
SUPPRESSIONS: Final[Mapping[tuple[str, str], Meaning]] = {
    ("ManualSuppression", "Recipient"): Meaning(EventKind.UNSUBSCRIBED),
    ("SpamComplaint", "Recipient"): Meaning(EventKind.COMPLAINED),
}
"""Why somebody is put on Postmark's list, and by whom; a hard bounce has a record of its own, which tells more."""
_MOMENTS: Final = ("BouncedAt", "DeliveredAt", "ChangedAt", "ReceivedAt")


def read_webhook(request: WebhookRequest, settings: Settings, fetch: Fetch) -> Sequence[FeedbackEvent]:  # noqa: ARG001 (nothing is signed)
    """Check that a request brings our secret along, and read its event.

    Raises:
        WebhookRefused: The secret is missing or wrong, or the body not of Postmark's form.
        SettingsError: No secret is set.
    """
    SOURCE.check_secret(request, settings.webhook_secret)
    return [_read(record, request) for record in SOURCE.read_objects(request.body)]


def _read(record: Mapping[str, Any], request: WebhookRequest) -> FeedbackEvent:
    word = name(record.get("RecordType"))
    reply, status = words(record.get("Details"), record.get("Description")), ""
    meaning, more = RECORDS.get(word, OTHER), ""
    if word == "Bounce":
        status = find_status(reply)
        meaning, more = _judge_bounce(record, status, reply)
    elif word == "SubscriptionChange":
        meaning, more = _judge_change(record)
    moments = map(from_iso, map(record.get, _MOMENTS))
    return FeedbackEvent(
        kind=meaning.kind,
        source=SOURCE.key,
        at=happened(next(filter(None, moments), None), request),
        key=read_key(inner(record.get("Metadata")).get("delivery")),
        recipient=address(record.get("Email")) or address(record.get("Recipient")),
        reference=reference(record.get("MessageID")),
        status=status,
        reply=reply,
        fault=meaning.fault,
        detail=names(word, more),
    )


def _judge_bounce(record: Mapping[str, Any], status: str, reply: str) -> tuple[Meaning, str]:
    code = record.get("TypeCode")
    kind = name(record.get("Type")) or TYPE_CODES.get(code if isinstance(code, int) else 0, "")
    meaning = BOUNCES.get(kind, RECORDS["Bounce"])
    told = fault_of(status, reply)
    if kind == "HardBounce" and told is not Fault.UNKNOWN:
        meaning = Meaning(meaning.kind, told)
    elif meaning.fault is Fault.UNKNOWN and told is not Fault.ADDRESS:
        # Only of what Postmark calls hard the address is to blame.
        meaning = Meaning(meaning.kind, told)
    return meaning, kind


def _judge_change(record: Mapping[str, Any]) -> tuple[Meaning, str]:
    if record.get("SuppressSending") is not True:
        return OTHER, "Reactivation"
    reason, origin = name(record.get("SuppressionReason")), name(record.get("Origin"))
    return SUPPRESSIONS.get((reason, origin), OTHER), names(reason, origin)
