"""Reports in the standard form: RFC 3464, RFC 6533, and what is made of them on the way."""

import base64
from datetime import UTC, datetime

import pytest

from newsletter.feedback.mail import MailKind, read_mail
from newsletter.providers.base.feedback import EventKind, Fault
from support.returned_mail import KEY, OTHER_KEY, READER, RETURN_PATH, RETURNED, full_report, group, mail, report

NOW = datetime(2024, 2, 20, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("action", "kind", "fault"),
    [
        ("failed", EventKind.BOUNCED, Fault.ADDRESS),
        ("failure", EventKind.BOUNCED, Fault.ADDRESS),
        ("Failed (after many attempts)", EventKind.BOUNCED, Fault.ADDRESS),
        ("delayed", EventKind.DELAYED, Fault.UNKNOWN),
        ("delivered", EventKind.DELIVERED, None),
        ("relayed", EventKind.OTHER, None),
        ("expanded", EventKind.OTHER, None),
    ],
)
def test_r1_only_what_failed_is_a_bounce(action: str, kind: EventKind, fault: Fault | None) -> None:
    [event] = read_mail(report(full_report(group(action))), NOW, RETURN_PATH).events
    assert (event.kind, event.fault, event.recipient, event.key) == (kind, fault, READER, KEY)


@pytest.mark.parametrize(
    ("status", "said", "found", "fault"),
    [
        ("5.1.1", "smtp; 550 5.1.1 User unknown", "5.1.1", Fault.ADDRESS),
        ("5.1.2", "x-unix; no such domain", "5.1.2", Fault.ADDRESS),
        ("5.1.10", "smtp; 556 5.1.10 null MX", "5.1.10", Fault.ADDRESS),
        ("5.0.0", "smtp; 550 5.1.6 mailbox has moved", "5.1.6", Fault.ADDRESS),
        ("5.1.1", "smtp; 550 5.7.1 our block list has you", "5.7.1", Fault.SENDER),
        ("5.1.1", "smtp; 550 5.1.1 blocked using a block list", "5.1.1", Fault.SENDER),
        ("5.1.1", "smtp; 550 mailbox is full", "5.1.1", Fault.MAILBOX),
        ("5.2.1", "smtp; 550 5.2.1 account disabled", "5.2.1", Fault.MAILBOX),
        ("5.2.1", "smtp; 550 5.2.1 user unknown", "5.2.1", Fault.ADDRESS),
        ("5.2.2", "smtp; 552 5.2.2 over quota", "5.2.2", Fault.MAILBOX),
        ("5.2.3", "smtp; 552 5.2.3 too big", "5.2.3", Fault.MESSAGE),
        ("5.3.0", "smtp; 550 unknown user", "5.3.0", Fault.NETWORK),
        ("4.1.1", "smtp; 450 4.1.1 unverified address: user unknown", "4.1.1", Fault.UNKNOWN),
        ("4.4.1", "smtp; connection timed out", "4.4.1", Fault.NETWORK),
        ("4.0.0", "smtp; 550 user unknown", "4.0.0", Fault.ADDRESS),
        ("5.7.26", "smtp; 550 5.7.26 unauthenticated", "5.7.26", Fault.SENDER),
        ("5.7.515", "smtp; 550 5.7.515 Access denied", "5.7.515", Fault.SENDER),
        ("5.6.0", "smtp; 554 5.6.0 bad header", "5.6.0", Fault.MESSAGE),
        ("5.4.1", "smtp; 550 5.4.1 Recipient address rejected: Access denied", "5.4.1", Fault.ADDRESS),
        ("5.0.0 (undefined status)", "", "5.0.0", Fault.UNKNOWN),
        ("5.7.133", "smtp; 550 5.7.133 closed group", "5.7.133", Fault.MAILBOX),
    ],
)
def test_r2_codes_and_words_tell_whose_fault_it_is(status: str, said: str, found: str, fault: Fault) -> None:
    [event] = read_mail(report(full_report(group("failed", status, said))), NOW, RETURN_PATH).events
    assert (event.status, event.fault) == (found, fault)


def test_every_recipient_is_an_event_of_its_own() -> None:
    groups = full_report(group(), group("delayed", "4.2.2", "smtp; 452 4.2.2 full", "a@lezer.example"))
    events = read_mail(report(groups), NOW, RETURN_PATH).events
    assert [(event.kind, event.recipient) for event in events] == [
        (EventKind.BOUNCED, READER),
        (EventKind.DELAYED, "a@lezer.example"),
    ]


def test_code_decides_where_nothing_is_said_of_those_whom_it_is_about() -> None:
    bare = [
        f"Final-Recipient: rfc822; {to}\nAction: failed\nStatus: 5.1.1\n"
        for to in ("a@lezer.example", "b@lezer.example")
    ]
    text = "Delivery to the following recipients failed.\n\n    a@else.example\n    b@else.example\n"
    events = read_mail(report(full_report(*bare), text), NOW).events
    assert [(event.recipient, event.fault) for event in events] == [
        ("a@lezer.example", Fault.ADDRESS),
        ("b@lezer.example", Fault.ADDRESS),
    ]


def test_groups_that_no_empty_line_parts_are_parted() -> None:
    groups = full_report(group()) + group(to="a@lezer.example") + "Original-Recipient: rfc822; c@brug.example\n"
    events = read_mail(report(groups), NOW).events
    assert [event.recipient for event in events] == [READER, "c@brug.example"]


def test_address_that_we_wrote_to_counts_more_than_what_it_became() -> None:
    fields = f"Original-Recipient: rfc822;{READER}\n{group(to='elsewhere@else.example')}"
    assert read_mail(report(full_report(fields)), NOW).events[0].recipient == READER


def test_addresses_beyond_ascii_are_read() -> None:
    fields = "Final-Recipient: utf-8; j\\x{F6}rg@lezer.example\nAction: failed\nStatus: 5.1.1\n"
    events = read_mail(report(full_report(fields), kind="global-delivery-status"), NOW).events
    assert events[0].recipient == "jörg@lezer.example"
    encoded = "Original-Recipient: rfc822; sanne+2Bnews+40lezer.example\nAction: failed\nStatus: 5.1.1\n"
    assert read_mail(report(full_report(encoded)), NOW).events[0].recipient == "sanne+news@lezer.example"


def test_report_in_base64_is_read() -> None:
    raw = report("XXX")
    encoded = base64.encodebytes(full_report(group()).encode())
    raw = raw.replace(
        b"message/delivery-status\r\n\r\nXXX",
        b"message/delivery-status\r\nContent-Transfer-Encoding: base64\r\n\r\n" + encoded,
    )
    assert read_mail(raw, NOW).events[0].status == "5.1.1"


def test_time_of_the_last_attempt_is_when_it_happened() -> None:
    fields = group() + "Last-Attempt-Date: Tue, 20 Feb 2024 09:00:00 +0100\n"
    assert read_mail(report(full_report(fields)), NOW).events[0].at == datetime(2024, 2, 20, 8, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "date", ["Tue, 20 Feb 2050 09:00:00 +0100", "Tue, 20 Feb 1990 09:00:00 +0100", "yesterday", "", "Mon, 99 Foo 2024"]
)
def test_impossible_time_is_when_the_report_came(date: str) -> None:
    assert read_mail(report(full_report(group()), Date=date), NOW).events[0].at == NOW


def test_reply_is_one_line_without_addresses() -> None:
    said = f"smtp; 550-5.1.1 <{READER}>\n    550 5.1.1 <{READER}> unknown"
    [event] = read_mail(report(full_report(group(said=said))), NOW).events
    assert event.reply == "550-5.1.1 <(address)> 550 5.1.1 <(address)> unknown"


def test_report_that_is_quoted_in_a_forwarded_mail_is_read() -> None:
    text = "Can you look at this?\n\n> From: Mail Delivery Subsystem\n> Subject: Returned mail\n>\n"
    quoted = "".join(f"> {line}\n" for line in full_report(group()).split("\n"))
    raw = mail(
        text + quoted, From="Sanne <brug@brug.example>", Subject="Fwd: Returned mail", Return_Path="<brug@brug.example>"
    )
    assert read_mail(raw, NOW).events[0].fault is Fault.ADDRESS


def test_report_within_a_report_is_what_was_returned_and_does_not_count() -> None:
    inner = report(full_report(group(to="c@brug.example"))).decode()
    outer = report(full_report(group("delayed", "4.4.1", "smtp; timeout")), returned=inner.replace("=_part", "=_inner"))
    assert [(event.kind, event.recipient) for event in read_mail(outer, NOW).events] == [(EventKind.DELAYED, READER)]


def test_digest_gives_every_report_with_its_own_key() -> None:
    second = report(
        full_report(group(to="a@lezer.example")), returned=RETURNED.replace(KEY, OTHER_KEY), To="x@brug.example"
    )
    first = report(full_report(group()), To="x@brug.example")
    digest = b"".join(
        [
            b"From: list@brug.example\r\nTo: x@brug.example\r\nSubject: Digest\r\nMIME-Version: 1.0\r\n",
            b'Content-Type: multipart/digest; boundary="=_digest"\r\n\r\n--=_digest\r\n\r\n',
            first,
            b"\r\n--=_digest\r\nContent-Type: message/rfc822\r\n\r\n",
            second.replace(b"=_part", b"=_second"),
            b"\r\n--=_digest--\r\n",
        ]
    )
    found = read_mail(digest, NOW, RETURN_PATH)
    assert found.kind is MailKind.REPORT
    assert [(event.recipient, event.key) for event in found.events] == [(READER, KEY), ("a@lezer.example", OTHER_KEY)]


def test_bounce_that_somebody_forwards_as_an_attachment_is_read() -> None:
    inner = report(full_report(group()))
    outer = (
        b"From: Sanne <sanne@brug.example>\r\nTo: brug@brug.example\r\nSubject: Fwd: een bericht\r\n"
        b'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="=_outer"\r\n\r\n'
        b"--=_outer\r\nContent-Type: text/plain\r\n\r\nKijk eens.\r\n"
        b"--=_outer\r\nContent-Type: message/rfc822\r\n\r\n" + inner + b"\r\n--=_outer--\r\n"
    )
    [event] = read_mail(outer, NOW, RETURN_PATH).events
    assert (event.kind, event.key) == (EventKind.BOUNCED, KEY)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda raw: raw.replace(b"\r\n", b"\n"),
        lambda raw: raw.replace(b"\r\n", b"\r"),
        lambda raw: raw.replace(b"\r\n", b"\r\r\n"),
        lambda raw: raw.replace(b"MIME-Version: 1.0\r\n", b""),
        lambda raw: raw.replace(b'; boundary="=_part"', b""),
        lambda raw: raw.replace(b'boundary="=_part"', b'boundary="=_other"'),
        lambda raw: raw.replace(b"Content-Type: multipart/report", b"X-Lost: multipart/report"),
        lambda raw: raw.replace(b"message/delivery-status", b"text/plain; name=details.txt"),
        lambda raw: raw.replace(b"message/delivery-status", b"application/octet-stream"),
        lambda raw: raw.replace(b"message/delivery-status\r\n\r\n", b"message/delivery-status\r\n"),
        lambda raw: raw.replace(b"Action:", b"ction:"),
        lambda raw: raw.replace(b"--=_part--", b""),
        lambda raw: raw[: raw.index(b"Diagnostic-Code")],
        lambda raw: b"From MAILER-DAEMON Tue Feb 20 09:31:00 2024\n" + raw,
        lambda raw: b" " * 200 + b"\r\n\t\r\n" + raw,
        lambda raw: raw + b"\r\n\0\xff trailing garbage " * 500,
        lambda raw: raw.upper().replace(b"=_PART", b"=_part"),
    ],
)
def test_spoiled_report_is_still_read(spoil: object) -> None:
    spoiled = spoil(report(full_report(group())))  # type: ignore[operator]
    [event] = read_mail(spoiled, NOW, RETURN_PATH).events
    assert (event.kind, event.fault, event.recipient.lower(), event.status) == (
        EventKind.BOUNCED,
        Fault.ADDRESS,
        READER,
        "5.1.1",
    )
