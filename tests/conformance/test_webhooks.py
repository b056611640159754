"""What every provider's webhooks must do, whatever the provider writes and whoever writes in its name."""

import json
import unicodedata
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter import plugins
from newsletter.errors import FetchError, SettingsError, WebhookRefused
from newsletter.providers.base.feedback import EventKind, Fault, WebhookRequest
from support.webhooks import HOOKS, KEY, NOW, READER, Hook

EVERY = pytest.mark.parametrize("hook", HOOKS.values(), ids=list(HOOKS))
WITH_AGE = pytest.mark.parametrize(
    "hook",
    [hook for hook in HOOKS.values() if "webhook_minutes" in hook.module.Settings.model_fields],
    ids=lambda hook: hook.name,
)
STRANGE = {
    "nothing": b"",
    "no JSON": b"event=bounce",
    "deep lists": b"[" * 100_000,
    "deep objects": b'{"a":' * 100_000,
    "deep, and whole": b"[" * 100_000 + b"]" * 100_000,
    "not that deep": b"[" * 500 + b"]" * 500,
    "no number": b'[{"timestamp": NaN, "ts_epoch": Infinity}]',
    "no time": b'{"timestamp": 1e999, "ts_epoch": -1e300, "event": "bounce"}',
    "a long number": b'{"timestamp": ' + b"9" * 4000 + b"}",
    "a number too long": b'{"timestamp": ' + b"9" * 5000 + b"}",
    "the same name twice": b'{"event": "bounce", "event": ["click"]}',
    "half a character": b'{"event": "\\ud800", "reason": "\\udfff", "email": "\\ud800@example.com"}',
    "other octets": b'{"event": "\xff\xfe"}',
    "a mark before it": b"\xef\xbb\xbf{}",
    "no list": b"[]",
    "no object": b"{}",
    "nothing at all": b"null",
    "a text": b'"bounce"',
    "a list of lists": b'[[], 1, null, "bounce"]',
    "zeros": b'{"event": "a\\u0000b", "reason": "\\u0000"}',
}

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


def altered(value: Any) -> st.SearchStrategy[Any]:
    """Give an example with any of its parts missing, or of another kind."""
    if isinstance(value, Mapping):
        parts = st.fixed_dictionaries({}, optional={name: altered(part) for name, part in value.items()})
        return parts | values
    if isinstance(value, list):
        return st.lists(altered(value[0]), max_size=3) | values
    return st.just(value) | values


def read_anything(hook: Hook, request: WebhookRequest) -> None:
    """Read a request that may hold anything: it gives events that can be kept, or it is refused."""
    try:
        events = hook.read(request)
    except WebhookRefused:
        return
    for event in events:
        assert event.source == hook.name
        assert event.at.utcoffset() == timedelta()
        assert "@" not in event.reply + event.detail
        kept = f"{event.recipient}{event.reply}{event.detail}{event.reference}{event.status}"
        assert len(kept.encode("utf-8")) < 4_000
        assert not any(unicodedata.category(character) == "Cc" for character in kept)


def test_every_provider_that_reads_webhooks_is_tried() -> None:
    assert {
        name for name in plugins.names("providers") if hasattr(plugins.load("providers", name), "read_webhook")
    } == {*HOOKS}


@EVERY
def test_bounce_of_an_address_that_does_not_exist_is_read_whole(hook: Hook) -> None:
    (event,) = hook.read(hook.request(hook.example))
    assert (event.kind, event.fault, event.status) == (EventKind.BOUNCED, Fault.ADDRESS, "5.1.1")
    assert (event.source, event.key, event.recipient) == (hook.name, KEY, READER)
    assert timedelta() < NOW - event.at <= timedelta(seconds=10)
    assert "User unknown" in event.reply
    assert event.reference
    assert event.detail


@EVERY
def test_same_request_gives_equal_events(hook: Hook) -> None:
    request = hook.request(hook.example)
    assert hook.read(request) == hook.read(request)


@EVERY
def test_reply_holds_no_address_and_nobody_is_shown_by_accident(hook: Hook) -> None:
    (event,) = hook.read(hook.request(hook.example))
    assert READER not in event.reply
    assert "(address)" in event.reply
    assert READER not in repr(event)


@EVERY
def test_request_without_proof_is_refused(hook: Hook) -> None:
    request = hook.request(hook.example)
    for field in request.headers:
        with pytest.raises(WebhookRefused):
            hook.read(replace(request, headers={name: v for name, v in request.headers.items() if name != field}))
    with pytest.raises(WebhookRefused):
        hook.read(WebhookRequest({}, json.dumps(hook.example).encode(), NOW))


@EVERY
def test_one_bit_turned_over_is_refused(hook: Hook) -> None:
    refused = 0
    for request in hook.altered(hook.request(hook.example)):
        with pytest.raises((WebhookRefused, FetchError)):
            hook.read(request)
        refused += 1
    assert refused > 100 or not hook.covered


@WITH_AGE
def test_request_is_good_for_so_long_and_no_longer(hook: Hook) -> None:
    limit = timedelta(minutes=hook.settings().webhook_minutes)
    assert hook.read(hook.request(hook.example, NOW - limit))
    with pytest.raises(WebhookRefused, match="minutes old"):
        hook.read(hook.request(hook.example, NOW - limit - timedelta(seconds=1)))
    with pytest.raises(WebhookRefused, match="minutes old"):
        hook.read(hook.request(hook.example, NOW - timedelta(seconds=61)), webhook_minutes=1)


@WITH_AGE
def test_request_from_the_future_is_refused(hook: Hook) -> None:
    assert hook.read(hook.request(hook.example, NOW + timedelta(minutes=4)))
    with pytest.raises(WebhookRefused, match="later than now"):
        hook.read(hook.request(hook.example, NOW + timedelta(minutes=6)))


@EVERY
def test_setting_that_is_missing_is_named(hook: Hook) -> None:
    with pytest.raises(SettingsError, match=hook.missing) as raised:
        hook.read(hook.request(hook.example), **{hook.missing: None})
    assert raised.value.where.field == f"providers.{hook.name}.{hook.missing}"
    assert raised.value.remedy


@EVERY
def test_word_that_nobody_knows_yet_is_kept_and_changes_nothing(hook: Hook) -> None:
    event = hook.of("levitated")
    assert event.kind is EventKind.OTHER
    assert event.detail.startswith("levitated")
    assert event.key == KEY
    assert event.fault is None


@EVERY
@pytest.mark.parametrize("key", ["", "key1", KEY.upper(), f"{KEY}a", READER, 1, None, [KEY]])
def test_key_that_is_none_of_ours_is_not_read(hook: Hook, key: object) -> None:
    text = json.dumps(hook.example).replace(json.dumps(KEY), json.dumps(key))
    if hook.name == "brevo":
        text = json.dumps({**hook.example, "X-Mailin-custom": f"delivery:{key}" if isinstance(key, str) else key})
    (event,) = hook.read(hook.request(text.encode()))
    assert event.key is None


@EVERY
@pytest.mark.parametrize("body", STRANGE.values(), ids=list(STRANGE))
def test_strange_event_is_read_or_refused(hook: Hook, body: bytes) -> None:
    read_anything(hook, hook.request(body))


@EVERY
@pytest.mark.parametrize("body", STRANGE.values(), ids=list(STRANGE))
def test_strange_body_is_read_or_refused(hook: Hook, body: bytes) -> None:
    read_anything(hook, replace(hook.request(hook.example), body=body))


@EVERY
@given(st.data())
def test_event_of_any_form_is_read_or_refused(hook: Hook, data: st.DataObject) -> None:
    read_anything(hook, hook.request(data.draw(altered(hook.example))))


@EVERY
@given(body=st.binary(), headers=st.dictionaries(st.text(max_size=20), st.text(max_size=60), max_size=3))
def test_anything_is_read_or_refused(hook: Hook, body: bytes, headers: dict[str, str]) -> None:
    sealed = hook.request(hook.example)
    read_anything(hook, WebhookRequest({**sealed.headers, **headers}, body, NOW))
    read_anything(
        hook, WebhookRequest(dict.fromkeys(sealed.headers, next(iter(headers.values()), "")), sealed.body, NOW)
    )


@EVERY
@pytest.mark.parametrize("filler", ["a", "@", "%40", "a@", '"', '"a" ', "a b@c "])
def test_long_words_are_cut_before_they_are_looked_through(hook: Hook, filler: str) -> None:
    text = json.dumps(hook.example).replace("Recipient address rejected", filler.replace('"', '\\"') * 100_000)
    (event,) = hook.read(hook.request(text.encode()))
    assert len(event.reply) <= 200
    assert "@" not in event.reply
