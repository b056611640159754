"""DKIM: keys and signatures are read, and whatever is wrong with them is said."""

import base64
from contextlib import suppress
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from newsletter.authentication import KeyFault, TagFault, read_key, read_signature, read_tags

SIGNATURE = (
    "v=1; a=rsa-sha256; c=relaxed/relaxed; d=Example.org; s=s1; h=From : to:List-Unsubscribe; bh=YQ==; b=Yg ==; t=1"
)


def encoded(octets: bytes) -> str:
    return base64.b64encode(octets).decode()


def rsa_key(bits: int) -> str:
    public = rsa.generate_private_key(65537, bits).public_key()
    return encoded(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))


def ed25519_key() -> str:
    public = ed25519.Ed25519PrivateKey.generate().public_key()
    return encoded(public.public_bytes(Encoding.Raw, PublicFormat.Raw))


def curve_key() -> str:
    public = ec.generate_private_key(ec.SECP256R1()).public_key()
    return encoded(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))


def test_rsa_key_is_read_with_its_length() -> None:
    key = read_key(f"v=DKIM1; k=rsa; t=y:s; h=sha256; p={rsa_key(1024)}")
    assert (key.kind, key.bits, key.is_test, key.hashes) == ("rsa", 1024, True, ("sha256",))


def test_key_may_be_folded_and_say_nothing_else() -> None:
    key = rsa_key(1024)
    assert read_key(f"p={key[:50]} \t{key[50:]}").bits == 1024


def test_ed25519_key_is_read() -> None:
    assert read_key(f"v=DKIM1; k=ed25519; p={ed25519_key()}").kind == "ed25519"


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ("v=DKIM1; k=rsa", "holds no key"),
        ("v=DKIM1; p=", "withdrawn"),
        ("v=DKIM2; p=YQ==", "v=DKIM1"),
        ("p=YQ==; v=DKIM1", "v=DKIM1"),
        ("v=DKIM1; p=YQ=", "not base64"),
        ("v=DKIM1; p=YQ==", "no public key"),
        (f"v=DKIM1; p={rsa_key(1024)[:-8]}", "no public key"),
        (f"v=DKIM1; p={curve_key()}", "no RSA key"),
        ("v=DKIM1; k=ed25519; p=YQ==", "32 bytes, this one 1"),
        ("v=DKIM1; k=dsa; p=YQ==", "'dsa'"),
        (f"v=DKIM1; s=tlsrpt; p={ed25519_key()}", "not for mail"),
        ("v=DKIM1; p=YQ==; p=YQ==", "twice"),
        ("nonsense", "no tag"),
    ],
    ids=range(13),
)
def test_record_that_is_no_key_says_why(record: str, reason: str) -> None:
    with pytest.raises(KeyFault, match=reason):
        read_key(record)


def test_signature_is_read_with_the_fields_that_it_covers() -> None:
    signature = read_signature(SIGNATURE)
    assert (signature.domain, signature.selector, signature.algorithm) == ("example.org", "s1", "rsa-sha256")
    assert signature.headers == ("from", "to", "list-unsubscribe")
    assert not signature.covers_part
    assert read_signature(f"{SIGNATURE}; l=0").covers_part


@pytest.mark.parametrize("name", ["v", "a", "d", "s", "h", "bh", "b"])
def test_signature_without_what_every_one_has_is_refused(name: str) -> None:
    left = "; ".join(part for part in SIGNATURE.split("; ") if not part.startswith(f"{name}="))
    with pytest.raises(TagFault, match=f"the tag {name} is missing"):
        read_signature(left)


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    for read, fault in ((read_key, KeyFault), (read_signature, TagFault)):
        with suppress(fault):
            read(text)


@given(
    st.dictionaries(
        st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True), st.from_regex(r"[!-:<-~]{0,20}", fullmatch=True)
    )
)
def test_tags_come_back_as_they_were_written(tags: dict[str, str]) -> None:
    assert read_tags("; ".join(f"{name} = {value}" for name, value in tags.items())) == tags


@pytest.mark.corpora
def test_signatures_of_real_messages_are_read(corpora: Path) -> None:
    from email import message_from_bytes

    read = 0
    for file in sorted(corpora.glob("dkimpy/**/*.message")):
        for value in message_from_bytes(file.read_bytes()).get_all("DKIM-Signature", []):
            try:
                assert read_signature(str(value)).domain
            except TagFault:
                continue
            read += 1
    assert read > 0
