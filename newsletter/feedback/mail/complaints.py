"""Reads reports of abuse: who called a message spam, or asked their provider to end it.

Source: RFC 5965 §3 (ARF), RFC 6430 (not-spam), RFC 6591 (auth-failure), RFC 6650 (how it is used).
"""

import re
from datetime import datetime
from typing import Final

from newsletter.feedback.mail.delivery_status import address_in
from newsletter.feedback.mail.entities import Entity, read_header
from newsletter.feedback.mail.notices import Notice
from newsletter.providers.base.feedback import EventKind, FeedbackEvent

TYPE: Final = "message/feedback-report"

KINDS: Final = {
    "abuse": EventKind.COMPLAINED,
    "fraud": EventKind.COMPLAINED,
    "complaint": EventKind.COMPLAINED,
    "opt-out": EventKind.UNSUBSCRIBED,
    "opt-out-list": EventKind.UNSUBSCRIBED,
}
"""What each type means; any other, such as `not-spam`, `auth-failure`, `virus` and `dkim`, blames no message "
"of ours."""

_RECIPIENTS: Final = ("original-rcpt-to", "removal-recipient", "redacted-address", "x-hmxmroriginalrecipient")
_WRITTEN_INTO_TEXT: Final = re.compile(r"^[> \t]{0,10}Feedback-Type:[ \t]{0,5}[\w-]", re.IGNORECASE | re.MULTILINE)
_OLD_FORM: Final = "x-hmxmroriginalrecipient"
"""What Microsoft writes into the message itself, and reports no further."""


def read_complaints(message: Entity, notice: Notice, at: datetime) -> list[FeedbackEvent] | None:
    """Read a report of abuse into events, one for each recipient; None where it is no such report.

    Args:
        at: When it was written, for reports that do not say when it happened.
    """
    fields = _report_fields(notice)
    if fields is None:
        return _read_old_form(message, notice, at)
    values: dict[str, list[str]] = {}
    for name, value in fields:
        values.setdefault(name, []).append(value)
    named = re.match(r"[\w-]*", next(iter(values.get("feedback-type", [])), "").strip().lower())
    detail = named[0][:40] if named else ""
    recipients = list(dict.fromkeys(address_in(value) for name in _RECIPIENTS for value in values.get(name, [])))
    kind = KINDS.get(detail, EventKind.OTHER)
    return [
        FeedbackEvent(kind, "mail", at, recipient=recipient, detail=detail)
        for recipient in [one for one in recipients if one] or [""]
    ]


def _report_fields(notice: Notice) -> tuple[tuple[str, str], ...] | None:
    for kind, text in notice.reports:
        if kind == TYPE:
            return read_header(re.sub(r"\n[ \t]*(?=\n)", "", text))
    found = _WRITTEN_INTO_TEXT.search(notice.text)
    if found and re.search(r"^[> \t]{0,10}(?:User-Agent|Version):", notice.text, re.IGNORECASE | re.MULTILINE):
        return read_header(re.sub(r"^[> \t]{1,10}(?=\S)", "", notice.text[found.start() :], flags=re.MULTILINE))
    return None


def _read_old_form(message: Entity, notice: Notice, at: datetime) -> list[FeedbackEvent] | None:
    """Read what Microsoft sends: the message itself, with its recipient in a field of its own."""
    recipient = next((value for name, value in notice.returned if name == _OLD_FORM), "")
    if not recipient or not re.search(
        r"\b(?:staff|complaint|abuse|jmrp)", message.words("from") + message.words("subject"), re.IGNORECASE
    ):
        return None
    return [FeedbackEvent(EventKind.COMPLAINED, "mail", at, recipient=address_in(recipient), detail="abuse")]
