"""Reads what Resend reports, one event in each request, once its signature is checked.

Resend sends its webhooks by way of Svix, and its bounces in the words of Amazon SES.

Source: Resend's pages "Event Types" and "Verify Webhooks Requests"; Svix's page "Verifying Webhooks Manually".
"""

import base64
import hmac
from collections.abc import Mapping, Sequence
from typing import Any, Final

from pydantic import SecretStr

from newsletter.message import DeliveryKey
from newsletter.providers.base.amazon import judge_bounce
from newsletter.providers.base.feedback import EventKind, Fault, FeedbackEvent, Fetch, WebhookRequest
from newsletter.providers.base.webhooks import (
    OTHER,
    Meaning,
    Source,
    address,
    each,
    find_status,
    from_iso,
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
from newsletter.providers.resend.settings import Settings

SOURCE: Final = Source("resend", "Resend")

EVENTS: Final[Mapping[str, Meaning]] = {
    "email.sent": Meaning(EventKind.ACCEPTED),
    "email.delivered": Meaning(EventKind.DELIVERED),
    "email.delivery_delayed": Meaning(EventKind.DELAYED, Fault.UNKNOWN),
    "email.bounced": Meaning(EventKind.BOUNCED, Fault.UNKNOWN),
    "email.complained": Meaning(EventKind.COMPLAINED),
    "email.suppressed": Meaning(EventKind.DROPPED, Fault.UNKNOWN),
    "email.failed": Meaning(EventKind.DROPPED, Fault.UNKNOWN),
    "email.opened": Meaning(EventKind.OPENED),
    "email.clicked": Meaning(EventKind.CLICKED),
    "email.scheduled": OTHER,
    "email.received": OTHER,
}
"""What Resend's words for events stand for; of contacts and domains it tells too, which is nothing to us."""
_SCHEME: Final = "v1,"


def read_webhook(request: WebhookRequest, settings: Settings, fetch: Fetch) -> Sequence[FeedbackEvent]:  # noqa: ARG001 (its key is a setting)
    """Check a signature over the identifier, the time and the body as it came, and read the event.

    Raises:
        WebhookRefused: The signature is missing or wrong, the request too old, or its body not of Resend's form.
        SettingsError: The signing secret is not set.
    """
    secret = SOURCE.needs(
        settings.webhook_secret,
        "webhook_secret",
        "Set NEWSLETTER_PROVIDERS__RESEND__WEBHOOK_SECRET to the signing secret of the webhook: see docs/webhooks.md.",
    )
    identifier, timestamp, given = (
        SOURCE.header(request, field) for field in ("svix-id", "svix-timestamp", "svix-signature")
    )
    expected = _sign(secret, identifier, timestamp, request.body)
    # A secret that is being replaced signs beside the new one.
    if not any(same(one, expected) for one in given.split(" ")):
        raise SOURCE.refuse(
            "its signature is not Resend's", "See whether webhook_secret is the secret of this very webhook."
        )
    SOURCE.check_age(read_seconds(timestamp), request, settings.webhook_minutes)
    return [_read(SOURCE.read_object(request.body), request)]


def _sign(secret: SecretStr, identifier: str, timestamp: str, body: bytes) -> str:
    key = base64.b64decode(secret.get_secret_value().removeprefix("whsec_"))
    signed = f"{identifier}.{timestamp}.".encode("utf-8", "surrogatepass") + body
    return _SCHEME + base64.b64encode(hmac.digest(key, signed, "sha256")).decode("ascii")


def _read(event: Mapping[str, Any], request: WebhookRequest) -> FeedbackEvent:
    word, data = name(event.get("type")), inner(event.get("data"))
    meaning, more = EVENTS.get(word, OTHER), ("", "")
    bounce, failure, list_entry = (inner(data.get(part)) for part in ("bounce", "failed", "suppressed"))
    server = words(bounce.get("diagnosticCode"), *each(bounce.get("diagnosticCode")))
    reply = server or words(bounce.get("message"), failure.get("reason"), list_entry.get("message"))
    status = find_status(reply)
    if word == "email.bounced":
        more = name(bounce.get("type")), name(bounce.get("subType"))
        # What Resend writes about a bounce is its own, and no server's.
        meaning = judge_bounce(*more, status, server)
    return FeedbackEvent(
        kind=meaning.kind,
        source=SOURCE.key,
        at=happened(from_iso(event.get("created_at")), request),
        key=_key_of(data.get("tags")),
        recipient=_recipient(data.get("to")),
        reference=reference(data.get("email_id")),
        status=status,
        reply=reply,
        fault=meaning.fault,
        detail=names(word, *more),
    )


def _key_of(tags: object) -> DeliveryKey | None:
    """Find the delivery's key among the tags: names with their values, or a list as we sent it."""
    for tag in map(inner, each(tags)):
        if tag.get("name") == "delivery":
            return read_key(tag.get("value"))
    return read_key(inner(tags).get("delivery"))


def _recipient(to: object) -> str:
    """Give the one whom a message went to; empty where there are others."""
    people = each(to)
    return address(people[0]) if len(people) == 1 else address(to)
