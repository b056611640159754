"""Reads one message that came back: what kind of mail it is, and what it tells of our deliveries."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.utils import parseaddr
from enum import StrEnum
from typing import Final

from newsletter.feedback.mail.automatic_replies import is_absence, is_automatic, is_notice_of_display
from newsletter.feedback.mail.complaints import read_complaints
from newsletter.feedback.mail.delivery_status import TYPES, Group, read_groups, read_moment
from newsletter.feedback.mail.dissecting import read_entity
from newsletter.feedback.mail.entities import Entity
from newsletter.feedback.mail.keys import KeyFinder
from newsletter.feedback.mail.notices import Notice, read_notice
from newsletter.feedback.mail.plain_bounces import (
    Failure,
    is_notice,
    judge,
    kind_of,
    read_failures,
    says_that_it_failed,
)
from newsletter.feedback.mail.requests import asks_to_leave
from newsletter.message import DeliveryKey, one_line, without_addresses
from newsletter.providers.base.feedback import EventKind, Fault, FeedbackEvent

SOURCE: Final = "mail"
LONGEST_REPLY: Final = 400
MOST_EVENTS: Final = 1_000
OLDEST: Final = timedelta(days=60)
"""How long before it came a report may claim that something happened; what claims more has a wrong clock."""


class MailKind(StrEnum):
    """What a message is, in words for people."""

    REPORT = "a report of delivery"
    COMPLAINT = "a complaint"
    REQUEST = "a request to leave"
    AUTOMATIC = "an automatic reply"
    OTHER = "something else"


@dataclass(frozen=True, slots=True)
class MailReport:
    """What a message is, and what it tells.

    Attributes:
        kind: What it is.
        events: What happened, one for each recipient; none for an automatic reply and for anything else.
    """

    kind: MailKind
    events: tuple[FeedbackEvent, ...] = field(default=())


def read_mail(content: bytes, received_at: datetime, return_path: str = "") -> MailReport:
    """Read a message that came to the address for what comes back.

    Args:
        content: The message as it was received, whatever its line ends.
        received_at: When it was; aware. A report that gives no moment, or an impossible one, happened then.
        return_path: The workspace's return path, such as `bounces+{key}@example.org`; empty where it has none.

    Raises:
        FeedbackError: The message is larger than anything that is read.
    """
    reader = _Reader(received_at.astimezone(UTC), KeyFinder.of(return_path))
    message = read_entity(content)
    found = reader.reports(message)
    if found is None:
        return reader.letter(message)
    return MailReport(found.kind, found.events[:MOST_EVENTS])


class _Reader:
    def __init__(self, received_at: datetime, keys: KeyFinder) -> None:
        self._received_at = received_at
        self._keys = keys

    def reports(self, message: Entity) -> MailReport | None:
        """Read reports of delivery and complaints, the message's own, or those that somebody passes on in it."""
        notice = read_notice(message)
        at = self._moment(read_moment(message.value("date")))
        complaints = read_complaints(message, notice, at)
        if complaints is not None:
            key = self._key(message, notice)
            return MailReport(MailKind.COMPLAINT, tuple(replace(event, key=key) for event in complaints))
        groups = _groups(notice)
        if groups:
            return MailReport(MailKind.REPORT, tuple(self._events_of_report(groups, message, notice, at)))
        is_one = not is_absence(message) and is_notice(message, notice, automatic=is_automatic(message))
        if is_one and says_that_it_failed(notice):
            return MailReport(MailKind.REPORT, tuple(self._events_of_notice(message, notice, at)))
        within = self._passed_on(notice, self._keys.of_recipient(message))
        if within is None and is_one and not is_notice_of_display(message):
            return MailReport(MailKind.REPORT, tuple(self._events_of_notice(message, notice, at)))
        return within

    def letter(self, message: Entity) -> MailReport:
        """Read what is no report: an automatic reply, a reader's request, or something else."""
        if is_automatic(message) or is_notice_of_display(message):
            return MailReport(MailKind.AUTOMATIC)
        if not asks_to_leave(message):
            return MailReport(MailKind.OTHER)
        event = FeedbackEvent(
            EventKind.UNSUBSCRIBED,
            SOURCE,
            self._moment(read_moment(message.value("date"))),
            key=self._keys.of_answer(message),
            recipient=parseaddr(message.words("from"))[1],
            detail="asked by mail",
        )
        return MailReport(MailKind.REQUEST, (event,))

    def _passed_on(self, notice: Notice, key: DeliveryKey | None) -> MailReport | None:
        """Read the messages within a message; the address that it came to names a delivery only if there is one."""
        found = [report for inner in notice.messages if (report := self.reports(inner))]
        if not found:
            return None
        events = tuple(event for report in found for event in report.events)
        if len(found) == 1:
            events = tuple(event if event.key else replace(event, key=key) for event in events)
        return MailReport(found[0].kind, events)

    def _events_of_notice(self, message: Entity, notice: Notice, at: datetime) -> Iterator[FeedbackEvent]:
        kind, key = kind_of(message, notice), self._key(message, notice)
        failures = read_failures(message, notice)
        for failure in _told_within(failures, notice) or failures:
            yield self._event(kind, at, key, failure, "delayed" if kind is EventKind.DELAYED else "failed")

    def _events_of_report(
        self, groups: list[Group], message: Entity, notice: Notice, at: datetime
    ) -> Iterator[FeedbackEvent]:
        words = read_failures(message, notice) if notice.text.strip() else []
        told = {failure.recipient.lower(): failure for failure in words}
        alone = words[0] if len(words) == 1 and len(groups) == 1 else None
        common = self._key(message, notice)
        for group in groups:
            beside = told.get(group.recipient.lower()) or (alone if alone and not _differ(alone, group) else None)
            recipient = group.recipient or (beside.recipient if beside else "")
            failure = judge(recipient, group.diagnostic, beside.said if beside else "", group.status)
            key = self._keys.of_fields((*group.fields, *group.common)) or common
            yield self._event(group.kind, self._moment(group.moment() or at), key, failure, group.action)

    def _event(
        self, kind: EventKind, at: datetime, key: DeliveryKey | None, failure: Failure, detail: str
    ) -> FeedbackEvent:
        blames = kind in (EventKind.BOUNCED, EventKind.DELAYED)
        return FeedbackEvent(
            kind,
            SOURCE,
            at,
            key=key,
            recipient=failure.recipient,
            status=failure.status,
            reply=without_addresses(one_line(failure.said[: 4 * LONGEST_REPLY]))[:LONGEST_REPLY],
            fault=_fault(kind, failure.fault) if blames else None,
            detail=detail,
        )

    def _key(self, message: Entity, notice: Notice) -> DeliveryKey | None:
        """Find the key: by the address that the report came to, or else by what it returns of our message."""
        return (
            self._keys.of_recipient(message)
            or self._keys.of_fields(notice.returned)
            or self._keys.of_text(notice.returned_text)
            or self._keys.of_answer(message)
            or self._keys.of_text(notice.text)
        )

    def _moment(self, claimed: datetime | None) -> datetime:
        if claimed is None:
            return self._received_at
        try:
            moment = claimed.astimezone(UTC)
        except (OverflowError, ValueError):
            return self._received_at
        return moment if self._received_at - OLDEST <= moment <= self._received_at else self._received_at


def _groups(notice: Notice) -> list[Group]:
    standard = [group for kind, text in notice.reports if kind in TYPES for group in read_groups(text)]
    return standard or read_groups(notice.text)


def _differ(failure: Failure, group: Group) -> bool:
    """Tell whether the words beside a report are about somebody else."""
    return bool(failure.recipient and group.recipient)


def _same(one: str, other: str) -> bool:
    """Tell whether two addresses are one; where none is given, it may be any."""
    return not one or not other or one.lower() == other.lower()


def _told_within(failures: list[Failure], notice: Notice) -> list[Failure]:
    """Give what a notice within a notice tells, where a gateway only passes it on and says nothing itself."""
    if any(failure.status or failure.fault is not Fault.UNKNOWN for failure in failures):
        return []
    for inner in notice.messages:
        within = read_notice(inner)
        told = read_failures(inner, within)
        if any(one.status or one.fault is not Fault.UNKNOWN for one in told) and all(
            one.recipient and any(_same(one.recipient, failure.recipient) for failure in failures) for one in told
        ):
            return told
    return []


def _fault(kind: EventKind, fault: Fault) -> Fault:
    """Blame an address only for a failure: of a delay nobody knows yet how it ends."""
    return Fault.UNKNOWN if kind is EventKind.DELAYED and fault is Fault.ADDRESS else fault
