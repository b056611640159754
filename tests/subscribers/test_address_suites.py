"""Suites of addresses by others: every one is taken or refused as docs/addresses.md says of its class."""

import json
from pathlib import Path

import pytest

from newsletter.errors import SubscriberError
from newsletter.subscribers import parse_address

TAKEN = frozenset({"ISEMAIL_VALID", "ISEMAIL_DNSWARN_NO_RECORD", "ISEMAIL_DNSWARN_NO_MX_RECORD"})
"""The classes whose addresses are taken; those of all others are refused."""
TAKEN_ALL_THE_SAME = frozenset({"test@example.com\n"})
"""White space around an address goes."""
REFUSED_ALL_THE_SAME = frozenset({"test@xn--example.com"})
"""A label that stands for letters which no domain may have; a digit in the last label is refused too."""


def is_taken(text: str) -> bool:
    try:
        parse_address(text)
    except SubscriberError:
        return False
    return True


def written(text: str) -> str:
    """Give an address of the suite with its control characters, which it shows by their pictures."""
    return "".join(chr(ord(one) - 0x2400) if 0x2400 <= ord(one) <= 0x2420 else one for one in text)


@pytest.mark.corpora
def test_every_address_of_isemail_is_taken_or_refused_as_documented(corpora: Path) -> None:
    cases = json.loads((corpora / "isemail/tests-original.json").read_text(encoding="utf-8"))
    assert len(cases) == 279
    for case in cases:
        address = written(case["address"])
        last_label = address.rpartition(".")[2]
        expected = case["diagnosis"] in TAKEN
        if address in TAKEN_ALL_THE_SAME:
            expected = True
        elif address in REFUSED_ALL_THE_SAME or (expected and any(one.isdecimal() for one in last_label)):
            expected = False
        assert is_taken(address) is expected, case


@pytest.mark.corpora
def test_every_address_of_json_schema_is_taken_or_refused_as_documented(corpora: Path) -> None:
    groups = json.loads((corpora / "jsonschema-email/email.json").read_text(encoding="utf-8"))
    cases = [case for group in groups for case in group["tests"] if isinstance(case["data"], str)]
    assert len(cases) == 21
    for case in cases:
        local, _, domain = case["data"].rpartition("@")
        differs = case["valid"] and (local.startswith('"') or domain.startswith("["))
        assert is_taken(case["data"]) is (case["valid"] and not differs), case


@pytest.mark.parametrize(
    ("address", "taken"),
    [
        ("first.last@iana.org", True),
        ("te~st!#$%&'*+-/=?^_`{|}~@iana.org", True),
        ("test@nominet.org.uk", True),
        ("test@example.com\n", True),
        ('"first last"@iana.org', False),
        ("test@[127.0.0.1]", False),
        ("test@[IPv6:::1]", False),
        ("test@iana", False),
        ("test@123.123.123.123", False),
        ("test@123.123.123.x123", False),
        ("test@xn--example.com", False),
        ("test(comment)@iana.org", False),
        ("first . last@iana.org", False),
        ('"first".last@iana.org', False),
        ("test@[RFC-5322-domain-literal]", False),
        (f"{'a' * 64}@iana.org", True),
        (f"{'a' * 65}@iana.org", False),
        ("first..last@iana.org", False),
        (".first@iana.org", False),
        ("first@-iana.org", False),
        ("first", False),
        ("zo\u200be@iana.org", False),
        ("zoe@printer.local", False),
    ],
)
def test_examples_of_the_documentation_are_as_it_says(address: str, taken: bool) -> None:
    assert is_taken(address) is taken
