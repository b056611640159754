"""What Resend's events mean, and how its signature is checked."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from newsletter.errors import WebhookRefused
from newsletter.providers import resend
from newsletter.providers.base.feedback import EventKind, Fault, WebhookRequest
from support.webhooks import HOOKS, KEY, NOW, READER, published, seal_for_resend

HOOK = HOOKS["resend"]
DATA: dict[str, Any] = HOOK.example["data"]


def test_signature_that_svix_shows_in_its_documentation_holds() -> None:
    headers = {
        "svix-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "svix-timestamp": "1614265330",
        "svix-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }
    settings = resend.Settings(api_key="key", webhook_secret="whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    request = WebhookRequest(headers, b'{"test": 2432232314}', datetime.fromtimestamp(1614265340, UTC))
    (event,) = resend.read_webhook(request, settings, published)
    assert event.kind is EventKind.OTHER
    with pytest.raises(WebhookRefused, match="signature"):
        resend.read_webhook(replace(request, body=b'{"test":2432232314}'), settings, published)


def test_one_of_several_signatures_is_enough() -> None:
    request = HOOK.request(HOOK.example)
    old = seal_for_resend(request.body, NOW, b"the secret before this one").headers["svix-signature"]
    ours = request.headers["svix-signature"]
    for signatures in (f"{old} {ours}", f"{ours} {old}", f"v1a,AAAA {ours}"):
        assert HOOK.read(replace(request, headers={**request.headers, "svix-signature": signatures}))
    for signatures in (
        old,
        f"{old} {old}",
        ours.removeprefix("v1,"),
        ours.replace("v1,", "v2,"),
        "v1,",
        f"{old},{ours}",
    ):
        with pytest.raises(WebhookRefused, match="signature"):
            HOOK.read(replace(request, headers={**request.headers, "svix-signature": signatures}))


def test_body_that_was_written_anew_is_refused() -> None:
    request = HOOK.request(HOOK.example)
    with pytest.raises(WebhookRefused, match="signature"):
        HOOK.read(replace(request, body=json.dumps(json.loads(request.body), separators=(",", ":")).encode()))


@pytest.mark.parametrize(
    "value", ["", "whsec_", "whsec_short", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_!" + "a" * 32]
)
def test_secret_that_is_none_is_refused(value: str) -> None:
    with pytest.raises(ValidationError):
        HOOK.settings(webhook_secret=value)


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("email.sent", EventKind.ACCEPTED),
        ("email.delivered", EventKind.DELIVERED),
        ("email.delivery_delayed", EventKind.DELAYED),
        ("email.complained", EventKind.COMPLAINED),
        ("email.opened", EventKind.OPENED),
        ("email.clicked", EventKind.CLICKED),
        ("email.received", EventKind.OTHER),
        ("contact.updated", EventKind.OTHER),
    ],
)
def test_each_word_is_read(word: str, kind: EventKind) -> None:
    event = HOOK.of(word)
    assert (event.kind, event.key, event.recipient, event.detail) == (kind, KEY, READER, word)


@pytest.mark.parametrize(
    ("bounce", "kind", "fault"),
    [
        ({"type": "Permanent", "subType": "General"}, EventKind.BOUNCED, Fault.ADDRESS),
        ({"type": "Permanent", "subType": "Suppressed"}, EventKind.BOUNCED, Fault.ADDRESS),
        ({"type": "Permanent", "subType": "OnAccountSuppressionList"}, EventKind.DROPPED, Fault.UNKNOWN),
        ({"type": "Transient", "subType": "MailboxFull"}, EventKind.BOUNCED, Fault.MAILBOX),
        ({"type": "Undetermined", "subType": "Undetermined"}, EventKind.BOUNCED, Fault.UNKNOWN),
        (
            {"type": "Permanent", "subType": "General", "diagnosticCode": ["smtp; 552 5.2.2 over quota"]},
            EventKind.BOUNCED,
            Fault.MAILBOX,
        ),
        ({"message": "The recipient's inbox was full."}, EventKind.BOUNCED, Fault.UNKNOWN),
    ],
)
def test_bounce_is_read_in_the_words_of_amazon(bounce: dict[str, Any], kind: EventKind, fault: Fault) -> None:
    event = HOOK.of("email.bounced", data={**DATA, "bounce": bounce})
    assert (event.kind, event.fault) == (kind, fault)


@pytest.mark.parametrize(
    ("word", "part"),
    [("email.failed", {"failed": {"reason": "no"}}), ("email.suppressed", {"suppressed": {"message": "no"}})],
)
def test_message_that_was_dropped_says_why(word: str, part: dict[str, Any]) -> None:
    event = HOOK.of(word, data={**DATA, "bounce": None, **part})
    assert (event.kind, event.fault, event.reply) == (EventKind.DROPPED, Fault.UNKNOWN, "no")


@pytest.mark.parametrize(
    "tags", [{"delivery": KEY}, [{"name": "list", "value": "x"}, {"name": "delivery", "value": KEY}]]
)
def test_key_is_found_in_both_forms_of_tags(tags: object) -> None:
    assert HOOK.of("email.delivered", data={**DATA, "tags": tags}).key == KEY


def test_event_about_several_people_names_none() -> None:
    assert HOOK.of("email.delivered", data={**DATA, "to": [READER, "her@example.com"]}).recipient == ""
