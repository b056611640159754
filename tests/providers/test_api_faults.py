"""What every provider with an API must do, however badly it is answered: on a real connection to a local server."""

import asyncio
import logging
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from newsletter.errors import DispatchError, ProviderError
from newsletter.providers.base import Accepted, Deferred, Rejected, Uncertain, submission
from newsletter.providers.base.submission import REPLAY_PAUSES
from support.api_messages import SHARED, Run, Sample, run_with, samples
from support.api_server import Answer, Drop, Hang, Reaction, Reset, free_port, running
from support.brevo_server import BrevoServer
from support.mailgun_server import MailgunServer
from support.postmark_server import PostmarkServer
from support.resend_server import ResendServer
from support.ses_server import SesServer

SERVERS = [PostmarkServer, ResendServer, MailgunServer, BrevoServer, SesServer]
BROKEN: list[Reaction] = [Drop(), Reset(), Answer(500), Answer(502, b"<html>lid0@example.com</html>"), Answer(504)]


@pytest.fixture(params=SERVERS, ids=lambda server: server.__name__)
def server(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setattr(submission, "REPLAY_PAUSES", tuple(timedelta() for _ in REPLAY_PAUSES))
    owner = request.param()
    with running(owner):
        yield owner
        assert owner.problems == []


def run(server: Any, count: int, **options: Any) -> Run:
    named = {name: options.pop(name) for name in ("withheld", "intend_error") if name in options}
    return run_with(server.module, server.settings(**options), samples(count), server=server, **named)


def attempts(server: Any) -> int:
    """How often a request is made whose reply tells nothing."""
    return 1 + len(REPLAY_PAUSES) if server.repeats else 1


def test_every_message_is_taken_once_after_it_was_intended(server: Any) -> None:
    result = run(server, 60)
    assert result.error is None
    assert set(result.kinds().values()) == {Accepted}
    sent = [key for request in server.requests for key in request.keys]
    assert sorted(sent) == sorted(result.outcomes) == sorted(f"key{number}" for number in range(60))
    assert max(len(request.keys) for request in server.requests) == min(60, server.batch)


def test_references_are_each_messages_own(server: Any) -> None:
    result = run(server, 5)
    references = [outcome.reference for outcome in result.outcomes.values()]  # type: ignore[union-attr]
    assert all(references)
    assert len(set(references)) == 5


def test_what_is_withheld_is_not_sent_and_has_no_outcome(server: Any) -> None:
    result = run(server, 4, withheld=["key1", "key3"])
    assert sorted(key for request in server.requests for key in request.keys) == ["key0", "key2"]
    assert result.kinds() == {"key0": Accepted, "key2": Accepted}


def test_nothing_leaves_when_all_is_withheld(server: Any) -> None:
    assert run(server, 2, withheld=["key0", "key1"]).outcomes == {}
    assert server.requests == []


def test_lost_lease_ends_the_run(server: Any) -> None:
    assert isinstance(run(server, 2, intend_error=DispatchError("lost")).error, DispatchError)
    assert server.requests == []


def test_requests_go_side_by_side_within_the_limit(server: Any) -> None:
    def script(_request: object) -> None:
        threading.Event().wait(0.1)

    server.script = script
    one_each = {"batch": 1} if server.batch > 1 else {}
    assert len(run(server, 9, concurrency=3, **one_each).outcomes) == 9
    assert 2 <= server.most_at_once <= 3


def test_refused_key_stops_everything_and_blames_nobody(server: Any) -> None:
    refusal = server.unauthorized
    server.script = lambda _: replace(refusal, body={**refusal.body, "said": f"{server.secret} lid0@example.com"})
    result = run(server, 40, concurrency=1)
    assert isinstance(result.error, ProviderError)
    assert result.error.remedy
    assert len(server.requests) == 1
    # What was intended was certainly not taken, and must not be left in doubt.
    assert set(result.intended) == set(result.outcomes)
    assert set(result.kinds().values()) == {Deferred}
    assert server.secret not in result.said
    assert "lid0@" not in result.said


def test_limit_of_rate_with_a_long_wait_defers(server: Any) -> None:
    server.script = lambda _: replace(server.throttled, headers={"Retry-After": "600"})
    result = run(server, 2)
    assert result.error is None
    assert {outcome.retry_after for outcome in result.outcomes.values()} == {timedelta(minutes=10)}  # type: ignore[union-attr]


def test_limit_of_rate_with_a_short_wait_is_waited_for(server: Any) -> None:
    def script(_request: object) -> Answer | None:
        return replace(server.throttled, headers={"Retry-After": "1"}) if len(server.requests) == 1 else None

    server.script = script
    assert run(server, 2, concurrency=1).kinds() == {"key0": Accepted, "key1": Accepted}


def test_limit_of_rate_that_says_nothing_defers(server: Any) -> None:
    server.script = lambda _: server.throttled
    assert set(run(server, 2).kinds().values()) == {Deferred}


@pytest.mark.parametrize("answer", BROKEN, ids=lambda answer: f"{type(answer).__name__}{getattr(answer, 'status', '')}")
def test_request_whose_reply_tells_nothing_is_uncertain(server: Any, answer: Reaction) -> None:
    server.script = lambda _: answer
    result = run(server, 1)
    assert result.error is None
    assert result.kinds() == {"key0": Uncertain}
    assert "lid0@" not in result.said
    assert len(server.requests) == attempts(server)


@pytest.mark.parametrize("answer", BROKEN, ids=lambda answer: f"{type(answer).__name__}{getattr(answer, 'status', '')}")
def test_request_that_breaks_while_it_is_written_is_uncertain(server: Any, answer: Reaction) -> None:
    server.unread = answer
    large = Sample(0, shared=replace(SHARED, html="x" * 4_000_000))
    result = run_with(server.module, server.settings(), [large])
    assert result.error is None
    assert result.kinds() == {"key0": Uncertain}


@pytest.mark.parametrize("status", [200, 201, 400])
def test_truncated_reply_is_uncertain(server: Any, status: int) -> None:
    server.script = lambda _: Answer(status, b'{"', missing=100)
    assert run(server, 1).kinds() == {"key0": Uncertain}


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b"null", b"<html>", b'{"data": 1}', b"[" * 100_000, b"\xff{"])
def test_success_that_does_not_say_what_was_taken_is_uncertain(server: Any, body: bytes) -> None:
    server.script = lambda _: Answer(200, body)
    result = run(server, 2)
    assert result.error is None
    assert set(result.kinds().values()) == {Uncertain}


def test_reply_that_does_not_come_is_uncertain(server: Any) -> None:
    server.script = lambda _: Hang()
    assert run(server, 1, timeout=0.3).kinds() == {"key0": Uncertain}


def test_reply_that_is_lost_once_is_asked_for_again_where_that_is_safe(server: Any) -> None:
    server.script = lambda _: Drop() if len(server.requests) == 1 else None
    result = run(server, 1)
    assert result.kinds() == {"key0": Accepted if server.repeats else Uncertain}
    if server.repeats:
        first, second = server.requests
        assert first.content == second.content
        assert first.once_key == second.once_key


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308, 404, 405])
def test_wrong_host_is_our_fault_and_is_not_followed(server: Any, status: int) -> None:
    server.script = lambda _: Answer(status, b"", {"Location": server.url + "/elsewhere"})
    result = run(server, 1)
    assert isinstance(result.error, ProviderError)
    assert result.kinds() == {"key0": Deferred}
    assert len(server.requests) == 1


def test_nobody_there_is_no_readers_fault(server: Any) -> None:
    result = run(server, 2, base_url=f"http://127.0.0.1:{free_port()}")
    assert isinstance(result.error, ProviderError)
    assert "cannot be reached" in str(result.error)
    assert set(result.kinds().values()) == {Deferred}


def test_failed_handshake_sends_nothing(server: Any) -> None:
    result = run(server, 1, base_url=server.url.replace("http:", "https:"))
    assert isinstance(result.error, ProviderError)
    assert result.kinds() == {"key0": Deferred}


def test_address_that_needs_smtputf8_is_rejected(server: Any) -> None:
    result = run_with(server.module, server.settings(), [Sample(1, address="zoë@example.com"), Sample(2)])
    assert result.kinds() == {"key1": Rejected, "key2": Accepted}
    assert "zoë" not in result.said
    assert result.intended == ["key2"]


def test_log_holds_no_key_and_no_address(server: Any, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        run(server, 1)
    assert server.secret not in caplog.text
    assert "lid0@" not in caplog.text
    assert "lid0%40" not in caplog.text


def test_limits_are_what_is_under_way_at_most(server: Any) -> None:
    async def limits() -> tuple[int, int]:
        async with server.module.open(server.settings(concurrency=3)) as provider:
            return provider.limits.batch, provider.limits.concurrency

    assert asyncio.run(limits()) == (server.batch, 3)


@pytest.mark.parametrize("answer", [Answer(200, b"<html>"), Answer(200, []), Answer(500), Answer(403, b"<html>")])
def test_answer_to_a_question_that_tells_nothing_is_an_error(server: Any, answer: Answer) -> None:
    setattr(server, server.asked, answer)
    with pytest.raises(ProviderError):
        asyncio.run(server.module.inspect(server.settings()))


def test_wrong_key_is_refused_at_a_question_and_not_shown(server: Any) -> None:
    with pytest.raises(ProviderError) as raised:
        asyncio.run(server.module.inspect(server.settings(**{server.key: f"{server.secret}-wrong"})))
    assert "is refused by" in raised.value.message
    assert raised.value.remedy
    assert server.secret not in str(raised.value)


def test_question_to_nobody_is_an_error(server: Any) -> None:
    with pytest.raises(ProviderError, match="cannot be reached"):
        asyncio.run(server.module.inspect(server.settings(base_url=f"http://127.0.0.1:{free_port()}")))


def test_how_we_stand_is_told_without_sending_anything(server: Any) -> None:
    found = asyncio.run(server.module.inspect(server.settings()))
    assert (found.faults, found.logged_in, found.is_private) == ({}, True, True)
    assert found.clock is not None
    assert server.requests == []
