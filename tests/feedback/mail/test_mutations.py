"""Notices and reports keep their meaning when mail systems, forwarders and editors have been at them."""

import base64
import quopri
import re
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedback.mail.notices import NOTICES, Sample
from newsletter.feedback.mail import read_mail
from newsletter.providers.base.feedback import EventKind
from support.returned_mail import RETURN_PATH, full_report, group, report

NOW = datetime(2024, 2, 20, 9, 0, tzinfo=UTC)
Told = list[tuple[EventKind, str, str, str]]


def told(raw: bytes) -> Told:
    events = read_mail(raw, NOW, RETURN_PATH).events
    return sorted((event.kind, str(event.fault), event.recipient.lower(), event.status) for event in events)


def expected(sample: Sample) -> Told:
    return sorted((kind, str(fault), address.lower(), status) for kind, fault, address, status in sample.told)


def _body(raw: bytes, change: Callable[[bytes], bytes]) -> bytes:
    head, _, body = raw.partition(b"\r\n\r\n")
    return head + b"\r\n\r\n" + change(body)


def _in_base64(raw: bytes) -> bytes:
    head, _, body = raw.partition(b"\r\n\r\n")
    head = re.sub(rb"Content-Transfer-Encoding: \S+", b"Content-Transfer-Encoding: base64", head)
    return head + b"\r\n\r\n" + base64.encodebytes(body)


def _in_quoted_printable(raw: bytes) -> bytes:
    head, _, body = raw.partition(b"\r\n\r\n")
    head = re.sub(rb"Content-Transfer-Encoding: \S+", b"Content-Transfer-Encoding: quoted-printable", head)
    return head + b"\r\n\r\n" + quopri.encodestring(body)


def _as_a_part(raw: bytes) -> bytes:
    head, _, body = raw.partition(b"\r\n\r\n")
    own = re.findall(rb"(?im)^Content-(?:Type|Transfer-Encoding):.*\r?\n?", head)
    rest = re.sub(rb"(?im)^Content-(?:Type|Transfer-Encoding):.*\r?\n?", b"", head).rstrip()
    part = b"".join(line.rstrip() + b"\r\n" for line in own)
    return b"".join(
        [
            rest,
            b'\r\nContent-Type: multipart/mixed; boundary="=_m"\r\n\r\n--=_m\r\n',
            part,
            b"\r\n",
            body,
            b"\r\n--=_m--\r\n",
        ]
    )


def _attached(raw: bytes) -> bytes:
    return (
        b"From: Sanne <sanne@brug.example>\r\nTo: joris@brug.example\r\nSubject: Doorgestuurd\r\nMIME-Version: 1.0\r\n"
        b'Content-Type: multipart/mixed; boundary="=_f"\r\n\r\n--=_f\r\nContent-Type: text/plain\r\n\r\nKijk eens.\r\n'
        b"--=_f\r\nContent-Type: message/rfc822\r\n\r\n" + raw + b"\r\n--=_f--\r\n"
    )


MUTATIONS: dict[str, Callable[[bytes], bytes]] = {
    "bare line feeds": lambda raw: raw.replace(b"\r\n", b"\n"),
    "bare carriage returns": lambda raw: raw.replace(b"\r\n", b"\r"),
    "carriage returns doubled": lambda raw: raw.replace(b"\r\n", b"\r\r\n"),
    "mixed line ends": lambda raw: raw.replace(b"\r\n", b"\n", raw.count(b"\r\n") // 2),
    "a line of mbox": lambda raw: b"From MAILER-DAEMON Tue Feb 20 09:31:00 2024\r\n" + raw,
    "garbage behind": lambda raw: raw + b"\r\n\xff\xfe\0" * 100,
    "other fields first": lambda raw: b"Received: by a with b id c\r\nX-Spam: no\r\n" + raw,
    "no MIME-Version": lambda raw: raw.replace(b"MIME-Version: 1.0\r\n", b""),
    "fields in small letters": lambda raw: re.sub(rb"(?m)^[A-Z][\w-]+:", lambda found: found[0].lower(), raw, count=12),
    "base64": _in_base64,
    "quoted-printable": _in_quoted_printable,
    "as a part": _as_a_part,
    "attached": _attached,
    "attached twice": lambda raw: _attached(_attached(raw).replace(b"=_f", b"=_g")),
    "white space behind lines": lambda raw: _body(raw, lambda body: body.replace(b"\r\n", b"  \r\n")),
}


@pytest.mark.parametrize("name", NOTICES)
@pytest.mark.parametrize("mutation", MUTATIONS)
def test_notice_keeps_its_meaning(name: str, mutation: str) -> None:
    assert told(MUTATIONS[mutation](NOTICES[name].content)) == expected(NOTICES[name])


LATIN = ["a German notice", "a French notice"]


@pytest.mark.parametrize(
    "name", [*LATIN, "a Dutch notice", "qmail", "exim", "a provider in Russia", "a Spanish notice"]
)
def test_notice_that_declares_no_or_another_charset_keeps_its_meaning(name: str) -> None:
    raw = NOTICES[name].content
    text = raw.decode("koi8-r" if "Russia" in name else "latin-1" if name in LATIN else "utf-8")
    for octets in (text.encode("utf-8"), *([text.encode("latin-1")] if text.isascii() or name in LATIN else [])):
        for declared in ("", '; charset="us-ascii"', '; charset="x-unknown"', '; charset="utf-8"'):
            assert told(re.sub(rb';\s*charset="?[\w-]+"?', declared.encode(), octets)) == expected(NOTICES[name])


def test_japanese_notice_is_read_in_every_usual_charset() -> None:
    name = "a full mailbox in Japan"
    text = NOTICES[name].content.decode("iso-2022-jp")
    for charset in ("shift_jis", "utf-8", "iso-2022-jp", "euc_jp"):
        for declared in (charset, *(["us-ascii", "utf-8"] if charset != "euc_jp" else [])):
            raw = text.replace('"iso-2022-jp"', f'"{declared}"').encode(charset)
            assert told(raw) == expected(NOTICES[name]), (charset, declared)


@given(st.binary(max_size=400), st.integers(0, 2_000), st.sampled_from(sorted(NOTICES)))
def test_octets_anywhere_never_raise(octets: bytes, place: int, name: str) -> None:
    raw = NOTICES[name].content
    read_mail(raw[:place] + octets + raw[place:], NOW, RETURN_PATH)


@given(st.binary(max_size=2_000))
def test_any_octets_are_read(octets: bytes) -> None:
    read_mail(octets, NOW, RETURN_PATH)


@given(
    st.sampled_from(["failed", "delayed", "delivered", "relayed", "expanded", "x", ""]),
    st.from_regex(r"[245]\.\d{1,3}\.\d{1,3}", fullmatch=True),
    st.text(max_size=200),
)
def test_only_failures_for_good_ever_blame_an_address(action: str, status: str, said: str) -> None:
    line = re.sub(r"[^ -~]", " ", said)
    for event in read_mail(report(full_report(group(action, status, f"smtp; 550 {line}"))), NOW, RETURN_PATH).events:
        if event.kind is EventKind.BOUNCED:
            assert action in ("failed", "x", "") or not status.startswith("4")
        if action in ("delivered", "relayed", "expanded"):
            assert event.kind in (EventKind.DELIVERED, EventKind.OTHER)
            assert event.fault is None
        assert "\n" not in event.reply
