"""Why a server refuses: by enhanced codes, and by the words of servers that are in use."""

from collections.abc import Mapping
from datetime import timedelta

import pytest

from newsletter.errors import ProviderError
from newsletter.message import DeliveryKey
from newsletter.providers.base import Accepted, Deferred
from newsletter.providers.smtp import replies
from newsletter.providers.smtp.kinds import CODES, LONGEST, SHORTEST, WORDS, Kind, kind, wait_for
from newsletter.providers.smtp.protocol import Phase, Reply
from newsletter.providers.smtp.replies import Blame, judge
from newsletter.providers.smtp.streak import EQUAL_REFUSALS
from support.smtp_server import Script, run, samples

EXAMPLES: Mapping[str, Kind] = {
    "450 4.2.0 <x@example.com>: Recipient address rejected: Greylisted, see our pages": Kind.GREYLISTING,
    "452 the recipient's mailbox is over its quota": Kind.MAILBOX_FULL,
    "550 Recipient address rejected: user unknown": Kind.UNKNOWN_USER,
    "550 no such user here": Kind.UNKNOWN_USER,
    "450 Service unavailable, client blocked using zen.spamhaus.org": Kind.BLOCKED,
    "421 messages temporarily deferred due to user complaints": Kind.BLOCKED,
    "450 Client host rejected: cannot find your reverse hostname": Kind.BLOCKED,
    "550 SPF check failed": Kind.BLOCKED,
    "451 please try again in 300 seconds": Kind.GREYLISTING,
    "554 message looks like spam": Kind.POLICY,
}
"""One reply for each row of the table of words."""

KNOWN: Mapping[str, Kind] = {
    "451 4.7.1 Greylisting in action, please come back in 00:05:00": Kind.GREYLISTING,
    "450 4.7.1 <x@greylist.example>: no idea": Kind.POLICY,
    "550 5.7.1 Greylisted for ever": Kind.POLICY,
    "552 5.2.2 The email account that you tried to reach is over quota": Kind.MAILBOX_FULL,
    "452 4.2.2 Mailbox full": Kind.MAILBOX_FULL,
    "550 5.1.1 User unknown in virtual mailbox table": Kind.UNKNOWN_USER,
    "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup": Kind.UNKNOWN_USER,
    "450 4.1.1 <x@example.com>: unverified address: host said: 421 unusual rate of mail": Kind.UNKNOWN_USER,
    "421 4.7.28 Gmail has detected an unusual rate of unsolicited mail": Kind.BLOCKED,
    "550 5.7.515 Access denied, sending domain does not meet the required level": Kind.BLOCKED,
    "550 5.7.1 Message rejected due to content": Kind.POLICY,
    "451 4.3.0 Temporary lookup failure": Kind.OTHER,
    "452 4.3.1 Insufficient system storage": Kind.OTHER,
    "554 5.3.4 message too big for system": Kind.OTHER,
}


def reply(text: str) -> Reply:
    return Reply(int(text[:3]), (text[4:],))


@pytest.mark.parametrize(("text", "named"), [*EXAMPLES.items(), *KNOWN.items()])
def test_known_refusals_are_known(text: str, named: Kind) -> None:
    assert kind(reply(text)) is named


def test_every_row_of_words_has_an_example_that_no_earlier_row_takes() -> None:
    assert len(EXAMPLES) == len(WORDS)
    assert list(EXAMPLES.values()) == [named for _, named in WORDS]


def test_every_kind_is_in_the_tables_and_every_code_once() -> None:
    assert set(CODES) == set(Kind)
    codes = [code for several in CODES.values() for code in several]
    assert len(set(codes)) == len(codes)
    assert {named for named, several in CODES.items() if several} | {named for _, named in WORDS} == set(Kind) - {
        Kind.OTHER
    }


def test_kinds_and_blame_do_not_contradict_each_other() -> None:
    allowed = {Kind.MAILBOX_FULL: Blame.READER, Kind.UNKNOWN_USER: Blame.READER, Kind.BLOCKED: Blame.SENDER}
    for named, blamed in allowed.items():
        permanent = [f"5.{code}" for code in CODES[named] if code != "7.650"]  # Microsoft's is only for now
        assert {replies.CODES[code] for code in permanent} == {blamed}


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("450 4.2.0 Greylisted", 300),
        ("451 4.7.1 Greylisting in action, please come back in 00:07:30", 450),
        ("450 4.7.1 Greylisted, please try again in 90 seconds", 90),
        ("450 greylisted, retry in 2 minutes", 120),
        ("450 greylisted, retry in 5 s", SHORTEST.total_seconds()),
        ("450 greylisted, come back in 23:59:59", LONGEST.total_seconds()),
        ("450 greylisted, retry in 99999 minutes", LONGEST.total_seconds()),
    ],
)
def test_greylists_say_how_long_to_wait_within_reason(text: str, seconds: float) -> None:
    assert wait_for(reply(text)) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["452 4.2.2 full, try again in 5 minutes", "550 greylisted", "451 4.3.0 later"])
def test_others_wait_the_usual_time(text: str) -> None:
    assert wait_for(reply(text)) is None


def test_a_greylisted_message_waits_as_long_as_the_server_asks() -> None:
    result, _ = run(Script({"RCPT": ["450 4.7.1 Greylisted, try again in 120 seconds"]}), samples(2))
    words = "450 4.7.1 Greylisted, try again in 120 seconds"
    assert result.outcomes["key0"] == Deferred(DeliveryKey("key0"), words, timedelta(seconds=120))
    assert isinstance(result.outcomes["key1"], Accepted)


@pytest.mark.parametrize("step", ["RCPT", "END"])
def test_a_block_for_now_stops_the_run_after_some_and_blames_nobody(step: str) -> None:
    result, server = run(Script({step: "450 4.7.1 Client host blocked using zen.spamhaus.org"}), samples(30))
    assert isinstance(result.error, ProviderError)
    assert {type(outcome) for outcome in result.outcomes.values()} == {Deferred}
    assert len(result.outcomes) == EQUAL_REFUSALS
    assert server.messages == []


def test_many_greylisted_readers_do_not_stop_the_run() -> None:
    result, _ = run(Script({"RCPT": "450 4.2.0 Greylisted"}), samples(3 * EQUAL_REFUSALS))
    assert result.error is None
    assert len(result.outcomes) == 3 * EQUAL_REFUSALS


@pytest.mark.parametrize("phase", [Phase.RECIPIENT, Phase.END])
def test_a_full_mailbox_is_the_readers(phase: Phase) -> None:
    assert replies.blame(reply("552 5.2.2 full")) is Blame.READER
    assert judge(phase, reply("452 4.2.2 full")) is replies.Verdict.LATER
