"""What servers say of our speed, and what they say that only sounds like it."""

from datetime import timedelta

import pytest

from newsletter.dispatch.pacing.braking import FASTEST, REACTION, SLOWEST, slow_down
from newsletter.dispatch.pacing.buckets import RECOVERY, SECOND, Bucket
from newsletter.dispatch.pacing.hints import LONGEST_PAUSE, Hint, Scope, hint_of
from newsletter.dispatch.pacing.limits import Limit
from newsletter.message import DeliveryKey
from newsletter.providers.base import Accepted, Deferred, Outcome, Rejected, Uncertain

KEY = DeliveryKey("k")
DOMAIN, PROVIDER = Scope.DOMAIN, Scope.PROVIDER
NOW = 1_700_000_000 * SECOND


@pytest.mark.parametrize(
    ("reply", "scope", "seconds"),
    [
        ("421 4.7.0 mx.example.org Error: too many connections from 192.0.2.1", DOMAIN, None),
        ("421 Too many concurrent SMTP connections; please try again later.", DOMAIN, None),
        ("421 4.3.2 The maximum number of concurrent server connections has exceeded a limit", DOMAIN, None),
        ("450 4.7.1 Error: too much mail from 192.0.2.1", DOMAIN, None),
        ("421-4.7.28 Gmail has detected an unusual rate of unsolicited mail", DOMAIN, None),
        (
            "421 4.7.0 [TSS04] Messages from 192.0.2.1 temporarily deferred due to unexpected volume or user "
            "complaints",
            DOMAIN,
            None,
        ),
        ("421 RP-001 The mail server IP connecting has exceeded the rate limit allowed", DOMAIN, None),
        ("451 4.7.500 Server busy. Please try again later", DOMAIN, None),
        ("451 4.7.1 Rate limited, try again in 90 seconds", DOMAIN, 90),
        ("450 Please slow down, wait for 5 minutes", DOMAIN, 300),
        ("451 try again in 30 s", DOMAIN, 30),
        ("454 Throttling failure: Maximum sending rate exceeded.", PROVIDER, None),
        ("454 Throttling failure: Daily message quota exceeded.", PROVIDER, None),
        ("429 too many requests", PROVIDER, None),
        ("HTTP status 429", PROVIDER, None),
        ("451 Domain example.org has exceeded the max emails per hour (500/500) allowed", PROVIDER, None),
    ],
)
def test_complaint_about_our_speed_is_known_by_its_words(reply: str, scope: Scope, seconds: int | None) -> None:
    pause = timedelta(seconds=seconds) if seconds else None
    assert hint_of(Deferred(KEY, reply)) == Hint(scope, pause)


@pytest.mark.parametrize(
    "reply",
    [
        "450 4.2.0 Greylisted, try again in 300 seconds",
        "451 4.7.1 Greylisting in action, please come back in 5 minutes",
        "452 4.2.2 The email account is over quota",
        "450 4.2.1 The user you are trying to contact is receiving mail at a rate that prevents delivery",
        "452 4.2.2 Mailbox full",
        "451 4.3.0 Temporary lookup failure",
        "450 4.1.8 Sender address rejected: Domain not found",
        "452 4.5.3 Too many recipients",
        "the connection was lost",
        "503 service unavailable",
    ],
)
def test_other_refusals_for_now_say_nothing_of_it(reply: str) -> None:
    assert hint_of(Deferred(KEY, reply, timedelta(minutes=5))) is None


@pytest.mark.parametrize("outcome", [Accepted(KEY, reply="rate limited"), Rejected(KEY, "x"), Uncertain(KEY, "x")])
def test_only_who_was_refused_for_now_is_listened_to(outcome: Outcome) -> None:
    assert hint_of(outcome) is None


def test_what_the_provider_measured_goes_before_the_words_and_has_an_end() -> None:
    asked = hint_of(Deferred(KEY, "429 too many requests, retry in 5 s", timedelta(seconds=40)))
    assert asked == Hint(PROVIDER, timedelta(seconds=40))
    assert hint_of(Deferred(KEY, "429", timedelta(days=3))) == Hint(PROVIDER, LONGEST_PAUSE)
    assert hint_of(Deferred(KEY, "429", timedelta(seconds=-4))) == Hint(PROVIDER, None)


def test_rate_is_halved_once_however_many_complain_at_the_same_time() -> None:
    once = slow_down(Bucket(), Hint(DOMAIN, None), Limit({"second": 20}), 18.0, NOW)
    assert once.slow_rate == 9.0
    again = slow_down(once, Hint(DOMAIN, timedelta(seconds=60)), Limit({"second": 20}), 18.0, NOW + SECOND)
    assert (again.slow_rate, again.slowed_at) == (9.0, NOW)
    assert again.paused_until == NOW + 61 * SECOND


def test_rate_is_halved_again_when_complaints_go_on_and_not_without_end() -> None:
    bucket, now = Bucket(), NOW
    for _ in range(20):
        bucket = slow_down(bucket, Hint(DOMAIN, None), Limit({}), 0.0, now)
        now += REACTION
    assert bucket.slow_rate == SLOWEST


def test_nobody_knows_how_fast_it_was_and_a_rate_is_set_all_the_same() -> None:
    assert slow_down(Bucket(), Hint(DOMAIN, None), Limit({}), 0.0, NOW).slow_rate == FASTEST
    assert slow_down(Bucket(), Hint(DOMAIN, None), Limit({}), 80.0, NOW).slow_rate == 40.0


def test_complaint_after_a_recovery_begins_at_what_it_has_come_to() -> None:
    bucket = slow_down(Bucket(), Hint(DOMAIN, None), Limit({}), 16.0, NOW)
    assert slow_down(bucket, Hint(DOMAIN, None), Limit({}), 0.0, NOW + RECOVERY).slow_rate == 8.0
