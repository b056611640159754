"""Reads what Brevo reports, one event or a batch in each request, once it brings our secret along.

Brevo signs nothing: a token or a password in a field of the request is all that it has, beside the networks that it
calls from. So its connection must be private.

Source: Brevo's pages "Transactional webhooks", "Secure webhook calls" and "Batched webhooks".
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from newsletter.message import DeliveryKey
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
    read_key,
    reference,
    words,
)
from newsletter.providers.brevo.settings import Settings

SOURCE: Final = Source("brevo", "Brevo")

EVENTS: Final[Mapping[str, Meaning]] = {
    "request": Meaning(EventKind.ACCEPTED),
    "sent": Meaning(EventKind.ACCEPTED),
    "delivered": Meaning(EventKind.DELIVERED),
    "deferred": Meaning(EventKind.DELAYED, Fault.UNKNOWN),
    "hard_bounce": Meaning(EventKind.BOUNCED, Fault.ADDRESS),
    "soft_bounce": Meaning(EventKind.BOUNCED, Fault.UNKNOWN),
    "blocked": Meaning(EventKind.DROPPED, Fault.UNKNOWN),
    "invalid_email": Meaning(EventKind.DROPPED, Fault.ADDRESS),
    "error": Meaning(EventKind.DROPPED, Fault.UNKNOWN),
    "spam": Meaning(EventKind.COMPLAINED),
    "complaint": Meaning(EventKind.COMPLAINED),
    "unsubscribed": Meaning(EventKind.UNSUBSCRIBED),
    "unsubscribe": Meaning(EventKind.UNSUBSCRIBED),
    "opened": Meaning(EventKind.OPENED),
    "unique_opened": Meaning(EventKind.OPENED),
    "proxy_open": Meaning(EventKind.OPENED),
    "unique_proxy_open": Meaning(EventKind.OPENED),
    "click": Meaning(EventKind.CLICKED),
    "list_addition": OTHER,
    "contact_updated": OTHER,
    "contact_deleted": OTHER,
}
"""What Brevo's words for events stand for."""
_MOMENTS: Final = ("ts_epoch", "ts_event", "ts")
"""The first of them is the one that is the same whatever the time zone of the account is."""
_OURS: Final = re.compile(r"(?:^|\|)\s*delivery:([a-z2-7]{26})\s*(?:\||$)")


def read_webhook(request: WebhookRequest, settings: Settings, fetch: Fetch) -> Sequence[FeedbackEvent]:  # noqa: ARG001 (nothing is signed)
    """Check that a request brings our secret along, and read its events.

    Raises:
        WebhookRefused: The secret is missing or wrong, or the body not of Brevo's form.
        SettingsError: No secret is set.
    """
    SOURCE.check_secret(request, settings.webhook_secret)
    return [_read(event, request) for event in SOURCE.read_objects(request.body)]


def _read(event: Mapping[str, Any], request: WebhookRequest) -> FeedbackEvent:
    word = name(event.get("event"))
    meaning, reply = EVENTS.get(word, OTHER), words(event.get("reason"))
    status, fault = find_status(reply), meaning.fault
    if meaning.kind in (EventKind.BOUNCED, EventKind.DELAYED):
        told = fault_of(status, reply)
        # Only of what Brevo calls hard the address is to blame.
        fault = fault if told in (Fault.ADDRESS, Fault.UNKNOWN) else told
    moments = map(from_epoch, map(event.get, _MOMENTS))
    return FeedbackEvent(
        kind=meaning.kind,
        source=SOURCE.key,
        at=happened(next(filter(None, moments), None), request),
        key=_key_of(event.get("X-Mailin-custom")),
        recipient=address(event.get("email")),
        reference=reference(event.get("message-id")),
        status=status,
        reply=reply,
        fault=fault,
        detail=word,
    )


def _key_of(value: object) -> DeliveryKey | None:
    """Find the delivery's key among what we had Brevo keep for us, each a name and a value."""
    found = _OURS.search(value) if isinstance(value, str) else None
    return read_key(found[1]) if found else None
