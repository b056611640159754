"""What the doctor makes of a message that came back."""

import pytest

from newsletter.doctor.base import Outcome
from newsletter.workspace import Workspace
from support.dns_server import text
from support.surroundings import examine, outcomes, says

OK, WARNING, PROBLEM, UNKNOWN = Outcome.OK, Outcome.WARNING, Outcome.PROBLEM, Outcome.UNKNOWN

FIELDS = "from:to:subject:date:message-id:mime-version:content-type:list-id:list-unsubscribe:list-unsubscribe-post"
MESSAGE = f"""\
Authentication-Results: mx.reader.example; dkim=fail; dkim=pass header.d=ours.nl; spf=pass; dmarc=pass
DKIM-Signature: v=1; a=rsa-sha256; d=mail.ours.nl; s=s1; h={FIELDS}; bh=YQ==; b=YQ==
From: Ons nieuws <news@ours.nl>
To: reader@reader.example
Subject: x
Date: Tue, 20 Feb 2024 08:30:00 +0000
Message-ID: <x@ours.nl>
MIME-Version: 1.0
Content-Type: text/plain
List-Id: <news.ours.nl>
List-Unsubscribe: <https://news.ours.nl/leave/x>
List-Unsubscribe-Post: List-Unsubscribe=One-Click

Text
"""
DMARC = {("_dmarc.ours.nl", "TXT"): [text("v=DMARC1; p=reject")]}


def test_message_that_is_signed_as_it_must_be_is_well(workspace: Workspace) -> None:
    assert set(outcomes(examine("signature", workspace, DMARC, received=MESSAGE.encode()))) == {OK}


def test_without_a_message_nothing_is_known(workspace: Workspace) -> None:
    assert outcomes(examine("signature", workspace)) == [UNKNOWN]


@pytest.mark.parametrize(
    ("old", "new", "outcome", "words"),
    [
        (":list-unsubscribe-post", "", PROBLEM, "does not cover list-unsubscribe-post"),
        (
            ":list-unsubscribe:list-unsubscribe-post",
            "",
            PROBLEM,
            "does not cover list-unsubscribe and list-unsubscribe-post",
        ),
        ("h=from:", "h=", PROBLEM, "does not cover From"),
        (":subject", "", WARNING, "does not cover subject"),
        ("; bh=", "; l=10; bh=", PROBLEM, "only the beginning"),
        ("rsa-sha256", "rsa-sha1", PROBLEM, "SHA-1"),
        ("d=mail.ours.nl", "d=mailer.example", PROBLEM, "signed by mailer.example, which does not count for ours.nl"),
        ("DKIM-Signature", "X-Was-Signature", PROBLEM, "no DKIM signature"),
        ("; d=mail.ours.nl", "", PROBLEM, "the tag d is missing"),
        ("<https://news", "<http://news", PROBLEM, "no List-Unsubscribe with a web address"),
        ("=One-Click", "=Oneclick", PROBLEM, "not exactly"),
        ("dmarc=pass", "dmarc=fail", PROBLEM, "dmarc=fail"),
        ("Authentication-Results", "X-Results", UNKNOWN, "left no note"),
        ("news@ours.nl", "news@theirs.nl", WARNING, "comes from theirs.nl"),
    ],
)
def test_what_is_wrong_is_found(workspace: Workspace, old: str, new: str, outcome: Outcome, words: str) -> None:
    assert old in MESSAGE
    found = examine("signature", workspace, DMARC, received=MESSAGE.replace(old, new).encode())
    assert says(found, outcome, words), found


def test_strict_policy_wants_the_very_domain(workspace: Workspace) -> None:
    strict = {("_dmarc.ours.nl", "TXT"): [text("v=DMARC1; p=reject; adkim=s")]}
    assert says(examine("signature", workspace, strict, received=MESSAGE.encode()), PROBLEM, "does not count")


def test_one_aligned_signature_among_others_is_enough(workspace: Workspace) -> None:
    other = "DKIM-Signature: v=1; a=rsa-sha256; d=mailer.example; s=m; h=from; bh=YQ==; b=YQ==\n"
    found = examine("signature", workspace, DMARC, received=(other + MESSAGE).encode())
    assert set(outcomes(found)) == {OK}
