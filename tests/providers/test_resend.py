"""What the Resend provider sends, once and no more, what it makes of what is said, and what it asks."""

import asyncio
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from newsletter.errors import ProviderError
from newsletter.message import DeliveryKey, Mailbox
from newsletter.providers import resend
from newsletter.providers.base import Accepted, Deferred, Inspection, Message, Rejected, Uncertain, submission
from newsletter.providers.base.submission import REPLAY_PAUSES
from support.api_messages import SHARED, Run, Sample, run_with, samples
from support.api_server import Answer, Drop, Reaction, running
from support.resend_server import ResendServer, failure


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ResendServer]:
    monkeypatch.setattr(submission, "REPLAY_PAUSES", tuple(timedelta() for _ in REPLAY_PAUSES))
    owner = ResendServer()
    with running(owner):
        yield owner
        assert owner.problems == []


def run(server: ResendServer, messages: Iterable[Message], **options: Any) -> Run:
    return run_with(resend, server.settings(**options), messages, server=server)


def test_requests_make_the_right_messages(server: ResendServer) -> None:
    people = [Sample(1, name='Zoë "Zus", de Vries'), Sample(2, address="lid@münchen.example")]
    result = run(server, people)
    assert result.error is None
    assert result.outcomes["key2"] == Accepted(DeliveryKey("key2"), "message-1-1")
    (request,) = server.requests
    first, second = request.body
    assert first == {
        "from": "Veiligheidsregio Noord-Łódź <nieuws@example.org>",
        "to": ["Zoë Zus de Vries <lid1@example.com>"],
        "reply_to": ["redactie@xn--bcher-kva.example"],
        "subject": "Nieuws voor Lid 1",
        "html": '<p>Dag Lid 1 &amp; co</p><a href="https://example.org/u/1">af</a>'
        '<a href="https://example.org/u/1">af</a>',
        "text": "Dag Lid 1\nhttps://example.org/u/1\n",
        "headers": {
            "List-Id": "<leden.example.org>",
            "Feedback-ID": "a:b:c:d",
            "List-Unsubscribe": "<https://example.org/u/1>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        },
        "tags": [{"name": "delivery", "value": "key1"}],
    }
    assert second["to"] == ["lid@xn--mnchen-3ya.example"]


@pytest.mark.parametrize("answer", [Drop(), Answer(500), Answer(502, b"<html>"), Answer(200, b"{", missing=9)])
def test_request_that_was_carried_out_is_not_carried_out_again(server: ResendServer, answer: Reaction) -> None:
    server.after = lambda _: answer if len(server.requests) < 3 else None
    result = run(server, samples(3))
    assert set(result.kinds().values()) == {Accepted}
    assert len(server.requests) == 3
    assert len(server.accepted) == 1


def test_request_that_is_still_under_way_is_asked_for_again(server: ResendServer) -> None:
    under_way = failure(409, "concurrent_idempotent_requests", "Same key used while the original is under way.")
    server.script = lambda _: under_way if len(server.requests) == 1 else None
    assert set(run(server, samples(3)).kinds().values()) == {Accepted}


def test_key_that_was_used_for_something_else_is_not_taken_for_success(server: ResendServer) -> None:
    server.script = lambda _: failure(409, "invalid_idempotent_request", "Same key, different payload.")
    assert set(run(server, samples(3)).kinds().values()) == {Uncertain}
    assert server.accepted == []


def test_other_messages_have_another_key(server: ResendServer) -> None:
    run(server, samples(5), batch=1)
    assert len({request.once_key for request in server.requests}) == 5
    run(server, samples(5), batch=1)
    assert len({request.once_key for request in server.requests}) == 5
    assert len(server.accepted) == 5


def test_what_is_wrong_with_each_message_is_read(server: ResendServer) -> None:
    server.faults = {
        "lid1@example.com": "Invalid `to` field. The email address needs to follow the `email@example.com` format.",
        "lid3@example.com": "The `subject` field is too long.",
    }
    result = run(server, samples(6))
    assert result.error is None
    assert [key for key, kind in result.kinds().items() if kind is Rejected] == ["key1", "key3"]
    assert result.outcomes["key4"] == Accepted(DeliveryKey("key4"), "message-1-4")
    assert "lid1@" not in result.said


@pytest.mark.parametrize("fault", ["Invalid `from` field.", "Invalid `reply_to` field.", "emails.0.from is required"])
def test_fault_of_ours_stops_the_run_and_blames_nobody(server: ResendServer, fault: str) -> None:
    server.faults = {f"lid{number}@example.com": fault for number in range(2)}
    result = run(server, samples(6), batch=2, concurrency=1)
    assert isinstance(result.error, ProviderError)
    assert result.kinds() == {"key0": Deferred, "key1": Deferred}


@pytest.mark.parametrize(
    "body",
    [
        {"data": [{"id": "a"}]},
        {"data": [{"id": "a"}], "errors": [{"index": 7, "message": "m"}, {"index": 7, "message": "m"}]},
        {"data": [{"id": "a"}], "errors": [{"message": "m"}]},
        {"data": [{"id": "a"}], "errors": "no"},
        {"data": [{"id": "a"}] * 3},
    ],
)
def test_reply_that_does_not_add_up_tells_nothing(server: ResendServer, body: Any) -> None:
    server.script = lambda _: Answer(200, body)
    assert set(run(server, samples(2)).kinds().values()) == {Uncertain}


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (failure(403, "invalid_api_key", "API key is invalid"), "key is refused"),
        (failure(403, "validation_error", "The example.org domain is not verified."), "refuses the sender"),
        (failure(429, "daily_quota_exceeded", "You have reached your daily email sending quota."), "no more for now"),
        (failure(429, "monthly_quota_exceeded", "Monthly quota."), "no more for now"),
        (failure(422, "invalid_from_address", "Invalid `from` field."), "refuses the request"),
        (failure(451, "security_error", "We may have found a security issue."), "refuses the request"),
    ],
)
def test_request_that_is_refused_as_a_whole_blames_nobody(server: ResendServer, answer: Answer, said: str) -> None:
    server.script = lambda _: answer
    result = run(server, samples(2))
    assert isinstance(result.error, ProviderError)
    assert said in result.error.message
    assert result.error.remedy
    assert set(result.kinds().values()) == {Deferred}
    assert len(server.requests) == 1


def test_limit_of_rate_is_read_from_its_own_field(server: ResendServer) -> None:
    server.script = lambda _: replace(server.throttled, headers={"RateLimit-Reset": "90"})
    assert run(server, samples(1)).outcomes["key0"].retry_after == timedelta(seconds=90)  # type: ignore[union-attr]


def test_requests_stay_within_their_limits(server: ResendServer) -> None:
    assert set(run(server, samples(250)).kinds().values()) == {Accepted}
    assert sorted(len(request.keys) for request in server.requests) == [50, 100, 100]


def test_line_breaks_in_values_reach_no_header(server: ResendServer) -> None:
    run(server, [Sample(1, name="Jan\r\nBcc: x@example.org", headers={"X-Stad": "Łódź\r\nBcc: x", "bcc": "y"})])
    (message,) = server.requests[0].body
    assert message["to"] == ["Jan Bcc x example org <lid1@example.com>"]
    assert "bcc" not in message["headers"]


@pytest.mark.parametrize("sender", ["nobody", "zoë@example.org"])
def test_wrong_sender_is_found_before_anything_is_intended(server: ResendServer, sender: str) -> None:
    result = run(server, [Sample(1, shared=replace(SHARED, sender=Mailbox(sender)))])
    assert isinstance(result.error, ProviderError)
    assert (result.intended, server.requests) == ([], [])


@pytest.mark.parametrize("options", [{"api_key": ""}, {"domain": "nonsense"}, {"domain": "a b.nl"}, {"batch": 101}])
def test_settings_that_cannot_be_right_are_refused(options: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        resend.Settings.model_validate({"api_key": "re_x", **options})


def test_domain_is_the_senders_unless_another_is_named() -> None:
    context = {"sender_domain": "Bücher.example"}
    assert resend.Settings.model_validate({"api_key": "x"}, context=context).domain == "xn--bcher-kva.example"
    named = resend.Settings.model_validate({"api_key": "x", "domain": "mail.example.org"}, context=context)
    assert named.domain == "mail.example.org"
    assert resend.Settings.model_validate({"api_key": "x"}).domain is None


def inspect(server: ResendServer, **options: Any) -> Inspection:
    return asyncio.run(resend.inspect(server.settings(**options)))


def test_domain_as_it_should_be_has_no_fault(server: ResendServer) -> None:
    found = inspect(server)
    assert (found.faults, found.logged_in) == ({}, True)
    assert found.clock is not None
    assert server.requests == []


def test_domain_that_is_tracked_or_not_verified_is_told(server: ResendServer) -> None:
    server.domain = Answer(200, {"status": "pending", "click_tracking": True})
    assert len(inspect(server).faults) == 2


def test_domain_that_is_not_known_is_told(server: ResendServer) -> None:
    (fault,) = inspect(server, domain="other.example.org").faults
    assert "other.example.org" in fault


def test_key_that_may_only_send_is_as_it_should_be(server: ResendServer) -> None:
    server.domains = failure(401, "restricted_api_key", "This API key is restricted to only send emails")
    assert (inspect(server).faults, inspect(server).logged_in) == ({}, True)
