"""Signatures: others and we ourselves find them good, they cover what must not be changed, and fit into lines."""

import re
from functools import cache
from pathlib import Path

import dkim
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from hypothesis import example, given
from hypothesis import strategies as st

from conftest import NOW
from newsletter.authentication import SignatureFault, verify
from newsletter.message import is_selector
from newsletter.message.content import looked_through, split
from newsletter.message.dkim import (
    DkimSigner,
    KeyProblem,
    PrivateKey,
    SigningKey,
    read_private_key,
    relaxed_body,
)

SECONDS = int(NOW.timestamp())
HEAD = (
    "From: =?utf-8?q?Nieuws?= <nieuws@example.org>\r\nTo: Sanne <sanne@example.com>\r\n"
    "Subject: Een onderwerp dat\r\n  over twee regels loopt\r\nDate: Tue, 20 Feb 2024 09:30:00 +0100\r\n"
    "Message-ID: <k@example.org>\r\nList-Id: leden <leden.example.org>\r\n"
    "List-Unsubscribe: <https://example.org/leave/abc>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
    "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nX-Other: not signed\r\n"
)
BODY = "Dag Sanne,\r\n\r\nEen  regel met\tspaties. \r\n\r\n\r\n"
MESSAGE = f"{HEAD}\r\n{BODY}".encode()


@cache
def rsa_key() -> SigningKey:
    return SigningKey("example.org", "rsa2024", rsa.generate_private_key(65537, 2048))


@cache
def ed25519_key() -> SigningKey:
    return SigningKey("example.org", "ed2024", ed25519.Ed25519PrivateKey.from_private_bytes(bytes(range(32))))


@cache
def signer() -> DkimSigner:
    return DkimSigner([ed25519_key(), rsa_key()])


def signed(message: bytes = MESSAGE) -> bytes:
    return signer().sign(split(message), SECONDS).octets


def hold(content: bytes) -> None:
    """Both signatures hold: the RSA key's stands first."""
    verify(content, 0, [rsa_key().record()], NOW)
    verify(content, 1, [ed25519_key().record()], NOW)


def others_say(content: bytes, number: int) -> bool:
    records = {key.selector: key.record() for key in (rsa_key(), ed25519_key())}

    def answer(name: bytes, timeout: int = 5) -> bytes:
        return records[name.decode().partition(".")[0]].encode()

    return bool(dkim.DKIM(content).verify(number, dnsfunc=answer))


def pem(key: PrivateKey | ec.EllipticCurvePrivateKey, password: bytes = b"") -> bytes:
    locking = BestAvailableEncryption(password) if password else NoEncryption()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, locking)


def test_another_program_finds_both_signatures_good() -> None:
    content = signed()
    hold(content)
    assert others_say(content, 0)
    assert others_say(content, 1)


@given(
    body=st.lists(st.text(st.sampled_from("ab= \t.é"), max_size=20), max_size=9).map(
        lambda lines: "".join(f"{line}\r\n" for line in lines)
    ),
    subject=st.text(st.sampled_from("ab \t:"), max_size=60),
)
def test_any_message_can_be_signed(body: str, subject: str) -> None:
    message = f"From: a@example.org\r\nSubject: x{subject}\r\n\r\n{body}".encode()
    content = signed(message)
    assert content.endswith(message)
    hold(content)
    assert others_say(content, 0)
    assert others_say(content, 1)


@given(place=st.integers(0, len(MESSAGE) - 1), letter=st.sampled_from(b"Zq0"))
@example(place=MESSAGE.index(b"\nX-Other"), letter=ord("Z"))
def test_no_letter_that_is_seen_can_be_changed(place: int, letter: int) -> None:
    head = len(signed()) - len(MESSAGE)
    spoilt = bytearray(signed())
    spoilt[head + place] = letter
    unsigned = MESSAGE.index(b"X-Other") <= place < MESSAGE.index(b"\r\n\r\n")
    if bytes(spoilt) == signed() or unsigned:
        return
    for number, key in enumerate((rsa_key(), ed25519_key())):
        with pytest.raises(SignatureFault):
            verify(bytes(spoilt), number, [key.record()], NOW)


@pytest.mark.parametrize("name", ["From", "Subject", "Reply-To", "List-Unsubscribe", "List-Unsubscribe-Post"])
def test_no_field_can_be_added_that_would_be_read_instead(name: str) -> None:
    content = f"{name}: <https://evil.example/>\r\n".encode() + signed()
    with pytest.raises(SignatureFault):
        hold(content)
    assert not others_say(content, 0)


def test_both_fields_of_leaving_are_signed() -> None:
    head = re.sub(rb"\s+", b"", signed().partition(b"\r\nFrom")[0])
    for listed in re.findall(rb";h=([^;]*);", head):
        names = listed.split(b":")
        assert {b"list-unsubscribe", b"list-unsubscribe-post", b"list-id", b"date", b"message-id"} <= set(names)
        assert names.count(b"from") == 2
        assert b"x-other" not in names


def test_lines_are_short_enough_for_every_mail_system() -> None:
    head = signed().partition(b"\r\nFrom")[0]
    assert max(map(len, head.split(b"\r\n"))) <= 78


def test_same_message_at_the_same_time_gives_the_same_bytes() -> None:
    assert signed() == signed()
    assert b"\tt=%d;" % SECONDS in signed()


@pytest.mark.parametrize("body", ["", "\r\n", "a\r\n", "a\r\n\r\n", "\r\n\r\n", "a. b\r\n c\r\n\r\n\r\n", BODY])
def test_body_that_was_looked_through_is_signed_as_any_other(body: str) -> None:
    message = f"{HEAD}\r\n{body}".encode()
    content = signer().sign(looked_through(message), SECONDS)
    assert content.octets == signed(message)
    hold(content.octets)


def test_message_without_a_sender_is_not_signed() -> None:
    with pytest.raises(ValueError, match="From"):
        signed(b"To: a@example.org\r\n\r\nText\r\n")


@pytest.mark.parametrize(
    ("body", "seen"),
    [
        (b"", b""),
        (b"\r\n\r\n", b""),
        (b"a", b"a\r\n"),
        (b"a \t b\t\r\n\r\n", b"a b\r\n"),
        (b" c \r\n", b" c\r\n"),
        (b"a ", b"a\r\n"),
    ],
)
def test_body_is_seen_without_what_nobody_sees(body: bytes, seen: bytes) -> None:
    assert relaxed_body(body) == seen


def test_keys_are_read_back() -> None:
    for key in (rsa_key(), ed25519_key()):
        read = read_private_key(pem(key.private))
        assert SigningKey(key.domain, key.selector, read).record() == key.record()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (lambda: b"", "no private key"),
        (lambda: b"-----BEGIN PRIVATE KEY-----\nnonsense\n-----END PRIVATE KEY-----\n", "no private key"),
        (lambda: pem(ed25519_key().private, b"geheim"), "locked"),
        (lambda: pem(ec.generate_private_key(ec.SECP256R1())), "neither"),
        (lambda: pem(rsa.generate_private_key(65537, 1024)), "1,024 bits"),  # noqa: S505 - what is refused
    ],
    ids=["empty", "broken", "locked", "another kind", "too short"],
)
def test_key_that_nobody_would_accept_is_refused(text, says: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(KeyProblem, match=says):
        read_private_key(text())


@pytest.mark.parametrize(
    ("name", "fits"), [("news", True), ("a.b-c", True), ("", False), ("a b", False), ("-a", False)]
)
def test_name_of_a_key_is_one_of_the_dns(name: str, fits: bool) -> None:
    assert is_selector(name) is fits


@pytest.mark.corpora
def test_messages_of_others_can_be_signed(corpora: Path) -> None:
    files = sorted((corpora / "dkimpy/tests/data").glob("*.msg"))
    assert files
    for file in files:
        message = re.sub(rb"\r?\n", b"\r\n", file.read_bytes())
        if not re.search(rb"(?im)^from[ \t]*:", message.partition(b"\r\n\r\n")[0]):
            continue
        content = signed(message)
        hold(content)
        assert others_say(content, 0), file.name
