"""What the doctor makes of a message that came back."""

import pytest

from newsletter.authentication import key_name
from newsletter.doctor.base import Outcome
from newsletter.workspace import Workspace
from support.dkim_signing import Key, ed25519_key, record, rsa_key, sign
from support.dns_server import Records, text
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
UNSIGNED = "".join(line for line in MESSAGE.splitlines(keepends=True) if not line.startswith("DKIM-"))
DMARC = {("_dmarc.ours.nl", "TXT"): [text("v=DMARC1; p=reject")]}


def signed(key: Key, *, more: str = "", length: int = 0) -> str:
    return sign(UNSIGNED, key, FIELDS, domain="mail.ours.nl", more=more, length=length)


def dns(key: Key, selector: str = "s1", domain: str = "mail.ours.nl") -> Records:
    written = record(key)
    return {**DMARC, (key_name(selector, domain), "TXT"): [text(written[:200], written[200:])]}


@pytest.mark.parametrize("key", [rsa_key(), ed25519_key()], ids=["rsa", "ed25519"])
def test_message_that_is_signed_as_it_must_be_is_well(workspace: Workspace, key: Key) -> None:
    found = examine("signature", workspace, dns(key), received=signed(key).encode())
    assert set(outcomes(found)) == {OK}
    assert says(found, OK, "holds: it was verified with the key at s1._domainkey.mail.ours.nl")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("\n\nText", "\n\nReclame", "the body was changed"),
        ("Subject: x", "Subject: y", "a header field that it covers was changed"),
        ("leave/x", "leave/y", "a header field that it covers was changed"),
        ("s=s1;", "s=s1; x=1708417000;", "has expired on 2024-02-20"),
    ],
)
def test_signature_that_does_not_hold_is_found(workspace: Workspace, old: str, new: str, words: str) -> None:
    spoilt = signed(rsa_key()).replace(old, new, 1)
    found = examine("signature", workspace, dns(rsa_key()), received=spoilt.encode())
    assert says(found, PROBLEM, words)
    assert says(found, PROBLEM, "by mail.ours.nl (s1) does not hold")


def test_key_that_is_missing_or_another_one_is_found(workspace: Workspace) -> None:
    message = signed(rsa_key()).encode()
    assert says(examine("signature", workspace, DMARC, received=message), PROBLEM, "there is no key in the DNS")
    found = examine("signature", workspace, dns(rsa_key(1)), received=message)
    assert says(found, PROBLEM, "not the one it was made with")


def test_key_that_nobody_can_look_up_leaves_the_signature_unknown(workspace: Workspace) -> None:
    key = "s1._domainkey.mail.ours.nl"
    found = examine("signature", workspace, DMARC, received=signed(rsa_key()).encode(), broken=[key])
    assert says(found, UNKNOWN, f"could not be verified: the DNS does not answer for {key}")
    assert says(found, OK, "covers both unsubscribe headers")


def test_signature_of_a_part_holds_and_is_a_problem(workspace: Workspace) -> None:
    message = signed(rsa_key(), more=" l=4;", length=4) + "Reclame\n"
    found = examine("signature", workspace, dns(rsa_key()), received=message.encode())
    assert says(found, OK, "holds")
    assert says(found, PROBLEM, "only the beginning")


def test_second_signature_that_does_not_hold_is_a_warning(workspace: Workspace) -> None:
    both = MESSAGE.splitlines(keepends=True)[1] + signed(rsa_key())
    found = examine("signature", workspace, dns(rsa_key()), received=both.encode())
    assert says(found, WARNING, "does not hold: the body was changed")
    assert PROBLEM not in outcomes(found)


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
    found = examine("signature", workspace, dns(rsa_key()), received=(other + signed(rsa_key())).encode())
    assert set(outcomes(found)) == {OK}
