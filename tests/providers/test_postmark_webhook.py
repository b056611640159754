"""What Postmark's records mean, and by which secret they are let in."""

import base64
from dataclasses import replace

import pytest
from pydantic import ValidationError

from newsletter.errors import WebhookRefused
from newsletter.providers.base.feedback import EventKind, Fault
from newsletter.providers.postmark.webhook import TYPE_CODES
from support.webhooks import HOOKS, KEY, READER, SECRET

HOOK = HOOKS["postmark"]
REQUEST = HOOK.request(HOOK.example)


def basic(login: str) -> str:
    return f"Basic {base64.b64encode(login.encode()).decode()}"


@pytest.mark.parametrize(
    "headers",
    [
        {"authorization": basic(f"postmark:{SECRET}")},
        {"authorization": basic(f":{SECRET}")},
        {"authorization": f"bearer  {SECRET}"},
        {"x-webhook-secret": SECRET},
    ],
)
def test_secret_may_come_as_a_password_a_token_or_a_field(headers: dict[str, str]) -> None:
    assert HOOK.read(replace(REQUEST, headers=headers))


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"authorization": SECRET},
        {"authorization": basic(SECRET)},
        {"authorization": basic(f"{SECRET}:")},
        {"authorization": basic(f"postmark:{SECRET}x")},
        {"authorization": "Basic !"},
        {"authorization": "Basic"},
        {"authorization": "Bearer"},
        {"authorization": f"Bearer {SECRET.upper()}"},
        {"authorization": f"Bearer {SECRET}é"},
        {"authorization": "Bearer \ud800"},
        {"x-webhook-secret": ""},
        {"x-postmark-secret": SECRET},
    ],
)
def test_request_without_the_secret_is_refused(headers: dict[str, str]) -> None:
    with pytest.raises(WebhookRefused, match="secret"):
        HOOK.read(replace(REQUEST, headers=headers))


def test_refusal_does_not_tell_the_secret() -> None:
    with pytest.raises(WebhookRefused) as raised:
        HOOK.read(replace(REQUEST, headers={"x-webhook-secret": "guessed"}))
    assert SECRET not in str(raised.value)
    assert "NEWSLETTER_PROVIDERS__POSTMARK__WEBHOOK_SECRET" in raised.value.remedy


@pytest.mark.parametrize("value", ["", "short", "a secret with blanks in it", f"{SECRET}é"])
def test_secret_that_can_be_guessed_or_not_be_sent_is_refused(value: str) -> None:
    with pytest.raises(ValidationError):
        HOOK.settings(webhook_secret=value)


@pytest.mark.parametrize(
    ("kind", "details", "what", "fault"),
    [
        ("HardBounce", "smtp;550 5.1.1 no such user", EventKind.BOUNCED, Fault.ADDRESS),
        ("HardBounce", "", EventKind.BOUNCED, Fault.ADDRESS),
        ("HardBounce", "smtp;552 5.2.2 mailbox full", EventKind.BOUNCED, Fault.MAILBOX),
        ("BadEmailAddress", "", EventKind.BOUNCED, Fault.ADDRESS),
        ("SoftBounce", "smtp;552 5.2.2 mailbox full", EventKind.BOUNCED, Fault.MAILBOX),
        ("SoftBounce", "smtp;550 5.1.1 no such user", EventKind.BOUNCED, Fault.UNKNOWN),
        ("Unknown", "", EventKind.BOUNCED, Fault.UNKNOWN),
        ("Blocked", "smtp;550 5.1.1 odd", EventKind.BOUNCED, Fault.SENDER),
        ("SpamNotification", "", EventKind.BOUNCED, Fault.SENDER),
        ("DMARCPolicy", "", EventKind.BOUNCED, Fault.SENDER),
        ("Transient", "", EventKind.DELAYED, Fault.NETWORK),
        ("AutoResponder", "I am on leave", EventKind.OTHER, None),
        ("ChallengeVerification", "", EventKind.OTHER, None),
        ("Unsubscribe", "", EventKind.UNSUBSCRIBED, None),
        ("SpamComplaint", "", EventKind.COMPLAINED, None),
        ("ManuallyDeactivated", "", EventKind.DROPPED, Fault.UNKNOWN),
        ("Levitated", "", EventKind.BOUNCED, Fault.UNKNOWN),
    ],
)
def test_bounce_is_read_by_its_type_and_by_what_the_server_said(
    kind: str, details: str, what: EventKind, fault: Fault | None
) -> None:
    event = HOOK.of("Bounce", Type=kind, Details=details, Description="")
    assert (event.kind, event.fault, event.detail) == (what, fault, f"Bounce/{kind}")


def test_number_of_a_type_stands_for_it() -> None:
    for number, kind in TYPE_CODES.items():
        assert HOOK.of("Bounce", Type=None, TypeCode=number).detail == f"Bounce/{kind}"


@pytest.mark.parametrize(
    ("suppressed", "reason", "origin", "kind"),
    [
        (True, "ManualSuppression", "Recipient", EventKind.UNSUBSCRIBED),
        (True, "ManualSuppression", "Customer", EventKind.OTHER),
        (True, "ManualSuppression", "Admin", EventKind.OTHER),
        (True, "SpamComplaint", "Recipient", EventKind.COMPLAINED),
        (True, "HardBounce", "Recipient", EventKind.OTHER),
        (False, None, "Recipient", EventKind.OTHER),
    ],
)
def test_reader_who_left_by_its_page_is_told_from_one_whom_we_took_off(
    suppressed: bool, reason: str | None, origin: str, kind: EventKind
) -> None:
    change = {"SuppressSending": suppressed, "SuppressionReason": reason, "Origin": origin}
    event = HOOK.of("SubscriptionChange", Email=None, Recipient=READER, BouncedAt=None, **change)
    assert (event.kind, event.recipient, event.key) == (kind, READER, KEY)


@pytest.mark.parametrize(
    ("word", "field", "kind"),
    [
        ("Delivery", "DeliveredAt", EventKind.DELIVERED),
        ("Open", "ReceivedAt", EventKind.OPENED),
        ("Click", "ReceivedAt", EventKind.CLICKED),
        ("SpamComplaint", "BouncedAt", EventKind.COMPLAINED),
    ],
)
def test_each_record_has_its_moment(word: str, field: str, kind: EventKind) -> None:
    event = HOOK.of(word, **{"BouncedAt": None, field: "2026-05-01T13:59:42+02:00"})
    assert (event.kind, event.at.isoformat()) == (kind, "2026-05-01T11:59:42+00:00")
