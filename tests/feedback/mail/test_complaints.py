"""Reports of abuse: who complains, who only wants to leave, and what is neither. RFC 5965, 6430, 6591."""

from datetime import UTC, datetime

import pytest

from newsletter.feedback.mail import MailKind, read_mail
from newsletter.providers.base.feedback import EventKind
from support.returned_mail import KEY, READER, RETURN_PATH, mail, report

NOW = datetime(2024, 2, 20, 9, 0, tzinfo=UTC)


def complaint(kind: str, *fields: str) -> bytes:
    lines = [f"Feedback-Type: {kind}", "User-Agent: Loop/1.0", "Version: 1", *fields]
    return report(
        "\n".join([*lines, ""]),
        "This is an abuse report.",
        kind="feedback-report",
        From="loop@lezer.example",
        Subject="FW: Nieuwsbrief 12",
    )


@pytest.mark.parametrize(
    ("kind", "event"),
    [
        ("abuse", EventKind.COMPLAINED),
        ("Abuse", EventKind.COMPLAINED),
        ("fraud", EventKind.COMPLAINED),
        ("opt-out", EventKind.UNSUBSCRIBED),
        ("opt-out-list", EventKind.UNSUBSCRIBED),
        ("not-spam", EventKind.OTHER),
        ("auth-failure", EventKind.OTHER),
        ("virus", EventKind.OTHER),
        ("other", EventKind.OTHER),
        ("miscategorized", EventKind.OTHER),
        ("", EventKind.OTHER),
    ],
)
def test_r3_only_abuse_is_a_complaint(kind: str, event: EventKind) -> None:
    found = read_mail(complaint(kind, f"Original-Rcpt-To: <{READER}>"), NOW, RETURN_PATH)
    assert found.kind is MailKind.COMPLAINT
    assert [(one.kind, one.recipient, one.key, one.detail, one.fault) for one in found.events] == [
        (event, READER, KEY, kind.lower(), None)
    ]


def test_complaint_without_a_recipient_is_known_by_the_returned_message() -> None:
    [event] = read_mail(complaint("abuse").replace(b"bounces+", b"loop+"), NOW, RETURN_PATH).events
    assert (event.kind, event.recipient, event.key) == (EventKind.COMPLAINED, "", KEY)


def test_every_recipient_of_a_complaint_is_an_event() -> None:
    raw = complaint("abuse", f"Original-Rcpt-To: {READER}", "Original-Rcpt-To: <joris@lezer.example>")
    assert [event.recipient for event in read_mail(raw, NOW).events] == [READER, "joris@lezer.example"]


def test_complaint_in_the_old_form_of_microsoft_is_read() -> None:
    raw = (
        b"From: staff@hotmail.example\r\nTo: abuse@brug.example\r\nSubject: complaint about message from 192.0.2.1\r\n"
        b'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="=_m"\r\n\r\n--=_m\r\n'
        b"Content-Type: message/rfc822\r\n\r\nX-HmXmrOriginalRecipient: " + READER.encode() + b"\r\n"
        b"Message-ID: <" + KEY.encode() + b"@brug.example>\r\nSubject: Nieuwsbrief 12\r\n\r\nBeste lezer\r\n--=_m--\r\n"
    )
    [event] = read_mail(raw, NOW, RETURN_PATH).events
    assert (event.kind, event.recipient, event.key) == (EventKind.COMPLAINED, READER, KEY)


def test_complaint_that_lost_its_parts_is_read() -> None:
    fields = f"Feedback-Type: abuse\nUser-Agent: Loop/1.0\nVersion: 1\nOriginal-Rcpt-To: {READER}\n"
    text = f"{fields}\nMessage-ID: <{KEY}@brug.example>\n"
    [event] = read_mail(mail(text, Subject="complaint"), NOW, RETURN_PATH).events
    assert (event.kind, event.recipient, event.key) == (EventKind.COMPLAINED, READER, KEY)
