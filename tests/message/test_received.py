"""Received messages: what the mail systems on their way wrote at their head."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.message import Received, read_received

MESSAGE = b"""\
Return-Path: <bounces+abc@Bounce.example.org>
Authentication-Results: mx.reader.example; dkim=pass header.d=example.org;
 spf=softfail smtp.mailfrom=example.org; dmarc=pass (p=NONE) header.from=example.org
Authentication-Results: forged.example; dmarc=fail
Received: by 2002:a05:6000 with SMTP id x; Tue, 20 Feb 2024 08:30:02 +0000
Received: from mail.example.org (mail.example.org [198.51.100.7]) by mx.reader.example [8.8.8.8]; Tue, 20 Feb 2024
Received: from out.example.org (out.example.org. [9.9.9.9])
 by mail.example.org; Tue, 20 Feb 2024 08:30:00 +0000
Received: from localhost (localhost [127.0.0.1]) by out.example.org
DKIM-Signature: v=1; a=rsa-sha256; d=example.org; s=s1;
 h=From:To; bh=YQ==; b=Yg==
From: =?utf-8?q?Caf=C3=A9?= <nieuws@Example.ORG>
List-Unsubscribe: <https://news.example.org/leave/x>
List-Unsubscribe-Post: List-Unsubscribe=One-Click

Text
"""


def test_head_is_read() -> None:
    found = read_received(MESSAGE)
    assert (found.from_domain, found.return_domain) == ("example.org", "bounce.example.org")
    assert found.results == (("dkim", "pass"), ("spf", "softfail"), ("dmarc", "pass"))
    assert len(found.signatures) == 1
    assert found.unsubscribe == "<https://news.example.org/leave/x>"
    assert found.unsubscribe_post == "List-Unsubscribe=One-Click"
    assert found.fields.count("received") == 4


def test_address_is_the_first_of_the_internet_from_the_end_of_the_way() -> None:
    assert read_received(MESSAGE).sent_from == "9.9.9.9"
    assert read_received(MESSAGE.replace(b"[9.9.9.9]", b"[IPv6:2620:fe::fe]")).sent_from == "2620:fe::fe"
    assert read_received(MESSAGE.replace(b"[9.9.9.9]", b"[10.0.0.1]")).sent_from is None


def test_line_ends_make_no_difference() -> None:
    assert read_received(MESSAGE.replace(b"\n", b"\r\n")) == read_received(MESSAGE)


@pytest.mark.parametrize(
    "content", [b"", b"\r\n\r\n", b"From: nobody\n\n", b"\x00\xff\n", "From: a@é…x.nl\n\n".encode()]
)
def test_what_is_not_there_is_empty(content: bytes) -> None:
    found = read_received(content)
    assert (found.from_domain, found.return_domain, found.sent_from, found.signatures) == ("", "", None, ())


@given(st.binary(max_size=400))
def test_any_bytes_are_read(content: bytes) -> None:
    assert isinstance(read_received(b"From: x@example.org\n" + content), Received)


@pytest.mark.corpora
def test_real_messages_are_read(corpora: Path) -> None:
    files = [*corpora.glob("mime-cpython/**/*.txt"), *corpora.glob("sisimai/**/*.eml")][:300]
    assert files
    for file in files:
        assert isinstance(read_received(file.read_bytes()), Received)
