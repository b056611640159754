"""What Brevo's events mean."""

import pytest

from newsletter.providers.base.feedback import EventKind, Fault
from support.webhooks import HOOKS, KEY, NOW, READER

HOOK = HOOKS["brevo"]


def test_batch_is_read_in_its_order() -> None:
    words = ["request", "deferred", "delivered", "spam"]
    events = HOOK.read(HOOK.request([{**HOOK.example, "event": word} for word in words]))
    assert [event.kind for event in events] == ["accepted", "delayed", "delivered", "complained"]
    assert {event.key for event in events} == {KEY}


@pytest.mark.parametrize(
    ("word", "reason", "kind", "fault"),
    [
        ("hard_bounce", "550 5.1.1 no such user", EventKind.BOUNCED, Fault.ADDRESS),
        ("hard_bounce", "", EventKind.BOUNCED, Fault.ADDRESS),
        ("hard_bounce", "552 5.2.2 mailbox full", EventKind.BOUNCED, Fault.MAILBOX),
        ("hard_bounce", "550 5.7.1 blocked", EventKind.BOUNCED, Fault.SENDER),
        ("soft_bounce", "550 5.1.1 no such user", EventKind.BOUNCED, Fault.UNKNOWN),
        ("soft_bounce", "452 4.2.2 over quota", EventKind.BOUNCED, Fault.MAILBOX),
        ("deferred", "450 4.1.1 user unknown", EventKind.DELAYED, Fault.UNKNOWN),
        ("blocked", "", EventKind.DROPPED, Fault.UNKNOWN),
        ("invalid_email", "", EventKind.DROPPED, Fault.ADDRESS),
        ("error", "", EventKind.DROPPED, Fault.UNKNOWN),
    ],
)
def test_failure_is_read_by_its_word_and_by_what_the_server_said(
    word: str, reason: str, kind: EventKind, fault: Fault
) -> None:
    event = HOOK.of(word, reason=reason)
    assert (event.kind, event.fault, event.detail) == (kind, fault, word)


@pytest.mark.parametrize("word", ["unsubscribed", "unsubscribe"])
def test_reader_who_left_by_its_link_has_left(word: str) -> None:
    event = HOOK.of(word, reason=None)
    assert (event.kind, event.recipient, event.fault) == (EventKind.UNSUBSCRIBED, READER, None)


@pytest.mark.parametrize(
    "custom", [f"delivery:{KEY}", f"list:leden|delivery:{KEY}", f"delivery:{KEY}|list:leden", f" delivery:{KEY} "]
)
def test_key_is_found_among_what_else_is_kept_for_us(custom: str) -> None:
    assert HOOK.of("delivered", **{"X-Mailin-custom": custom}).key == KEY


@pytest.mark.parametrize("custom", [f"redelivery:{KEY}", f"delivery:{KEY}x", KEY, "", None, {"delivery": KEY}])
def test_what_is_not_ours_is_no_key(custom: object) -> None:
    assert HOOK.of("delivered", **{"X-Mailin-custom": custom}).key is None


def test_moment_is_the_one_that_no_time_zone_changes() -> None:
    seconds = int(NOW.timestamp())
    assert HOOK.of("delivered", ts_epoch=(seconds - 30) * 1000).at.timestamp() == seconds - 30
    assert HOOK.of("delivered", ts_epoch=seconds - 40).at.timestamp() == seconds - 40
    assert HOOK.of("delivered", ts_epoch=None, ts_event=seconds - 50).at.timestamp() == seconds - 50
    # Hours ahead by the account's time zone: that cannot be true.
    assert HOOK.of("delivered", ts_epoch=None).at == NOW
