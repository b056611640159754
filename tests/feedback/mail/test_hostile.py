"""Messages that somebody makes on purpose, or that broke on the way: read quickly, or refused."""

import time
import tracemalloc
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from feedback.mail.notices import NOTICES
from newsletter.errors import FeedbackError
from newsletter.feedback.mail import MailReport, read_mail
from newsletter.feedback.mail.dissecting import LARGEST
from newsletter.providers.base.feedback import EventKind
from support.returned_mail import KEY, READER, RETURN_PATH, full_report, group, mail, report

NOW = datetime(2024, 2, 20, 9, 0, tzinfo=UTC)
TEN_MEGABYTES = 10_000_000
HEAD = (
    b"From: MAILER-DAEMON@lezer.example\r\nTo: bounces+"
    + KEY.encode()
    + b"@brug.example\r\nSubject: Undelivered Mail\r\n"
)
UNITS = (
    *(
        "a",
        "@",
        "a@",
        "a@b.",
        "<",
        ">",
        "<a@b",
        "(",
        '"',
        "'",
        "=",
        "=?utf-8?q?",
        "=3D",
        "&lt;",
        "<style>",
        "<!--",
        "<div ",
    ),
    *(
        "5.1.1 ",
        "550 ",
        "5.",
        "message ",
        "user ",
        "mailbox ",
        "could not ",
        "delivery ",
        "to: ",
        "> ",
        "| ",
        "- ",
        "--",
        "_",
    ),
    *(
        "Action: failed\n",
        "Final-Recipient: rfc822; a@b.example\n",
        "Received: from x\n",
        "\n",
        "\r",
        "\t",
        " \n",
        "\n ",
        "\0",
    ),
    *(
        "afmelden ",
        "graag ",
        "remove ",
        "user@lezer.example: 550 ",
        "quota ",
        "connection ",
        "\x1b$B",
        "ü",
        "不",
        "a.b-c.",
        "x:",
    ),
    *(
        "Feedback-Type: abuse\n",
        "unknown ",
        "the first ",
        "original message ",
        "wrote: ",
        "op ",
        "niet meer ",
        "http://a.b/c ",
    ),
)


def nested(depth: int) -> bytes:
    opened = b"".join(b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (n, n) for n in range(depth))
    return HEAD + opened + b"\r\nIt could not be delivered to sanne@lezer.example\r\n" + b"lines of text\r\n" * 200_000


def enclosed(depth: int) -> bytes:
    return HEAD + b"Content-Type: message/rfc822\r\n\r\n" * depth + b"x\r\n" * 300_000


HOSTILE: dict[str, Callable[[], bytes]] = {
    "ten megabytes of text": lambda: (
        HEAD + b"\r\n" + b"It could not be delivered to a@lezer.example.\r\n" * (TEN_MEGABYTES // 48)
    ),
    "ten megabytes in one line": lambda: HEAD + b"\r\n" + b"a" * TEN_MEGABYTES,
    "a million header lines": lambda: HEAD + b"X-A: b\r\n" * 1_000_000 + b"\r\nIt could not be delivered.\r\n",
    "a header line of ten megabytes": lambda: HEAD + b"X-A: " + b"b" * TEN_MEGABYTES + b"\r\n\r\nx",
    "a subject of encoded words": lambda: b"Subject: " + b"=?utf-8?q?=C3=A9?= " * 200_000 + b"\r\n\r\nx",
    "a million carriage returns": lambda: HEAD + b"\r" * 1_000_000 + b"x",
    "a hundred parts within each other": lambda: nested(100),
    "a thousand messages within each other": lambda: enclosed(1000),
    "a hundred thousand parts": lambda: (
        HEAD + b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n' + b"--b\r\n\r\nx\r\n" * 100_000
    ),
    "a hundred thousand recipients": lambda: report(full_report(*[group(to=f"a{n}@b.example") for n in range(50_000)])),
    "ten megabytes of base64": lambda: (
        HEAD + b"Content-Transfer-Encoding: base64\r\n\r\n" + b"QUFB" * (TEN_MEGABYTES // 4)
    ),
    "references without end": lambda: (
        b"From: a@b.example\r\nReferences: " + b"<a@b.example> " * 500_000 + b"\r\n\r\nGraag afmelden"
    ),
}


def timed(content: bytes) -> tuple[MailReport, float]:
    start = time.process_time()
    found = read_mail(content, NOW, RETURN_PATH)
    return found, time.process_time() - start


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_message_is_read_in_time(name: str) -> None:
    found, seconds = timed(HOSTILE[name]())
    assert seconds < 1
    assert len(found.events) <= 1000


@pytest.mark.parametrize("unit", UNITS)
def test_text_that_repeats_itself_takes_no_time(unit: str) -> None:
    body = (unit * (200_000 // len(unit))).encode()
    for kind in (b"text/plain", b"text/html", b"message/delivery-status", b"message/feedback-report"):
        assert timed(HEAD + b"Content-Type: " + kind + b"\r\n\r\n" + body)[1] < 1
    assert (
        timed(HEAD.replace(b"Undelivered Mail", body[:100_000].replace(b"\n", b" ").replace(b"\r", b" ")) + b"\r\nx")[1]
        < 1
    )


def test_message_that_is_too_large_is_refused_with_its_size() -> None:
    with pytest.raises(FeedbackError, match=str(LARGEST + 1)):
        read_mail(b"x" * (LARGEST + 1), NOW)


@pytest.mark.parametrize("make", [lambda: report(full_report(group())) + b"x" * 10_000_000, lambda: nested(100)])
def test_memory_stays_small(make: Callable[[], bytes]) -> None:
    content = make()
    tracemalloc.start()
    read_mail(content, NOW, RETURN_PATH)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2 * len(content) + 10_000_000


@pytest.mark.parametrize("name", NOTICES)
def test_notice_that_was_cut_off_anywhere_is_read(name: str) -> None:
    for length in range(0, len(NOTICES[name].content), 50):
        for event in read_mail(NOTICES[name].content[:length], NOW, RETURN_PATH).events:
            assert event.kind in (EventKind.BOUNCED, EventKind.DELAYED)


def test_parts_that_are_no_text_are_passed_over() -> None:
    raw = mail(f"It could not be delivered to {READER}: no such user.").replace(b"text/plain", b"image/png")
    assert read_mail(raw, NOW, RETURN_PATH).kind is not None


@pytest.mark.parametrize(
    "charset", ["utf-16", "base64", "hex", "zlib", "rot13", "idna", "unicode_escape", "x" * 1000, "", "utf-8\0", "mbcs"]
)
def test_charset_that_is_none_does_no_harm(charset: str) -> None:
    raw = mail(f"It could not be delivered.\n\n{READER}\nno such user\n").replace(b'"utf-8"', charset.encode())
    [event] = read_mail(raw, NOW, RETURN_PATH).events
    assert event.key == KEY
