"""What the SendGrid provider makes of every reply, and of connections that fail."""

import asyncio
import socket
import threading
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import aclosing
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from newsletter.errors import DispatchError, ProviderError
from newsletter.message import DeliveryKey, Mailbox
from newsletter.providers import sendgrid
from newsletter.providers.base import Accepted, Deferred, Message, Outcome, Rejected, Uncertain
from newsletter.providers.base.submission import MAXIMUM_SUSPECTS
from support.sendgrid_messages import SHARED, Sample, run, samples
from support.sendgrid_server import (
    API_KEY,
    Answer,
    Drop,
    Hang,
    Request,
    SendGridServer,
    errors,
    free_port,
    sendgrid_server,
)


@pytest.fixture
def server() -> Iterator[SendGridServer]:
    with sendgrid_server() as running:
        yield running
        assert running.problems == []


def test_bad_recipients_are_rejected_and_the_rest_goes(server: SendGridServer) -> None:
    def script(request: Request) -> Answer | None:
        bad = [place for place, address in enumerate(request.addresses) if address in bad_ones]
        faults = [("Does not contain a valid address.", f"personalizations.{place}.to.0.email") for place in bad]
        return Answer(400, errors(*faults[:2])) if faults else None

    bad_ones = {"lid3@example.com", "lid5@example.com", "lid8@example.com"}
    server.script = script
    result = run(server.url, samples(10))
    rejected = {key for key, outcome in result.outcomes.items() if isinstance(outcome, Rejected)}
    assert rejected == {"key3", "key5", "key8"}
    assert result.outcomes["key3"] == Rejected(DeliveryKey("key3"), "400 Does not contain a valid address.")
    assert [len(request.keys) for request in server.requests] == [10, 8, 7]
    assert len(result.outcomes) == 10
    assert result.error is None


def test_retries_without_bad_recipients_have_an_end(server: SendGridServer) -> None:
    server.script = lambda _: Answer(400, errors(("bad", "personalizations.0.to.0.email")))
    result = run(server.url, samples(50))
    kinds = list(result.kinds().values())
    assert (kinds.count(Rejected), kinds.count(Deferred)) == (21, 29)
    assert len(server.requests) == 21


@pytest.mark.parametrize("field", ["substitutions", "headers.X-Stad", "subject", "custom_args"])
def test_a_fault_in_one_message_is_not_everybodys(server: SendGridServer, field: str) -> None:
    def script(request: Request) -> Answer | None:
        if "key2" not in request.keys:
            return None
        return Answer(400, errors(("too large", f"personalizations.{request.keys.index('key2')}.{field}")))

    server.script = script
    result = run(server.url, samples(5))
    assert result.error is None
    assert result.outcomes["key2"] == Rejected(DeliveryKey("key2"), "400 too large")
    assert [type(outcome) for outcome in result.outcomes.values()].count(Accepted) == 4


def test_a_fault_in_every_message_is_ours_though_one_is_named_at_a_time(server: SendGridServer) -> None:
    server.script = lambda _: Answer(400, errors(("bad", "personalizations.0.headers")))
    result = run(server.url, samples(50))
    assert isinstance(result.error, ProviderError)
    assert set(result.kinds().values()) == {Deferred}
    assert len(result.outcomes) == 50
    assert len(server.requests) == MAXIMUM_SUSPECTS


def test_a_fault_in_a_message_that_travels_alone_is_its_own_once_another_was_taken(server: SendGridServer) -> None:
    bad = Answer(400, errors(("bad", "personalizations.0.headers")))
    server.script = lambda request: bad if request.keys == ["key1"] else None
    result = run(server.url, samples(3), batch=1, concurrency=1)
    assert (result.error, result.kinds()) == (None, {"key0": Accepted, "key1": Rejected, "key2": Accepted})
    server.script = lambda _: bad
    result = run(server.url, samples(3), batch=1, concurrency=1)
    assert isinstance(result.error, ProviderError)
    assert result.kinds() == {"key0": Deferred}
    server.script = lambda request: None if request.keys == ["key0"] else bad
    result = run(server.url, samples(40), batch=1, concurrency=1)
    assert isinstance(result.error, ProviderError)
    assert list(result.kinds().values()).count(Rejected) == MAXIMUM_SUSPECTS - 1
    assert len(result.outcomes) == MAXIMUM_SUSPECTS + 1


@pytest.mark.parametrize(
    "body",
    [
        errors(("The from address does not match a verified Sender Identity.", "from")),
        errors(("bad", "personalizations.0.to.0.email"), ("The subject is required.", "subject")),
        errors(("bad", "personalizations.99.to.0.email")),
        errors(*(("bad", f"personalizations.{place}.headers") for place in range(3))),
        errors(("bad", None)),
        {"errors": []},
        {"errors": "no"},
        [1],
        b"",
        b"<html>Bad Request</html>",
        b"\xff\xfe{",
        b"[" * 100_000,
    ],
)
def test_a_request_that_is_wrong_for_all_blames_nobody(server: SendGridServer, body: Any) -> None:
    server.script = lambda _: Answer(400, body)
    result = run(server.url, samples(3))
    assert isinstance(result.error, ProviderError)
    assert result.error.remedy
    assert result.kinds() == {"key0": Deferred, "key1": Deferred, "key2": Deferred}
    assert len(server.requests) == 1


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_key_stops_everything(server: SendGridServer, status: int) -> None:
    server.script = lambda _: Answer(status, errors((f"no {API_KEY} for jan@example.com", None)))
    result = run(server.url, samples(40), batch=2, concurrency=1)
    assert isinstance(result.error, ProviderError)
    assert "the API key is refused" in str(result.error)
    assert result.error.remedy
    said = str(result.error) + "".join(map(str, result.outcomes.values()))
    assert API_KEY not in said
    assert "jan@example.com" not in said
    assert len(server.requests) == 1
    assert result.intended == ["key0", "key1"]
    # What was intended was certainly not taken, and must not be left in doubt.
    assert set(result.intended) == set(result.outcomes)
    assert set(result.kinds().values()) == {Deferred}


def test_known_outcomes_come_before_the_error(server: SendGridServer) -> None:
    both = threading.Barrier(2)

    def script(request: Request) -> Answer | None:
        both.wait(5)
        if "key0" in request.keys:
            return Answer(401, errors(("authorization required", None)))
        threading.Event().wait(0.3)
        return None

    server.script = script
    result = run(server.url, samples(4), batch=2, concurrency=2)
    assert isinstance(result.error, ProviderError)
    assert result.kinds() == {"key0": Deferred, "key1": Deferred, "key2": Accepted, "key3": Accepted}


def test_a_request_too_large_is_halved(server: SendGridServer) -> None:
    def script(request: Request) -> Answer | None:
        too_large = len(request.keys) > 2 or "key4" in request.keys
        return Answer(413, errors(("content too large", None))) if too_large else None

    server.script = script
    result = run(server.url, samples(7))
    assert result.error is None
    assert result.outcomes["key4"] == Rejected(DeliveryKey("key4"), "413 content too large")
    assert [type(outcome) for outcome in result.outcomes.values()].count(Accepted) == 6


def test_a_rate_limit_with_a_long_wait_defers(server: SendGridServer) -> None:
    server.script = lambda _: Answer(429, errors(("too many requests", None)), {"Retry-After": "600"})
    result = run(server.url, samples(2))
    assert result.outcomes["key0"] == Deferred(DeliveryKey("key0"), "429 too many requests", timedelta(seconds=600))
    assert result.error is None


def test_a_rate_limit_with_a_short_wait_is_waited_for(server: SendGridServer) -> None:
    server.script = lambda _: Answer(429, b"", {"Retry-After": "1"}) if len(server.requests) == 1 else None
    assert run(server.url, samples(2)).kinds() == {"key0": Accepted, "key1": Accepted}
    assert len(server.requests) == 2


def test_a_rate_limit_that_says_nothing_defers(server: SendGridServer) -> None:
    server.script = lambda _: Answer(429)
    assert run(server.url, samples(1)).outcomes["key0"] == Deferred(DeliveryKey("key0"), "HTTP status 429")


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (Answer(500, errors(("internal server error", None))), Uncertain),
        (Answer(502, b"<html>Bad gateway jan@example.com</html>"), Uncertain),
        (Answer(503, b"<html>busy</html>"), Uncertain),
        (Answer(504), Uncertain),
        (Answer(503, errors(("service unavailable", None))), Deferred),
        (Answer(503, b"", {"Retry-After": "30"}), Deferred),
        (Answer(408), Deferred),
        (Answer(200), Uncertain),
        (Answer(204), Uncertain),
        (Answer(500, b"{", missing=100), Uncertain),
        (Answer(400, b"{", missing=100), Uncertain),
        (Drop(), Uncertain),
    ],
)
def test_replies_that_blame_nobody(server: SendGridServer, answer: Answer | Drop, kind: type[Outcome]) -> None:
    server.script = lambda _: answer
    result = run(server.url, samples(2))
    assert result.error is None
    assert set(result.kinds().values()) == {kind}
    assert "jan@" not in str(result.outcomes)
    assert len(server.requests) == 1


def test_a_reply_that_does_not_come_is_uncertain(server: SendGridServer) -> None:
    server.script = lambda _: Hang()
    result = run(server.url, samples(1), timeout=0.3)
    assert result.outcomes["key0"] == Uncertain(DeliveryKey("key0"), "the reply was not read (TimeoutError)")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308, 404, 405])
def test_a_wrong_host_is_our_fault_and_gets_no_key(server: SendGridServer, status: int) -> None:
    server.script = lambda _: Answer(status, b"", {"Location": server.url + "/elsewhere"})
    result = run(server.url, samples(1))
    assert isinstance(result.error, ProviderError)
    assert result.kinds() == {"key0": Deferred}
    assert len(server.requests) == 1


def test_nobody_there_is_no_readers_fault() -> None:
    result = run(f"http://127.0.0.1:{free_port()}", samples(2))
    assert isinstance(result.error, ProviderError)
    assert "cannot be reached" in str(result.error)
    assert result.kinds() == {"key0": Deferred, "key1": Deferred}


def test_a_failed_handshake_sends_nothing(server: SendGridServer) -> None:
    result = run(server.url.replace("http:", "https:"), samples(1))
    assert isinstance(result.error, ProviderError)
    assert result.kinds() == {"key0": Deferred}


def test_a_connection_lost_while_writing_is_uncertain() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def close_early() -> None:
            connection, _ = listener.accept()
            connection.recv(100)
            # Close with unread input resets the connection.
            connection.close()

        thread = threading.Thread(target=close_early)
        thread.start()
        shared = replace(SHARED, html="x" * 8_000_000)
        result = run(f"http://127.0.0.1:{listener.getsockname()[1]}", [Sample(1, shared=shared)])
        thread.join()
    assert result.error is None
    assert result.kinds() == {"key1": Uncertain}


def test_a_wrong_sender_is_found_before_anything_is_intended(server: SendGridServer) -> None:
    result = run(server.url, [Sample(1, shared=replace(SHARED, sender=Mailbox("nobody")))])
    assert isinstance(result.error, ProviderError)
    assert result.intended == []
    assert server.requests == []


def test_a_broken_source_lets_requests_under_way_end(server: SendGridServer) -> None:
    def source() -> Iterator[Sample]:
        yield from samples(2)
        raise DispatchError("the lease was lost")

    result = run(server.url, source(), batch=2)
    assert isinstance(result.error, DispatchError)
    assert result.kinds() == {"key0": Accepted, "key1": Accepted}


def test_a_consumer_that_leaves_ends_the_work(server: SendGridServer) -> None:
    server.script = lambda request: Hang() if request.keys == ["key1"] else None
    settings = sendgrid.Settings.model_validate(
        {"api_key": API_KEY, "base_url": server.url, "batch": 1, "concurrency": 2}
    )

    async def source() -> AsyncIterator[Message]:
        for message in samples(100):
            yield message

    async def intend(keys: Sequence[DeliveryKey], *, ahead: bool = False) -> frozenset[DeliveryKey]:
        return frozenset(keys)

    async def main() -> None:
        async with sendgrid.open(settings) as provider:
            async with aclosing(provider.submit(source(), intend)) as outcomes:  # type: ignore[type-var]
                async for _ in outcomes:
                    break
                left = asyncio.get_running_loop().time()
            assert asyncio.get_running_loop().time() - left < 2
            assert asyncio.all_tasks() == {asyncio.current_task()}
        server.ended.set()

    asyncio.run(main())
    assert len(server.requests) < 100
