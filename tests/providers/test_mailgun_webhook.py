"""What Mailgun's events mean, and how its signature is checked."""

import json
from dataclasses import replace

import pytest

from newsletter.errors import WebhookRefused
from newsletter.providers.base.feedback import EventKind, Fault
from support.webhooks import HOOKS, KEY, NOW, READER, seal_for_mailgun

HOOK = HOOKS["mailgun"]
STAMP = str(int(NOW.timestamp()))


@pytest.mark.parametrize("part", ["timestamp", "token", "signature"])
def test_one_bit_of_the_signature_turned_over_is_refused(part: str) -> None:
    request = HOOK.request(HOOK.example)
    document = json.loads(request.body)
    value = document["signature"][part].encode()
    for place in range(len(value) * 8):
        turned = bytearray(value)
        turned[place // 8] ^= 1 << place % 8
        document["signature"][part] = turned.decode("latin-1")
        with pytest.raises(WebhookRefused):
            HOOK.read(replace(request, body=json.dumps(document).encode()))


@pytest.mark.parametrize("part", ["timestamp", "token", "signature"])
@pytest.mark.parametrize("value", [None, "", [], {}, 1.5, True])
def test_signature_of_another_form_is_refused(part: str, value: object) -> None:
    request = HOOK.request(HOOK.example)
    document = json.loads(request.body)
    document["signature"][part] = value
    with pytest.raises(WebhookRefused):
        HOOK.read(replace(request, body=json.dumps(document).encode()))


def test_characters_cannot_move_from_the_time_to_the_token() -> None:
    request = HOOK.request(HOOK.example)
    document = json.loads(request.body)
    proof = document["signature"]
    proof["token"], proof["timestamp"] = proof["timestamp"][-1] + proof["token"], proof["timestamp"][:-1]
    with pytest.raises(WebhookRefused, match="minutes old"):
        HOOK.read(replace(request, body=json.dumps(document).encode()))


def test_time_may_be_a_number() -> None:
    request = HOOK.request(HOOK.example)
    assert HOOK.read(replace(request, body=request.body.replace(f'"{STAMP}"'.encode(), STAMP.encode())))


def test_repetition_under_the_same_token_is_read_again() -> None:
    request = seal_for_mailgun(json.dumps(HOOK.example).encode(), NOW)
    assert HOOK.read(request) == HOOK.read(request)


@pytest.mark.parametrize(
    ("severity", "reason", "status", "kind", "what", "fault"),
    [
        ("permanent", "bounce", "5.1.1", "hard", EventKind.BOUNCED, Fault.ADDRESS),
        ("permanent", "bounce", "", "hard", EventKind.BOUNCED, Fault.ADDRESS),
        ("permanent", "bounce", "", "soft", EventKind.BOUNCED, Fault.UNKNOWN),
        ("permanent", "bounce", "5.1.1", "soft", EventKind.BOUNCED, Fault.UNKNOWN),
        ("permanent", "generic", "5.2.2", "soft", EventKind.BOUNCED, Fault.MAILBOX),
        ("permanent", "generic", "5.7.1", "hard", EventKind.BOUNCED, Fault.SENDER),
        ("permanent", "generic", "", "", EventKind.BOUNCED, Fault.UNKNOWN),
        ("permanent", "suppress-bounce", "", "", EventKind.DROPPED, Fault.ADDRESS),
        ("permanent", "suppress-complaint", "", "", EventKind.DROPPED, Fault.UNKNOWN),
        ("permanent", "suppress-unsubscribe", "", "", EventKind.DROPPED, Fault.UNKNOWN),
        ("permanent", "espblock", "5.1.1", "", EventKind.BOUNCED, Fault.SENDER),
        ("permanent", "old", "", "", EventKind.BOUNCED, Fault.NETWORK),
        ("temporary", "generic", "4.2.2", "soft", EventKind.DELAYED, Fault.MAILBOX),
        ("temporary", "generic", "5.1.1", "hard", EventKind.DELAYED, Fault.UNKNOWN),
        ("temporary", "suppress-bounce", "", "", EventKind.DELAYED, Fault.UNKNOWN),
    ],
)
def test_failure_is_read_by_its_severity_reason_and_code(
    severity: str, reason: str, status: str, kind: str, what: EventKind, fault: Fault
) -> None:
    told = {"code": 550, "enhanced-code": status, "message": "no", "bounce-type": kind}
    event = HOOK.of("failed", severity=severity, reason=reason, **{"delivery-status": told})
    assert (event.kind, event.fault, event.status) == (what, fault, status)
    assert event.detail == f"failed/{severity}/{reason}"


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("accepted", EventKind.ACCEPTED),
        ("delivered", EventKind.DELIVERED),
        ("rejected", EventKind.DROPPED),
        ("complained", EventKind.COMPLAINED),
        ("unsubscribed", EventKind.UNSUBSCRIBED),
        ("opened", EventKind.OPENED),
        ("clicked", EventKind.CLICKED),
        ("stored", EventKind.OTHER),
    ],
)
def test_each_word_is_read(word: str, kind: EventKind) -> None:
    event = HOOK.of(word, severity=None, reason=None)
    assert (event.kind, event.key, event.recipient, event.detail) == (kind, KEY, READER, word)


def test_reference_is_the_one_that_was_given_when_the_message_was_taken() -> None:
    assert HOOK.of("delivered").reference == "<key@example.org>"
    assert HOOK.of("delivered", message={}).reference == ""


def test_fraction_of_a_second_is_kept() -> None:
    assert HOOK.of("delivered").at.microsecond == 500_000
