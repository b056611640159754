"""Which messages of Amazon SNS are believed, and what Amazon SES says in them."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from newsletter.errors import FetchError, WebhookRefused
from newsletter.providers.base.feedback import EventKind, Fault
from newsletter.providers.ses import notification
from support.webhooks import (
    CERTIFICATE_URL,
    HOOKS,
    KEY,
    NOW,
    READER,
    SUBSCRIBE_URL,
    TOPIC,
    make_authority,
    notify,
    published,
)

HOOK = HOOKS["ses"]
RECORD = json.dumps(HOOK.example)
HOST = "https://sns.eu-west-1.amazonaws.com"


@pytest.fixture(autouse=True)
def _forget_certificates() -> None:
    notification._certificates.clear()


class Fetching:
    """Fetches, and remembers what it was asked for."""

    def __init__(self, fetch: Callable[[str], bytes] = published) -> None:
        self.asked: list[str] = []
        self._fetch = fetch

    def __call__(self, url: str) -> bytes:
        self.asked.append(url)
        return self._fetch(url)


def confirmation(**more: str | None) -> Any:
    return notify(
        "You have chosen to subscribe.",
        **{"Type": "SubscriptionConfirmation", "Token": "2336412f37", "SubscribeURL": SUBSCRIBE_URL, **more},
    )


@pytest.mark.parametrize("version", ["1", "2"])
@pytest.mark.parametrize("subject", [None, "Amazon SES Email Event Notification"])
def test_both_versions_of_the_signature_hold_with_and_without_a_subject(version: str, subject: str | None) -> None:
    request = notify(RECORD, version=version, Subject=subject)
    assert len(HOOK.read(request)) == 1
    with pytest.raises(WebhookRefused, match="signature"):
        HOOK.read(replace(request, body=request.body.replace(READER.encode(), b"her@example.com")))


def test_signature_of_another_version_is_refused() -> None:
    request = notify(RECORD, version="1")
    for version in (b'"2"', b'"3"', b'""', b"1", b"null", b"[]"):
        body = request.body.replace(b'"SignatureVersion": "1"', b'"SignatureVersion": ' + version)
        with pytest.raises(WebhookRefused, match="signature"):
            HOOK.read(replace(request, body=body))


def test_certificate_is_fetched_once() -> None:
    fetch = Fetching()
    for _ in range(3):
        HOOK.read(notify(RECORD), fetch)
    assert fetch.asked == [CERTIFICATE_URL]


@pytest.mark.parametrize(
    "url",
    [
        "http://sns.eu-west-1.amazonaws.com/SimpleNotificationService-1.pem",
        "https://sns.eu-west-1.amazonaws.com.evil.example/SimpleNotificationService-1.pem",
        "https://evil.example/sns.eu-west-1.amazonaws.com/SimpleNotificationService-1.pem",
        "https://sns.eu-west-1.amazonaws.com@evil.example/SimpleNotificationService-1.pem",
        "https://evil.example\\@sns.eu-west-1.amazonaws.com/SimpleNotificationService-1.pem",
        "https://evil.example#@sns.eu-west-1.amazonaws.com/SimpleNotificationService-1.pem",
        "https://sns.eu-west-1.amazonaws.com:8443/SimpleNotificationService-1.pem",
        "https://s3.eu-west-1.amazonaws.com/bucket/SimpleNotificationService-1.pem",
        "https://bucket.s3.amazonaws.com/SimpleNotificationService-1.pem",
        "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-1.pem",
        "https://sns.eu-west-1.amazonaws.com.cn/SimpleNotificationService-1.pem",
        f"{HOST}/SimpleNotificationService-1.pem?redirect=evil.example",
        f"{HOST}/SimpleNotificationService-1.pem#x",
        f"{HOST}/SimpleNotificationService-1.txt",
        f"{HOST}/../x.pem",
        f"{HOST}/\tx.pem",
        "https://[::1/x.pem",
        "",
    ],
)
def test_certificate_from_elsewhere_is_not_even_fetched(url: str) -> None:
    fetch = Fetching()
    with pytest.raises(WebhookRefused, match="certificate"):
        HOOK.read(notify(RECORD, SigningCertURL=url), fetch)
    assert fetch.asked == []


def test_topic_in_china_has_its_host_there() -> None:
    topic = TOPIC.replace("arn:aws:sns:eu-west-1", "arn:aws-cn:sns:cn-north-1")
    url = "https://sns.cn-north-1.amazonaws.com.cn/SimpleNotificationService-1.pem"
    fetch = Fetching(lambda _: published(CERTIFICATE_URL))
    assert HOOK.read(notify(RECORD, TopicArn=topic, SigningCertURL=url), fetch, webhook_topic=topic)
    assert fetch.asked == [url]


def test_key_of_somebody_else_is_refused() -> None:
    with pytest.raises(WebhookRefused, match="signature"):
        HOOK.read(notify(RECORD), lambda _: make_authority(2048, NOW + timedelta(days=30))[1])


def test_key_that_is_too_short_is_refused() -> None:
    key, certificate = make_authority(1024, NOW + timedelta(days=30))
    with pytest.raises(WebhookRefused, match="no kind that Amazon"):
        HOOK.read(notify(RECORD, key=key), lambda _: certificate)


def test_certificate_that_is_none_is_refused_and_not_kept() -> None:
    with pytest.raises(WebhookRefused, match="certificate"):
        HOOK.read(notify(RECORD), lambda _: b"<html>")
    assert HOOK.read(notify(RECORD))


def test_certificate_that_has_run_out_is_refused() -> None:
    request = replace(notify(RECORD, sent=NOW + timedelta(days=301)), at=NOW + timedelta(days=301))
    with pytest.raises(WebhookRefused, match="not valid now"):
        HOOK.read(request)


def test_certificate_that_cannot_be_fetched_is_no_refusal() -> None:
    def fails(url: str) -> bytes:
        raise FetchError(url, "timeout", "it does not answer")

    with pytest.raises(FetchError):
        HOOK.read(notify(RECORD), fails)
    assert HOOK.read(notify(RECORD))


def test_no_more_than_a_few_certificates_are_kept() -> None:
    fetch = Fetching(lambda _: published(CERTIFICATE_URL))
    for number in range(50):
        HOOK.read(notify(RECORD, SigningCertURL=f"{HOST}/SimpleNotificationService-{number}.pem"), fetch)
    assert len(notification._certificates) == notification._CERTIFICATES_KEPT


@pytest.mark.parametrize("kind", ["Notification", "SubscriptionConfirmation"])
def test_message_of_another_topic_is_refused_and_nothing_is_fetched(kind: str) -> None:
    other = TOPIC.replace("123456789012", "210987654321")
    fetch = Fetching()
    request = confirmation(TopicArn=other) if kind != "Notification" else notify(RECORD, TopicArn=other)
    with pytest.raises(WebhookRefused, match="another topic"):
        HOOK.read(request, fetch)
    assert fetch.asked == []


def test_subscription_to_our_topic_is_confirmed() -> None:
    fetch = Fetching()
    (event,) = HOOK.read(confirmation(), fetch)
    assert fetch.asked == [CERTIFICATE_URL, SUBSCRIBE_URL]
    assert (event.kind, event.detail) == (EventKind.OTHER, "SubscriptionConfirmation")


@pytest.mark.parametrize(
    "url",
    [
        SUBSCRIBE_URL.replace("https:", "http:"),
        SUBSCRIBE_URL.replace("amazonaws.com", "evil.example"),
        SUBSCRIBE_URL.replace("eu-west-1.amazonaws", "us-east-1.amazonaws"),
        SUBSCRIBE_URL.replace("123456789012", "210987654321"),
        SUBSCRIBE_URL.replace("ConfirmSubscription", "Unsubscribe"),
        SUBSCRIBE_URL + "&Action=Unsubscribe",
    ],
)
def test_confirmation_that_leads_elsewhere_is_not_followed(url: str) -> None:
    fetch = Fetching()
    with pytest.raises(WebhookRefused, match="confirmation"):
        HOOK.read(confirmation(SubscribeURL=url), fetch)
    assert fetch.asked == [CERTIFICATE_URL]


def test_forged_confirmation_is_not_followed() -> None:
    fetch = Fetching()
    request = confirmation()
    with pytest.raises(WebhookRefused, match="signature"):
        HOOK.read(replace(request, body=request.body.replace(b"You have", b"You had")), fetch)
    assert fetch.asked == [CERTIFICATE_URL]


def test_end_of_a_subscription_is_kept_and_changes_nothing() -> None:
    fetch = Fetching()
    (event,) = HOOK.read(confirmation(Type="UnsubscribeConfirmation"), fetch)
    assert fetch.asked == [CERTIFICATE_URL]
    assert (event.kind, event.detail) == (EventKind.OTHER, "UnsubscribeConfirmation")


def test_sentence_that_a_new_topic_is_tried_with_is_kept() -> None:
    said = "Successfully validated SNS topic for Amazon SES event publishing."
    (event,) = HOOK.read(notify(said))
    assert (event.kind, event.reply) == (EventKind.OTHER, said)


def test_raw_delivery_is_refused_with_what_to_do() -> None:
    request = replace(notify(RECORD), body=RECORD.encode())
    with pytest.raises(WebhookRefused, match="raw message delivery"):
        HOOK.read(request)


def test_notification_of_an_identity_brings_the_key_back_in_its_headers() -> None:
    mail = {
        "messageId": "0000014a",
        "destination": [READER],
        "headers": [{"name": "From", "value": "x"}, {"name": "Message-ID", "value": f"<{KEY}@example.org>"}],
    }
    delivery = {"timestamp": "2026-05-01T11:59:50Z", "recipients": [READER], "smtpResponse": "250 2.0.0 OK"}
    record = {"notificationType": "Delivery", "mail": mail, "delivery": delivery}
    (event,) = HOOK.read(HOOK.request(record))
    assert (event.kind, event.key, event.recipient, event.status) == (EventKind.DELIVERED, KEY, READER, "2.0.0")
    assert event.reference == "0000014a"
    bare = {**record, "mail": {"commonHeaders": {"messageId": f"<{KEY}@example.org>"}, "destination": [READER]}}
    assert HOOK.read(HOOK.request(bare))[0].key == KEY


def test_every_recipient_has_an_event_of_their_own() -> None:
    people = [
        {"emailAddress": "a@example.com", "status": "5.1.1"},
        {"emailAddress": "b@example.com", "status": "5.2.2"},
    ]
    bounce = {"bounceType": "Permanent", "bounceSubType": "General", "bouncedRecipients": people}
    first, second = HOOK.read(HOOK.request({**HOOK.example, "bounce": bounce}))
    assert (first.recipient, first.fault) == ("a@example.com", Fault.ADDRESS)
    assert (second.recipient, second.fault) == ("b@example.com", Fault.MAILBOX)


def bounced(kind: str, below: str, status: str = "", said: str = "") -> Any:
    recipient = {"emailAddress": READER, "status": status, "diagnosticCode": said}
    bounce = {"bounceType": kind, "bounceSubType": below, "bouncedRecipients": [recipient]}
    (event,) = HOOK.read(HOOK.request({**HOOK.example, "bounce": bounce}))
    assert event.detail == f"Bounce/{kind}/{below}"
    return event


@pytest.mark.parametrize(
    ("kind", "below", "status", "what", "fault"),
    [
        ("Permanent", "General", "", EventKind.BOUNCED, Fault.ADDRESS),
        ("Permanent", "General", "5.1.1", EventKind.BOUNCED, Fault.ADDRESS),
        ("Permanent", "General", "5.2.2", EventKind.BOUNCED, Fault.MAILBOX),
        ("Permanent", "General", "5.7.1", EventKind.BOUNCED, Fault.SENDER),
        ("Permanent", "NoEmail", "", EventKind.BOUNCED, Fault.ADDRESS),
        ("Permanent", "Suppressed", "5.1.1", EventKind.BOUNCED, Fault.ADDRESS),
        ("Permanent", "OnAccountSuppressionList", "5.1.1", EventKind.DROPPED, Fault.UNKNOWN),
        ("Transient", "General", "", EventKind.BOUNCED, Fault.UNKNOWN),
        ("Transient", "General", "5.1.1", EventKind.BOUNCED, Fault.UNKNOWN),
        ("Transient", "General", "4.4.7", EventKind.BOUNCED, Fault.NETWORK),
        ("Transient", "MailboxFull", "", EventKind.BOUNCED, Fault.MAILBOX),
        ("Transient", "ContentRejected", "", EventKind.BOUNCED, Fault.MESSAGE),
        ("Undetermined", "Undetermined", "5.1.1", EventKind.BOUNCED, Fault.UNKNOWN),
        ("Permanent", "Levitated", "5.1.1", EventKind.BOUNCED, Fault.UNKNOWN),
    ],
)
def test_bounce_blames_the_address_only_where_it_is_permanent(
    kind: str, below: str, status: str, what: EventKind, fault: Fault
) -> None:
    event = bounced(kind, below, status)
    assert (event.kind, event.fault) == (what, fault)


@pytest.mark.parametrize(
    ("complaint", "kind"),
    [
        ({}, EventKind.COMPLAINED),
        ({"complaintFeedbackType": "abuse"}, EventKind.COMPLAINED),
        ({"complaintFeedbackType": "other"}, EventKind.COMPLAINED),
        ({"complaintFeedbackType": "not-spam"}, EventKind.OTHER),
        ({"complaintFeedbackType": "auth-failure"}, EventKind.OTHER),
        ({"complaintSubType": "OnAccountSuppressionList"}, EventKind.DROPPED),
    ],
)
def test_complaint_is_told_from_what_is_none(complaint: dict[str, str], kind: EventKind) -> None:
    part = {**complaint, "complainedRecipients": [{"emailAddress": READER}], "timestamp": "2026-05-01T11:59:50Z"}
    event = HOOK.of("Complaint", complaint=part)
    assert (event.kind, event.recipient, event.key) == (kind, READER, KEY)


@pytest.mark.parametrize(
    ("delay", "status", "fault"),
    [
        ("MailboxFull", "", Fault.MAILBOX),
        ("SpamDetected", "", Fault.SENDER),
        ("TransientCommunicationFailure", "", Fault.NETWORK),
        ("General", "4.2.2", Fault.MAILBOX),
        ("General", "5.1.1", Fault.UNKNOWN),
        ("Levitated", "", Fault.UNKNOWN),
    ],
)
def test_delay_says_whom_it_blames(delay: str, status: str, fault: Fault) -> None:
    part = {"delayType": delay, "delayedRecipients": [{"emailAddress": READER, "status": status}]}
    event = HOOK.of("DeliveryDelay", deliveryDelay=part)
    assert (event.kind, event.fault, event.detail) == (EventKind.DELAYED, fault, f"DeliveryDelay/{delay}")


@pytest.mark.parametrize(
    ("wishes", "kind"),
    [
        ({"unsubscribeAll": True}, EventKind.UNSUBSCRIBED),
        ({"topicSubscriptionStatus": [{"topicName": "news", "subscriptionStatus": "OptOut"}]}, EventKind.UNSUBSCRIBED),
        ({"unsubscribeAll": False, "topicSubscriptionStatus": [{"subscriptionStatus": "OptIn"}]}, EventKind.OTHER),
        ({}, EventKind.OTHER),
    ],
)
def test_leaving_a_list_of_amazons_is_leaving(wishes: dict[str, Any], kind: EventKind) -> None:
    assert HOOK.of("Subscription", subscription={"newTopicPreferences": wishes}).kind is kind


@pytest.mark.parametrize("value", ["news", "arn:aws:sqs:eu-west-1:123456789012:news", f"{TOPIC}:sub", f"{TOPIC}/.."])
def test_topic_that_is_none_is_refused(value: str) -> None:
    with pytest.raises(ValidationError, match="ARN"):
        HOOK.settings(webhook_topic=value)
