"""What SendGrid's events mean, and how its signature is checked."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from pydantic import ValidationError

from newsletter.errors import SettingsError, WebhookRefused
from newsletter.providers import sendgrid
from newsletter.providers.base.feedback import EventKind, Fault, WebhookRequest
from support.webhooks import HOOKS, KEY, NOW, READER, public_key, published, verifier

HOOK = HOOKS["sendgrid"]
PEM = f"-----BEGIN PUBLIC KEY-----\n{verifier()[:64]}\n{verifier()[64:]}\n-----END PUBLIC KEY-----\n"


def vectors(corpora: Path) -> Any:
    return json.loads((corpora / "sendgrid-go-vectors/vectors.json").read_text(encoding="utf-8"))


@pytest.mark.corpora
def test_vectors_of_its_own_library_are_judged_as_it_does(corpora: Path) -> None:
    told = vectors(corpora)
    settings = sendgrid.Settings(api_key="key", webhook_verifier=told["public_key"])
    verdicts = {}
    for case in told["cases"]:
        headers = dict(
            zip([name.lower() for name in told["headers"]], (case["signature"], case["timestamp"]), strict=True)
        )
        request = WebhookRequest(headers, case["body"].encode(), datetime(2020, 9, 14, 19, 42, tzinfo=UTC))
        try:
            verdicts[case["name"]] = len(sendgrid.read_webhook(request, settings, published)) == 1
        except WebhookRefused:
            verdicts[case["name"]] = False
    assert verdicts == {case["name"]: case["valid"] for case in told["cases"]}
    assert sum(verdicts.values()) == 1


def test_body_that_was_written_anew_is_refused() -> None:
    request = HOOK.request(b'[{"event": "delivered"}]\r\n')
    assert HOOK.read(request)
    for body in (b'[{"event":"delivered"}]\r\n', b'[{"event": "delivered"}]\n', b'[{"event": "delivered"}]'):
        with pytest.raises(WebhookRefused, match="signature"):
            HOOK.read(WebhookRequest(request.headers, body, NOW))


def test_signature_of_another_webhook_is_refused() -> None:
    other = public_key(ec.generate_private_key(ec.SECP256R1()))
    with pytest.raises(WebhookRefused, match="this very webhook"):
        HOOK.read(HOOK.request(HOOK.example), webhook_verifier=other)


def test_verification_key_may_be_pem() -> None:
    assert HOOK.read(HOOK.request(HOOK.example), webhook_verifier=PEM)


@pytest.mark.parametrize("value", ["", "MFkw", "x" * 124, verifier()[:-4], f"{verifier()}{verifier()}"])
def test_verification_key_that_is_none_is_refused_when_settings_are_read(value: str) -> None:
    with pytest.raises(ValidationError, match="verification key"):
        HOOK.settings(webhook_verifier=value)


def test_verification_key_off_the_curve_is_told_when_it_is_used() -> None:
    broken = f"{verifier()[:36]}{'A' * 84}AA=="
    with pytest.raises(SettingsError, match="verification key"):
        HOOK.read(HOOK.request(HOOK.example), webhook_verifier=broken)


def test_events_of_a_batch_keep_their_order() -> None:
    words = ["processed", "deferred", "delivered", "spamreport"]
    events = HOOK.read(HOOK.request([{"event": word, "timestamp": 1} for word in words]))
    assert [event.detail for event in events] == words
    assert [event.kind for event in events] == ["accepted", "delayed", "delivered", "complained"]


def test_reference_is_the_one_that_was_given_when_the_message_was_taken() -> None:
    assert HOOK.of("bounce").reference == "LRzXl_NHStOGhQ4kofSm_A"


@pytest.mark.parametrize(
    ("kind", "status", "reason", "group", "fault"),
    [
        ("bounce", "5.1.1", "550 5.1.1 no such user", "Invalid Address", Fault.ADDRESS),
        ("bounce", "5.1.2", "unable to get mx info", "", Fault.ADDRESS),
        ("bounce", "5.2.2", "552 5.2.2 mailbox full", "Mailbox Unavailable", Fault.MAILBOX),
        ("bounce", "5.0.0", "550 User unknown", "", Fault.ADDRESS),
        ("bounce", "5.0.0", "554 no", "Invalid Address", Fault.ADDRESS),
        ("bounce", "5.0.0", "554 no", "Reputation", Fault.SENDER),
        ("bounce", "5.0.0", "554 no", "Unclassified", Fault.ADDRESS),
        ("bounce", "", "", "", Fault.ADDRESS),
        ("bounce", "5.7.1", "550 5.7.1 refused", "", Fault.SENDER),
        ("blocked", "5.7.1", "554 5.7.1 Client host blocked using bl.example", "Reputation", Fault.SENDER),
        ("blocked", "5.1.1", "550 5.1.1 odd", "", Fault.SENDER),
        ("blocked", "4.2.2", "452 4.2.2 mailbox full", "", Fault.MAILBOX),
        ("blocked", "", "", "Content", Fault.MESSAGE),
        ("blocked", "", "", "", Fault.SENDER),
        ("expired", "", "", "", Fault.NETWORK),
        ("odd", "", "", "", Fault.UNKNOWN),
    ],
)
def test_bounce_blames_the_address_only_where_it_is_said_to_be_bad(
    kind: str, status: str, reason: str, group: str, fault: Fault
) -> None:
    event = HOOK.of("bounce", type=kind, status=status, reason=reason, bounce_classification=group)
    assert (event.kind, event.fault) == (EventKind.BOUNCED, fault)
    assert event.detail == f"bounce/{kind}"


def test_delay_never_blames_the_address() -> None:
    event = HOOK.of("deferred", response="450 4.1.1 user unknown in local table", status="", reason="")
    assert (event.kind, event.fault, event.status) == (EventKind.DELAYED, Fault.UNKNOWN, "4.1.1")


@pytest.mark.parametrize(
    ("reason", "fault", "detail"),
    [
        ("Bounced Address", Fault.ADDRESS, "dropped/bounced address"),
        ("Unsubscribed Address", Fault.UNKNOWN, "dropped/unsubscribed address"),
        ("Spam Reporting Address", Fault.UNKNOWN, "dropped/spam reporting address"),
        (f"Something about {READER}", Fault.UNKNOWN, "dropped"),
    ],
)
def test_message_that_was_dropped_says_why(reason: str, fault: Fault, detail: str) -> None:
    event = HOOK.of("dropped", reason=reason)
    assert (event.kind, event.fault, event.detail) == (EventKind.DROPPED, fault, detail)


@pytest.mark.parametrize("word", ["unsubscribe", "group_unsubscribe"])
def test_reader_who_left_by_its_link_has_left(word: str) -> None:
    event = HOOK.of(word)
    assert (event.kind, event.key, event.fault, event.reply) == (EventKind.UNSUBSCRIBED, KEY, None, "")
