"""A signature holds for the message it was made for, and for no other."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.authentication import SignatureFault, verify
from support.dkim_signing import Key, ed25519_key, record, rsa_key, sign

NOW = datetime(2024, 2, 20, 8, 30, tzinfo=UTC)
BEFORE = int(NOW.timestamp()) - 60
HEADERS = "from:to:subject:list-unsubscribe"
MESSAGE = """\
From: Ons nieuws <news@ours.nl>
To: reader@reader.example
Subject: Eerste  regel
 en de tweede
List-Unsubscribe: <https://news.ours.nl/leave/x>

Beste lezer,

Nieuws.  En meer.

"""
KEYS = [rsa_key(), ed25519_key()]
SHORT = (
    "v=DKIM1; k=rsa; p=MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAMtK9BmNhbxuvEhzPuc6nFYAviaZsF3k"
    "AWycKEWeh3VR6JQAQWyvpyC6OKi1FtV2JwoefwTn2fNXnxRW7ANy9jkCAwEAAQ=="
)
"""A key of 512 bits."""


def holds(message: str | bytes, records: list[str], number: int = 0) -> None:
    verify(message if isinstance(message, bytes) else message.encode(), number, records, NOW)


@pytest.mark.parametrize("key", KEYS, ids=["rsa", "ed25519"])
@pytest.mark.parametrize("relaxed", [True, False], ids=["relaxed", "simple"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_signature_holds_for_its_message(key: Key, relaxed: bool, line_end: str) -> None:
    signed = sign(MESSAGE, key, HEADERS, relaxed=relaxed)
    holds(signed.replace("\n", line_end), [record(key)])


@pytest.mark.parametrize("key", KEYS, ids=["rsa", "ed25519"])
@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("Nieuws.", "Nieuws!", "the body was changed"),
        ("Beste lezer", "Reclame\n\nBeste lezer", "the body was changed"),
        ("news@ours.nl", "nep@ours.nl", "a header field that it covers was changed"),
        ("leave/x", "leave/y", "a header field that it covers was changed"),
        ("To: reader", "Subject: Een ander\nTo: reader", None),
        ("\nSubject: Eerste", "\nSubject: Eerste!", "a header field that it covers was changed"),
        ("h=from:to", "h=from", "a header field that it covers was changed"),
        ("; b=", "; b=!", "the tag b is not base64"),
        ("v=1;", "v=2;", "its version is '2'"),
        ("-sha256;", "-sha1;", "nobody accepts its algorithm"),
        ("h=from:", "h=", "does not cover From"),
        ("c=relaxed/relaxed", "c=loose", "nobody knows its canonical form"),
        ("s=s1;", "s=s1; q=http;", "looked up in a way that nobody knows"),
        ("s=s1;", "s=s1; i=@theirs.nl;", "made for theirs.nl, which does not belong to ours.nl"),
        ("s=s1;", "s=s1; x=soon;", "the tag x is no number"),
        ("d=ours.nl; ", "", "the tag d is missing"),
    ],
)
def test_every_change_to_what_is_covered_breaks_it(key: Key, old: str, new: str, words: str | None) -> None:
    signed = sign(MESSAGE, key, HEADERS)
    assert old in signed
    spoilt = signed.replace(old, new, 1)
    if words is None:
        # A field on top of those that are covered is not covered: `h=` names Subject once.
        holds(spoilt, [record(key)])
        return
    with pytest.raises(SignatureFault, match=words):
        holds(spoilt, [record(key)])


def test_field_named_twice_allows_no_second_one() -> None:
    signed = sign(MESSAGE, rsa_key(), f"{HEADERS}:subject")
    holds(signed, [record(rsa_key())])
    with pytest.raises(SignatureFault, match="header field"):
        holds(signed.replace("\nTo:", "\nSubject: Een ander\nTo:", 1), [record(rsa_key())])


@pytest.mark.parametrize(
    ("records", "words"),
    [
        ([], "there is no key in the DNS"),
        ([record(rsa_key(1))], "not the one it was made with"),
        ([record(ed25519_key())], "of another kind, ed25519"),
        (["v=DKIM1; p="], "the key was withdrawn"),
        ([record(rsa_key(), " h=sha1;")], "forbids SHA-256"),
        ([record(rsa_key())[:-40]], "pieces of it may be missing"),
    ],
)
def test_wrong_key_is_named(records: list[str], words: str) -> None:
    with pytest.raises(SignatureFault, match=words):
        holds(sign(MESSAGE, rsa_key(), HEADERS), records)


def test_short_key_verifies_nothing() -> None:
    key = rsa_key(bits=1024)
    holds(sign(MESSAGE, key, HEADERS), [record(key)])
    with pytest.raises(SignatureFault, match="only 512 bits"):
        holds(sign(MESSAGE, key, HEADERS), [SHORT])


def test_one_record_of_several_is_enough() -> None:
    holds(sign(MESSAGE, rsa_key(), HEADERS), [record(rsa_key(1)), record(rsa_key())])


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (f" x={BEFORE};", "has expired on 2024-02-20"),
        (f" t={BEFORE}; x={BEFORE - 1};", "expires before it was made"),
        (f" t={BEFORE}; x={BEFORE + 3600};", None),
        (f" x={'9' * 70};", None),
    ],
)
def test_time_of_expiry_counts(more: str, words: str | None) -> None:
    signed = sign(MESSAGE, rsa_key(), HEADERS, more=more)
    if words is None:
        holds(signed, [record(rsa_key())])
        return
    with pytest.raises(SignatureFault, match=words):
        holds(signed, [record(rsa_key())])


def test_key_for_the_very_domain_is_not_for_those_below() -> None:
    signed = sign(MESSAGE, rsa_key(), HEADERS, more=" i=@mail.ours.nl;")
    holds(signed, [record(rsa_key())])
    with pytest.raises(SignatureFault, match="t=s"):
        holds(signed, [record(rsa_key(), " t=s;")])


def test_what_is_added_behind_the_covered_part_is_not_seen_and_what_is_missing_is() -> None:
    signed = sign(MESSAGE, ed25519_key(), HEADERS, more=" l=12;", length=12)
    holds(signed + "Reclame\n", [record(ed25519_key())])
    with pytest.raises(SignatureFault, match="body was changed"):
        holds(signed.replace("Beste", "Lieve"), [record(ed25519_key())])
    with pytest.raises(SignatureFault, match=r"missing \(l=\)"):
        holds(signed.partition("\n\n")[0] + "\n\nBeste\n", [record(ed25519_key())])


def test_each_of_two_signatures_is_verified_for_itself() -> None:
    both = sign(sign(MESSAGE, rsa_key(), HEADERS), ed25519_key(), HEADERS)
    holds(both, [record(ed25519_key())], 0)
    holds(both, [record(rsa_key())], 1)
    with pytest.raises(SignatureFault):
        holds(both, [record(rsa_key())], 0)


@given(change=st.integers(min_value=0, max_value=len(MESSAGE) - 4), letter=st.sampled_from("aZ0,"))
def test_no_letter_of_a_message_can_be_changed(change: int, letter: str) -> None:
    """In the simple form every octet of the covered fields and of the body counts."""
    spoilt = MESSAGE[:change] + letter + MESSAGE[change + 1 :]
    signature = sign(MESSAGE, ed25519_key(), HEADERS, relaxed=False).partition("\n")[0]
    if spoilt == MESSAGE:
        holds(f"{signature}\n{spoilt}", [record(ed25519_key())])
        return
    with pytest.raises(SignatureFault):
        holds(f"{signature}\n{spoilt}", [record(ed25519_key())])


@pytest.mark.corpora
@pytest.mark.parametrize(
    ("file", "number", "key"),
    [
        ("rfc6376.signed.msg", 0, "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="),
        ("rfc6376.signed.msg", 1, "test.txt"),
        ("rfc6376.signed.rsa.msg", 0, "test.txt"),
        ("ed25519test2.msg", 0, "eximtest.dns"),
    ],
)
def test_signatures_made_by_others_hold(corpora: Path, file: str, number: int, key: str) -> None:
    folder = corpora / "dkimpy/tests/data"
    found = key if "=" in key else (folder / key).read_text(encoding="utf-8").strip()
    content = (folder / file).read_bytes()
    holds(content, [found], number)
    with pytest.raises(SignatureFault):
        holds(re.sub(rb"(?m)^(Joe\.|content)", b"Jim.", content), [found], number)
    with pytest.raises(SignatureFault):
        holds(re.sub(rb"(?m)^(From|Date): ", rb"\1: x", content), [found], number)


@pytest.mark.corpora
@pytest.mark.parametrize("key", ["badk.txt", "badversion.txt", "test_bad.txt", "test_tlsrpt.txt"])
def test_keys_that_are_none_verify_nothing(corpora: Path, key: str) -> None:
    folder = corpora / "dkimpy/tests/data"
    with pytest.raises(SignatureFault):
        holds((folder / "rfc6376.signed.rsa.msg").read_bytes(), [(folder / key).read_text(encoding="utf-8").strip()])


@given(content=st.binary(max_size=200))
def test_any_message_with_a_signature_can_be_looked_at(content: bytes) -> None:
    with pytest.raises(SignatureFault):
        verify(b"DKIM-Signature: " + content + b"\r\nFrom: a\r\n\r\n", 0, [record(ed25519_key())], NOW)
