"""Reads what Amazon SES reports by way of a topic of Amazon SNS, once that is known to be ours and signed.

Both of its forms are read: notifications of an identity, and events of a configuration set, which bring back the
delivery's key as a tag. Notifications bring it back where they hold the original headers.

Source: Amazon's developer guide of SES, "Contents of event data that Amazon SES publishes to Amazon SNS" and "Amazon
SNS notification contents for Amazon SES".
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from newsletter.errors import WebhookRefused
from newsletter.message import DeliveryKey
from newsletter.providers.base.amazon import judge_bounce
from newsletter.providers.base.faults import fault_of
from newsletter.providers.base.feedback import EventKind, Fault, FeedbackEvent, Fetch, WebhookRequest
from newsletter.providers.base.webhooks import (
    OTHER,
    Meaning,
    address,
    each,
    find_status,
    from_iso,
    happened,
    inner,
    key_of_message_id,
    name,
    names,
    read_key,
    reference,
    words,
)
from newsletter.providers.ses.notification import CONFIRMATION, NOTIFICATION, SOURCE, check_message, confirm
from newsletter.providers.ses.settings import Settings


@dataclass(frozen=True, slots=True)
class Form:
    """One kind of event: what it stands for, and where its particulars are.

    Args:
        part: The part of the record that tells more.
        recipients: Under which name that part lists whom it is about; without one, it is about all of the message.
    """

    meaning: Meaning
    part: str = ""
    recipients: str = ""


EVENTS: Final[Mapping[str, Form]] = {
    "Send": Form(Meaning(EventKind.ACCEPTED), "send"),
    "Delivery": Form(Meaning(EventKind.DELIVERED), "delivery", "recipients"),
    "DeliveryDelay": Form(Meaning(EventKind.DELAYED, Fault.UNKNOWN), "deliveryDelay", "delayedRecipients"),
    "Bounce": Form(Meaning(EventKind.BOUNCED, Fault.UNKNOWN), "bounce", "bouncedRecipients"),
    "Complaint": Form(Meaning(EventKind.COMPLAINED), "complaint", "complainedRecipients"),
    "Reject": Form(Meaning(EventKind.DROPPED, Fault.MESSAGE), "reject"),
    "Rendering Failure": Form(Meaning(EventKind.DROPPED, Fault.MESSAGE), "failure"),
    "Open": Form(Meaning(EventKind.OPENED), "open"),
    "Click": Form(Meaning(EventKind.CLICKED), "click"),
    "Subscription": Form(OTHER, "subscription"),
    "AmazonSnsSubscriptionSucceeded": Form(OTHER),
}
"""What the words of Amazon SES for events stand for."""
DELAYS: Final[Mapping[str, Fault]] = {
    "MailboxFull": Fault.MAILBOX,
    "SpamDetected": Fault.SENDER,
    "IPFailure": Fault.SENDER,
    "SendingDeferral": Fault.SENDER,
    "RecipientServerError": Fault.NETWORK,
    "TransientCommunicationFailure": Fault.NETWORK,
    "BYOIPHostNameLookupUnavailable": Fault.NETWORK,
    "InternalFailure": Fault.NETWORK,
    "General": Fault.UNKNOWN,
    "Undetermined": Fault.UNKNOWN,
}
"""Whom its types of a delay blame."""
COMPLAINTS: Final[Mapping[str, Meaning]] = {
    "not-spam": OTHER,
    "auth-failure": OTHER,
    "OnAccountSuppressionList": Meaning(EventKind.DROPPED, Fault.UNKNOWN),
}
"""Complaints that are none. Source: RFC 5965 §7.3; RFC 6591."""

_UNKNOWN: Final = Form(OTHER)


def read_webhook(request: WebhookRequest, settings: Settings, fetch: Fetch) -> Sequence[FeedbackEvent]:
    """Check that a message is from our topic and signed by Amazon; confirm the subscription, or read the events.

    Raises:
        WebhookRefused: It is not from our topic, too old, or not signed by Amazon.
        SettingsError: Our topic is not set.
        FetchError: Amazon's certificate cannot be fetched, or the subscription not be confirmed.
    """
    topic = SOURCE.needs(
        settings.webhook_topic,
        "webhook_topic",
        "Set it to the ARN of the topic of Amazon SNS that events go to: see docs/webhooks.md.",
    )
    message = check_message(request, topic, settings.webhook_minutes, fetch)
    if message["Type"] == CONFIRMATION:
        confirm(message, topic, fetch)
    if message["Type"] != NOTIFICATION:
        return [_of_the_topic(message, request)]
    try:
        record = SOURCE.read_object(message["Message"])
    except WebhookRefused:
        # Amazon tries a new topic with a sentence.
        return [_of_the_topic(message, request)]
    return list(_read(record, request))


def _of_the_topic(message: Mapping[str, Any], request: WebhookRequest) -> FeedbackEvent:
    at = happened(from_iso(message.get("Timestamp")), request)
    return FeedbackEvent(
        EventKind.OTHER, SOURCE.key, at, reply=words(message.get("Message")), detail=name(message.get("Type"))
    )


def _read(record: Mapping[str, Any], request: WebhookRequest) -> Iterator[FeedbackEvent]:
    """Read a record: one event for each recipient that it is about."""
    word = name(record.get("eventType")) or name(record.get("notificationType"))
    form, mail = EVENTS.get(word, _UNKNOWN), inner(record.get("mail"))
    part = inner(record.get(form.part))
    moment = from_iso(part.get("timestamp")) or from_iso(mail.get("timestamp"))
    for recipient in each(part.get(form.recipients)) or each(mail.get("destination")) or [None]:
        told = recipient if isinstance(recipient, dict) else {"emailAddress": recipient}
        reply = words(
            told.get("diagnosticCode"), part.get("smtpResponse"), part.get("reason"), part.get("errorMessage")
        )
        status = find_status(words(told.get("status")), reply)
        meaning, more = _READERS.get(form.part, _as_it_is)(form.meaning, part, status, reply)
        yield FeedbackEvent(
            kind=meaning.kind,
            source=SOURCE.key,
            at=happened(moment, request),
            key=_key_of(mail),
            recipient=address(told.get("emailAddress")),
            reference=reference(mail.get("messageId")),
            status=status,
            reply=reply,
            fault=meaning.fault,
            detail=names(word, *more),
        )


def _key_of(mail: Mapping[str, Any]) -> DeliveryKey | None:
    """Find the delivery's key: in the tag that we gave the message, or in the Message-ID that it had from us."""
    for value in each(inner(mail.get("tags")).get("delivery")):
        if key := read_key(value):
            return key
    for header in map(inner, each(mail.get("headers"))):
        if name(header.get("name")).lower() == "message-id" and (key := key_of_message_id(header.get("value"))):
            return key
    return key_of_message_id(inner(mail.get("commonHeaders")).get("messageId"))


def _as_it_is(meaning: Meaning, _part: Mapping[str, Any], _status: str, _reply: str) -> tuple[Meaning, Sequence[str]]:
    return meaning, ()


def _bounce(_meaning: Meaning, part: Mapping[str, Any], status: str, reply: str) -> tuple[Meaning, Sequence[str]]:
    kind, below = name(part.get("bounceType")), name(part.get("bounceSubType"))
    return judge_bounce(kind, below, status, reply), (kind, below)


def _complaint(meaning: Meaning, part: Mapping[str, Any], _status: str, _reply: str) -> tuple[Meaning, Sequence[str]]:
    below, said = name(part.get("complaintSubType")), name(part.get("complaintFeedbackType"))
    return COMPLAINTS.get(below) or COMPLAINTS.get(said) or meaning, (below, said)


def _delay(meaning: Meaning, part: Mapping[str, Any], status: str, reply: str) -> tuple[Meaning, Sequence[str]]:
    kind = name(part.get("delayType"))
    fault = DELAYS.get(kind, Fault.UNKNOWN)
    if fault is Fault.UNKNOWN and (told := fault_of(status, reply)) is not Fault.ADDRESS:
        fault = told
    return Meaning(meaning.kind, fault), (kind,)


def _subscription(
    meaning: Meaning, part: Mapping[str, Any], _status: str, _reply: str
) -> tuple[Meaning, Sequence[str]]:
    """Read that somebody has left a list that Amazon keeps: all of it, or one of its topics."""
    wishes = inner(part.get("newTopicPreferences"))
    topics = map(inner, each(wishes.get("topicSubscriptionStatus")))
    left = wishes.get("unsubscribeAll") is True or any(one.get("subscriptionStatus") == "OptOut" for one in topics)
    return Meaning(EventKind.UNSUBSCRIBED) if left else meaning, ()


_Reader = Callable[[Meaning, Mapping[str, Any], str, str], tuple[Meaning, Sequence[str]]]
_READERS: Final[Mapping[str, _Reader]] = {
    "bounce": _bounce,
    "complaint": _complaint,
    "deliveryDelay": _delay,
    "subscription": _subscription,
}
