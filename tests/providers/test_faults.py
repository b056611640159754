"""Whom a refusal blames, by its code and by its words: the one table for all that report."""

import re
import time

import pytest

from newsletter.providers.base import phrases
from newsletter.providers.base.faults import CODES, SUBJECTS, WORDS, fault_in_words, fault_of, is_for_now
from newsletter.providers.base.feedback import Fault
from newsletter.providers.smtp import replies

EXAMPLES = (
    "sender address is refused",
    "the sender domain cannot be resolved",
    "client host has no name",
    "your IP is refused",
    "greylisted",
    "recipient unknown",
    "no such user",
    "that one does not exist",
    "account was removed",
    "gebruiker is onbekend",
    "mailbox is full",
    "daily sending limit",
    "account storage used up",
    "quota exceeded",
    "account is disabled",
    "account is suspended",
    "domain not found",
    "message size",
    "relaying denied",
    "our blacklist",
    "blocked by us",
    "SPF failed",
    "authentication needed",
    "this is spam",
    "limit for the hour",
    "too many mails",
    "temporarily deferred",
    "against policy",
    "access denied",
    "connection timed out",
)
"""One example for each row of the table of words."""


def test_every_row_of_words_has_an_example_that_no_earlier_row_takes() -> None:
    assert len(EXAMPLES) == len(WORDS)
    for place, example in enumerate(EXAMPLES):
        rows = [number for number, (pattern, _) in enumerate(WORDS) if re.search(pattern, example, re.IGNORECASE)]
        assert rows[0] == place, (example, WORDS[rows[0]])
        assert fault_in_words(example) is WORDS[place][1]


def test_every_code_is_known_once_and_never_only_to_one_of_the_tables_as_the_readers() -> None:
    for code, fault in CODES.items():
        blamed = replies.CODES.get(f"5.{code}", replies.Blame.UNSAID)
        if fault in (Fault.ADDRESS, Fault.MAILBOX):
            assert blamed in (replies.Blame.READER, replies.Blame.UNSAID), code
        else:
            assert blamed is not replies.Blame.READER, code
    assert Fault.ADDRESS not in SUBJECTS.values()


@pytest.mark.parametrize(
    ("status", "words", "fault"),
    [
        ("5.1.1", "", Fault.ADDRESS),
        ("5.1.1", "550 5.1.1 we have you on a blacklist", Fault.SENDER),
        ("5.1.1", "550 5.1.1 inbox full", Fault.MAILBOX),
        ("5.1.0", "550 5.1.0 user unknown", Fault.ADDRESS),
        ("5.1.0", "", Fault.UNKNOWN),
        ("", "550 user unknown", Fault.ADDRESS),
        ("", "450 user unknown", Fault.UNKNOWN),
        ("4.0.0", "550 user unknown", Fault.ADDRESS),
        ("4.4.3", "host not found", Fault.NETWORK),
        ("5.2.0", "550 user unknown", Fault.MAILBOX),
        ("5.3.0", "550 user unknown", Fault.NETWORK),
        ("5.7.1", "", Fault.SENDER),
        ("5.7.1", "550 5.7.1 this is spam", Fault.MESSAGE),
        ("5.9.9", "", Fault.UNKNOWN),
        ("", "", Fault.UNKNOWN),
        ("", "no such domain, try again", Fault.NETWORK),
        ("5.1.8", "501 5.1.8 address not found", Fault.SENDER),
    ],
)
def test_code_and_words_are_weighed(status: str, words: str, fault: Fault) -> None:
    assert fault_of(status, words) is fault


def test_addresses_and_hosts_that_a_server_repeats_say_nothing() -> None:
    assert fault_of("", "550 <user-unknown@spam.example> refused by no-such-user.example") is Fault.UNKNOWN


@pytest.mark.parametrize(
    ("status", "words", "expected"), [("4.2.2", "", True), ("5.0.0", "451 x", True), ("5.2.2", "452 x", False)]
)
def test_refusal_for_now_is_known_by_what_is_most_exact(status: str, words: str, expected: bool) -> None:
    assert is_for_now(status, words) is expected


@pytest.mark.parametrize(
    "unit", ["user ", "a", "a@", "<", "account or domain ", "message ", "quota ", "not ", "a.b", "connect", '"']
)
def test_no_pattern_takes_long_over_a_text_that_repeats_itself(unit: str) -> None:
    text = unit * (20_000 // len(unit))
    start = time.process_time()
    fault_of("5.0.0", text)
    phrases.own_words(text)
    assert time.process_time() - start < 0.5
