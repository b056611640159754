"""Whom the SMTP provider blames: the reader, the message, or us; by codes, by words, and by what comes next."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.errors import ProviderError
from newsletter.message import DeliveryKey
from newsletter.providers.base import Accepted, Deferred, Outcome, Rejected
from newsletter.providers.smtp import replies
from newsletter.providers.smtp.protocol import Phase, Reply
from newsletter.providers.smtp.replies import CODES, NOT_LET_IN, WORDS, Blame, Ending, Verdict, blame, judge
from newsletter.providers.smtp.streak import EQUAL_REFUSALS, Streak
from support.smtp_server import CONTENT, EHLO, Run, Sample, Script, run, samples

BLOCKED = "554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org"
SENDER_AT_FAULT = (
    BLOCKED,
    "550 spam, blocked using zen.spamhaus.org",
    "550 5.4.5 Daily user sending limit exceeded",
    "550 5.7.515 Access denied, sending domain example.org does not meet the required authentication level",
    "550-5.7.26 This mail has been blocked because the sender is unauthenticated.\r\n550 5.7.26 See our pages",
    "530 5.7.0 Authentication required",
    "554 5.7.1 <a@b>: Relay access denied",
)
REGISTERED = {1: 10, 2: 4, 3: 6, 4: 7, 5: 6, 6: 10, 7: 19}
"""The last number of each subject in the registry of enhanced codes; of subject 7 what RFC 7372 does not add."""
EXAMPLES: Mapping[str, Blame] = {
    "<bounces@example.org>: Sender address rejected: Domain not found": Blame.SENDER,
    "Client host rejected: cannot find your reverse hostname": Blame.SENDER,
    "Messages from your IP are not welcome": Blame.SENDER,
    "User unknown in virtual mailbox table": Blame.READER,
    "no such user here": Blame.READER,
    "The email account that you tried to reach does not exist": Blame.READER,
    "Recipient mailbox is full": Blame.READER,
    "message size exceeds the maximum": Blame.MESSAGE,
    "we do not relay": Blame.SENDER,
    "Rejected, see our blocklist": Blame.SENDER,
    "192.0.2.1 is listed at some list": Blame.SENDER,
    "SPF check failed": Blame.SENDER,
    "Daily user sending quota exceeded": Blame.SENDER,
    "too many messages from this place": Blame.SENDER,
}
"""One reply without a code for each row of the table of words."""


def kinds(result: Run) -> list[type[Outcome]]:
    return [type(outcome) for _, outcome in sorted(result.outcomes.items())]


@pytest.mark.parametrize("extensions", [EHLO, ()], ids=["pipelined", "one by one"])
@pytest.mark.parametrize("step", ["RCPT", "END"])
@pytest.mark.parametrize("refusal", SENDER_AT_FAULT)
@pytest.mark.parametrize("accepted", [0, 2])
def test_a_refusal_of_us_stops_the_run_and_blames_nobody(
    refusal: str, step: str, extensions: tuple[str, ...], accepted: int
) -> None:
    script = Script({step: [*[None] * accepted, *[refusal] * 20]}, extensions)
    result, server = run(script, samples(8))
    assert isinstance(result.error, ProviderError)
    assert result.error.remedy
    assert kinds(result) == [*[Accepted] * accepted, Deferred], "the one in hand waits, so that the next run passes it"
    assert len(server.messages) == accepted


def test_a_refusal_of_us_lets_the_others_finish_and_blames_nobody() -> None:
    result, _ = run(Script({"RCPT": [None, None, *[BLOCKED] * 20]}), samples(12), connections=4)
    assert isinstance(result.error, ProviderError)
    assert set(kinds(result)) <= {Accepted, Deferred}


def test_a_readers_address_speaks_for_nobody() -> None:
    refusal = "550 <piet@relay.example.org>: authenticated.relay.example.org has no idea"
    result, server = run(Script({"RCPT": [None, refusal]}), samples(4))
    assert result.error is None
    assert kinds(result) == [Accepted, Rejected, Accepted, Accepted]
    assert len(server.messages) == 3


def test_a_message_larger_than_the_server_takes_is_rejected_alone() -> None:
    large = Sample(1, content=CONTENT + b"x" * 300 + b"\r\n")
    result, _ = run(Script({}, ("SIZE 200",)), [Sample(0), large, Sample(2)])
    assert result.error is None
    assert kinds(result) == [Accepted, Rejected, Accepted]
    words = f"the message of {len(large.content)} bytes is larger than the server takes (200 bytes)"
    assert result.outcomes["key1"] == Rejected(DeliveryKey("key1"), words)
    result, _ = run(Script({"MAIL": [None, "552 5.3.4 too large"]}), samples(3))
    assert (result.error, kinds(result)) == (None, [Accepted, Rejected, Accepted])


@pytest.mark.parametrize("count", [1, 3, 30])
def test_an_issue_that_is_too_large_for_the_server_blames_nobody(count: int) -> None:
    result, _ = run(Script({}, ("SIZE 20",)), samples(count))
    assert isinstance(result.error, ProviderError)
    assert "larger than the server takes" in str(result.error)
    assert "size of the issue" in result.error.remedy or "Make the issue smaller" in result.error.remedy
    assert kinds(result) == [Deferred] * min(count, EQUAL_REFUSALS)


@pytest.mark.parametrize("extensions", [EHLO, ()], ids=["pipelined", "one by one"])
def test_a_server_that_loses_the_thread_over_one_reader_keeps_the_others(extensions: tuple[str, ...]) -> None:
    result, _ = run(Script({"RCPT": [None, "503 5.5.1 bad sequence"]}, extensions), samples(4))
    assert result.error is None
    assert kinds(result) == [Accepted, Deferred, Accepted, Accepted]


def test_a_rule_against_the_content_blames_nobody_before_any_message_was_taken() -> None:
    rule = "550 5.7.1 this looks like spam"
    result, server = run(Script({"END": rule}), samples(3))
    assert isinstance(result.error, ProviderError)
    assert rule in str(result.error)
    assert (kinds(result), server.messages) == ([Deferred], [])
    result, server = run(Script({"END": ["250 2.0.0 Ok", rule]}), samples(3))
    assert result.error is None
    assert kinds(result) == [Accepted, Rejected, Accepted]
    result, _ = run(Script({"END": ["550 5.7.133 only members may write to this group"]}), samples(2))
    assert (result.error, kinds(result)) == (None, [Rejected, Accepted])


def test_equal_refusals_in_words_that_nobody_knows_blame_nobody_in_the_end() -> None:
    result, server = run(Script({"RCPT": [None, *["550 5.7.1 x@example.com: computer says no"] * 40]}), samples(30))
    assert isinstance(result.error, ProviderError)
    assert f"refuses {EQUAL_REFUSALS} messages in a row alike: 550 5.7.1 (address): computer says no" in str(
        result.error
    )
    assert sorted(map(str, kinds(result))) == sorted(map(str, [Accepted, *[Deferred] * EQUAL_REFUSALS]))
    assert len(server.messages) == 1


def test_equal_refusals_of_contents_stop_the_run() -> None:
    result, _ = run(Script({"END": [None, *["554 no"] * 40]}), samples(40), connections=4)
    assert isinstance(result.error, ProviderError)
    assert kinds(result).count(Rejected) == EQUAL_REFUSALS - 1
    assert len(result.outcomes) < 20


def test_many_dead_addresses_in_a_row_are_rejected_one_by_one() -> None:
    result, _ = run(Script({"RCPT": "550 5.1.1 user unknown"}), samples(3 * EQUAL_REFUSALS))
    assert result.error is None
    assert set(kinds(result)) == {Rejected}


def test_refusals_held_back_are_reported_when_the_messages_end() -> None:
    result, _ = run(Script({"RCPT": "550 5.7.1 computer says no"}), samples(EQUAL_REFUSALS - 1))
    assert result.error is None
    assert kinds(result) == [Rejected] * (EQUAL_REFUSALS - 1)


ENDINGS = st.lists(st.sampled_from(["accepted", "reader", "a", "b", "A"]), max_size=60)


@given(ENDINGS)
def test_streak_reports_each_message_once_and_stops_only_at_equal_refusals(course: list[str]) -> None:
    reported: list[Outcome] = []
    streak = Streak(reported.append)
    taken, row, stopped = 0, list[str](), False
    for number, step in enumerate(course):
        key = DeliveryKey(str(number))
        outcome = Accepted(key) if step == "accepted" else Rejected(key, "no")
        likeness = step.lower() if len(step) == 1 else ""
        stopped = streak.take(Ending(outcome, likeness, in_doubt=step == "A"))
        taken += 1
        row = [] if step == "accepted" else [one for one in row if one == likeness] + [likeness] if likeness else row
        assert stopped == (len(row) >= EQUAL_REFUSALS)
        if stopped:
            break
    streak.close(blaming=True)
    assert sorted(int(outcome.key) for outcome in reported) == list(range(taken))
    assert stopped or not any(isinstance(outcome, Deferred) for outcome in reported)


def test_every_registered_code_is_in_the_table() -> None:
    registered = {f"5.{subject}.{number}" for subject, last in REGISTERED.items() for number in range(last + 1)}
    assert registered <= CODES.keys()
    authentication = {f"5.7.{number}" for number in range(20, 28)}
    assert {CODES[code] for code in authentication} == {Blame.SENDER}
    assert set(CODES.values()) == set(Blame)


def test_every_code_stands_in_the_table_once() -> None:
    written = [code for lines in replies._CODES.values() for line in lines for code in line.split()]
    assert len(written) == len(set(written)) == len(CODES)


def test_every_row_of_words_has_an_example_that_no_earlier_row_takes() -> None:
    assert len(EXAMPLES) == len(WORDS)
    for place, (text, named) in enumerate(EXAMPLES.items()):
        assert blame(Reply(550, (text,))) is named
        assert WORDS[place][1] is named


@pytest.mark.parametrize("phase", list(Phase))
@pytest.mark.parametrize("code", [550, 552, 554])
def test_a_code_about_the_sender_never_blames_a_reader(phase: Phase, code: int) -> None:
    about_us = [Reply(code, (enhanced,)) for enhanced, named in CODES.items() if named is Blame.SENDER]
    about_us += [Reply(login, ("5.1.1 no such user",)) for login in NOT_LET_IN]
    assert {judge(phase, reply) for reply in about_us} == {Verdict.REFUSED}


@pytest.mark.parametrize(
    ("phase", "code", "words", "verdict"),
    [
        (Phase.RECIPIENT, 552, "5.2.2 full", Verdict.LATER),
        (Phase.RECIPIENT, 550, "5.7.1 we do not want you", Verdict.NEVER),
        (Phase.RECIPIENT, 550, "5.1.1 no relay station of that name", Verdict.NEVER),
        (Phase.RECIPIENT, 550, "<x@relay.example.org>: no such user here", Verdict.NEVER),
        (Phase.RECIPIENT, 550, '"relay x"@example.org is unknown to us', Verdict.NEVER),
        (Phase.RECIPIENT, 550, "host relay.example.org said no", Verdict.NEVER),
        (Phase.RECIPIENT, 550, "User unknown in relay recipient table", Verdict.NEVER),
        (Phase.RECIPIENT, 550, "5.7.133 sender not authenticated for this group", Verdict.NEVER),
        (Phase.RECIPIENT, 503, "5.5.1 bad sequence", Verdict.LATER),
        (Phase.RECIPIENT, 504, "5.5.2 Helo command rejected", Verdict.REFUSED),
        (Phase.RECIPIENT, 251, "will forward", Verdict.GO_ON),
        (Phase.SENDER, 553, "5.6.7 no such addresses here", Verdict.NEVER),
        (Phase.SENDER, 552, "5.3.4 too large", Verdict.NEVER),
        (Phase.SENDER, 550, "5.1.1 unknown", Verdict.REFUSED),
        (Phase.LOGIN, 454, "4.7.0 later", Verdict.LATER),
        (Phase.RECIPIENT, 421, "4.7.0 later", Verdict.CLOSED),
        (Phase.END, 421, "4.7.0 later", Verdict.LATER),
        (Phase.END, 354, "what?", Verdict.UNCLEAR),
        (Phase.END, 552, "5.3.4 too large", Verdict.NEVER),
        (Phase.END, 552, "message size limit exceeded", Verdict.NEVER),
    ],
)
def test_what_replies_mean(phase: Phase, code: int, words: str, verdict: Verdict) -> None:
    assert judge(phase, Reply(code, (words,))) is verdict
