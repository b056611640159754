"""What the Brevo provider sends, once and no more, what it makes of replies, and what it asks."""

import asyncio
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from newsletter.errors import ProviderError
from newsletter.message import DeliveryKey, Mailbox
from newsletter.providers import brevo
from newsletter.providers.base import Accepted, Deferred, Inspection, Message, Uncertain, submission
from newsletter.providers.base.submission import REPLAY_PAUSES
from support.api_messages import SHARED, Run, Sample, run_with, samples
from support.api_server import Answer, Drop, running
from support.brevo_server import BrevoServer, failure


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[BrevoServer]:
    monkeypatch.setattr(submission, "REPLAY_PAUSES", tuple(timedelta() for _ in REPLAY_PAUSES))
    owner = BrevoServer()
    with running(owner):
        yield owner
        assert owner.problems == []


def run(server: BrevoServer, messages: Iterable[Message], **options: Any) -> Run:
    return run_with(brevo, server.settings(**options), messages, server=server)


def bad(*keys: str, answer: Answer) -> Any:
    return lambda request: answer if request.keys[0] in keys else None


def test_request_makes_the_right_message(server: BrevoServer) -> None:
    result = run(server, [Sample(1, name='Zoë "Zus", de Vries')])
    assert result.outcomes == {"key1": Accepted(DeliveryKey("key1"), "<message-1@smtp-relay.mailin.fr>")}
    body = server.requests[0].body
    assert body.pop("headers").keys() == {
        "List-Id",
        "Feedback-ID",
        "List-Unsubscribe",
        "List-Unsubscribe-Post",
        "X-Mailin-custom",
        "idempotencyKey",
    }
    assert body == {
        "sender": {"email": "nieuws@example.org", "name": "Veiligheidsregio Noord-Łódź"},
        "to": [{"email": "lid1@example.com", "name": "Zoë Zus de Vries"}],
        "replyTo": {"email": "redactie@xn--bcher-kva.example"},
        "subject": "Nieuws voor Lid 1",
        "htmlContent": '<p>Dag Lid 1 &amp; co</p><a href="https://example.org/u/1">af</a>'
        '<a href="https://example.org/u/1">af</a>',
        "textContent": "Dag Lid 1\nhttps://example.org/u/1\n",
    }


def test_every_reader_has_their_own_way_to_leave_and_key(server: BrevoServer) -> None:
    run(server, samples(4))
    headers = [request.body["headers"] for request in server.requests]
    assert {one["List-Unsubscribe"] for one in headers} == {f"<https://example.org/u/{number}>" for number in range(4)}
    assert {one["X-Mailin-custom"] for one in headers} == {f"delivery:key{number}" for number in range(4)}
    assert len({one["idempotencyKey"] for one in headers}) == 4


def test_headers_that_brevo_would_break_are_cut_down_to_ascii(server: BrevoServer) -> None:
    run(
        server,
        [Sample(1, headers={"List-Id": "=?utf-8?q?Led=C3=A9n?= <leden.example.org>", "X-Stad": "Łódź", "bcc": "x"})],
    )
    headers = server.requests[0].body["headers"]
    assert headers["List-Id"] == "<leden.example.org>"
    assert not {"X-Stad", "bcc"} & headers.keys()


def test_what_looks_like_brevos_templates_stays_as_it_is(server: BrevoServer) -> None:
    shared = replace(SHARED, subject="{{ contact.EMAIL }}", html="<p>{{ a }}{% b %}</p>", text="{{ a }}{% b %}")
    run(server, [Sample(1, shared=shared)])
    body = server.requests[0].body
    assert not any(mark in str(body) for mark in ("{{", "{%"))
    assert body["htmlContent"] == "<p>&#123;&#123; a }}&#123;% b %}</p>"
    assert body["textContent"].replace("\u200b", "") == "{{ a }}{% b %}"


def test_repetition_that_is_taken_is_the_first_that_was(server: BrevoServer) -> None:
    server.script = lambda _: Drop() if len(server.requests) == 1 else None
    result = run(server, samples(1))
    assert result.kinds() == {"key0": Accepted}
    assert (len(server.requests), len(server.accepted)) == (2, 1)


def test_repetition_that_is_refused_leaves_the_message_in_doubt(server: BrevoServer) -> None:
    server.after = lambda _: Drop()
    result = run(server, samples(1))
    assert result.kinds() == {"key0": Uncertain}
    assert len(server.accepted) == 1


def test_key_that_an_earlier_run_used_is_not_taken_for_success(server: BrevoServer) -> None:
    assert run(server, samples(1)).kinds() == {"key0": Accepted}
    server.requests.clear()
    assert run(server, samples(1)).kinds() == {"key0": Uncertain}
    assert len(server.accepted) == 1


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (failure(400, "invalid_parameter", "sender is not valid"), "refuses to send"),
        (failure(400, "invalid_parameter", "Sending has been rejected because the sender is not valid"), "refuses"),
        (failure(400, "account_under_validation", "Your account is under validation"), "lets this account"),
        (failure(400, "missing_parameter", "subject is missing"), "refuses to send"),
        (failure(402, "not_enough_credits", "Not enough credits"), "lets this account"),
        (failure(403, "permission_denied", "Your SMTP account is not yet activated"), "lets this account"),
        (Answer(400, b"<html>"), "as it should"),
    ],
)
def test_refusal_of_us_blames_nobody(server: BrevoServer, answer: Answer, said: str) -> None:
    server.script = lambda _: answer
    result = run(server, samples(9), concurrency=1)
    assert isinstance(result.error, ProviderError)
    assert said in result.error.message
    assert result.error.remedy
    assert result.kinds() == {"key0": Deferred}


def test_limit_of_rate_is_read_from_its_own_field(server: BrevoServer) -> None:
    server.script = lambda _: replace(server.throttled, headers={"x-sib-ratelimit-reset": "90"})
    assert run(server, samples(1)).outcomes["key0"].retry_after == timedelta(seconds=90)  # type: ignore[union-attr]


def test_sandbox_sends_nothing(server: BrevoServer) -> None:
    result = run(server, samples(1), sandbox=True)
    assert server.requests[0].body["headers"]["X-Sib-Sandbox"] == "drop"
    assert "not sent" in result.outcomes["key0"].reply  # type: ignore[union-attr]


def test_line_breaks_in_values_reach_no_header(server: BrevoServer) -> None:
    run(server, [Sample(1, name="Jan\r\nBcc: x@example.org", headers={"X-Plaats": "a\r\nBcc: b"})])
    body = server.requests[0].body
    assert body["to"] == [{"email": "lid1@example.com", "name": "Jan Bcc: x@example.org"}]
    assert body["headers"]["X-Plaats"] == "a Bcc: b"


@pytest.mark.parametrize("sender", ["nobody", "zoë@example.org"])
def test_wrong_sender_is_found_before_anything_is_intended(server: BrevoServer, sender: str) -> None:
    result = run(server, [Sample(1, shared=replace(SHARED, sender=Mailbox(sender)))])
    assert isinstance(result.error, ProviderError)
    assert (result.intended, server.requests) == ([], [])


@pytest.mark.parametrize("options", [{"api_key": ""}, {"timeout": 241}, {"concurrency": 0}, {"batch": 2}])
def test_settings_that_cannot_be_right_are_refused(options: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        brevo.Settings.model_validate({"api_key": "key", **options})


def inspect(server: BrevoServer, **options: Any) -> Inspection:
    return asyncio.run(brevo.inspect(server.settings(**options)))


def test_account_as_it_should_be_has_no_fault(server: BrevoServer) -> None:
    found = inspect(server)
    assert (found.faults, found.logged_in, found.message_bytes) == ({}, True, None)
    assert server.requests == []


def test_account_that_may_not_send_is_told(server: BrevoServer) -> None:
    server.account = Answer(200, {"relay": {"enabled": False}})
    assert len(inspect(server).faults) == 1
