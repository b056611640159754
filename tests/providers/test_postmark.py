"""What the Postmark provider sends, what it makes of what is said of each message, and what it asks."""

import asyncio
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from newsletter.errors import ProviderError
from newsletter.message import DeliveryKey, Mailbox
from newsletter.providers import postmark
from newsletter.providers.base import Accepted, Deferred, Inspection, Message, Rejected, Uncertain
from newsletter.providers.postmark.requests import MAXIMUM_MESSAGE_BYTES
from support.api_messages import SHARED, Run, Sample, run_with, samples
from support.api_server import Answer, running
from support.postmark_server import PostmarkServer, Request, failure, inactive


@pytest.fixture
def server() -> Iterator[PostmarkServer]:
    owner = PostmarkServer()
    with running(owner):
        yield owner
        assert owner.problems == []


def run(server: PostmarkServer, messages: Iterable[Message], **options: Any) -> Run:
    return run_with(postmark, server.settings(**options), messages, server=server)


def test_requests_make_the_right_messages(server: PostmarkServer) -> None:
    people = [Sample(1, name='Zoë "Zus", de Vries'), Sample(2, address="lid@münchen.example")]
    result = run(server, people)
    assert result.error is None
    assert result.outcomes["key1"] == Accepted(DeliveryKey("key1"), "message-2")
    (request,) = server.requests
    first, second = request.body
    assert first.pop("Headers") == [
        {"Name": "List-Id", "Value": "<leden.example.org>"},
        {"Name": "Feedback-ID", "Value": "a:b:c:d"},
        {"Name": "List-Unsubscribe", "Value": "<https://example.org/u/1>"},
        {"Name": "List-Unsubscribe-Post", "Value": "List-Unsubscribe=One-Click"},
        {"Name": "Message-ID", "Value": "<key1@example.org>"},
        {"Name": "X-PM-KeepID", "Value": "true"},
    ]
    assert first == {
        "From": '"Veiligheidsregio Noord-Łódź" <nieuws@example.org>',
        "To": '"Zoë \\"Zus\\", de Vries" <lid1@example.com>',
        "ReplyTo": "redactie@xn--bcher-kva.example",
        "Subject": "Nieuws voor Lid 1",
        "HtmlBody": '<p>Dag Lid 1 &amp; co</p><a href="https://example.org/u/1">af</a>'
        '<a href="https://example.org/u/1">af</a>',
        "TextBody": "Dag Lid 1\nhttps://example.org/u/1\n",
        "Metadata": {"delivery": "key1"},
        "MessageStream": "broadcast",
        "TrackOpens": False,
        "TrackLinks": "None",
    }
    assert second["To"] == "lid@xn--mnchen-3ya.example"


def test_what_is_said_of_each_message_is_read(server: PostmarkServer) -> None:
    server.fates = {
        "lid1@example.com": inactive("lid1@example.com"),
        "lid2@example.com": failure(300, "Invalid 'To' address: 'lid2@example.com'."),
        "lid3@example.com": failure(429, "Rate limit exceeded"),
        "lid4@example.com": failure(100, "Maintenance"),
        "lid5@example.com": failure(300, "Invalid metadata content."),
        "lid6@example.com": {"Message": "no code"},
    }
    result = run(server, samples(8))
    assert result.error is None
    assert result.kinds() == {
        "key0": Accepted,
        "key1": Rejected,
        "key2": Rejected,
        "key3": Deferred,
        "key4": Deferred,
        "key5": Rejected,
        "key6": Uncertain,
        "key7": Accepted,
    }
    assert result.outcomes["key4"] == Deferred(DeliveryKey("key4"), "100 Maintenance", timedelta(minutes=30))
    assert "marked as inactive" in result.outcomes["key1"].reply  # type: ignore[union-attr]
    assert "@example.com" not in result.said


@pytest.mark.parametrize(
    ("fate", "remedy"),
    [
        (failure(10, "Bad token"), "SERVER_TOKEN"),
        (failure(400, "The From address you supplied is not a Sender Signature"), "confirm it"),
        (failure(401, "Sender signature not confirmed"), "confirm it"),
        (failure(405, "Not allowed to send"), "credits"),
        (failure(412, "Account is Pending"), "approval"),
        (failure(413, "Account May Not Send"), "approval"),
        (failure(300, "Invalid 'From' address: 'nieuws@example.org'."), "Correct"),
        (failure(300, "Error parsing 'Reply-To': Illegal email domain"), "Correct"),
        (failure(1235, "The 'MessageStream' provided does not exist on this server."), "stream"),
        (failure(9999, "Something new"), "Correct"),
    ],
)
def test_fault_of_ours_stops_the_run_and_blames_nobody(
    server: PostmarkServer, fate: dict[str, Any], remedy: str
) -> None:
    server.fates = {f"lid{number}@example.com": fate for number in range(4)}
    result = run(server, samples(20), batch=4, concurrency=1)
    assert isinstance(result.error, ProviderError)
    assert remedy in result.error.remedy
    assert result.kinds() == dict.fromkeys(["key0", "key1", "key2", "key3"], Deferred)
    assert len(server.requests) == 1


@pytest.mark.parametrize("code", [402, 403, 409, 410, 1235])
def test_request_that_is_refused_as_a_whole_blames_nobody(server: PostmarkServer, code: int) -> None:
    server.script = lambda _: Answer(422, failure(code, "no, lid1@example.com"))
    result = run(server, samples(2))
    assert isinstance(result.error, ProviderError)
    assert set(result.kinds().values()) == {Deferred}
    assert "@example.com" not in result.said


def test_request_too_large_is_halved(server: PostmarkServer) -> None:
    def script(request: Request) -> Answer | None:
        return Answer(413, failure(300, "too large")) if len(request.keys) > 2 or "key4" in request.keys else None

    server.script = script
    result = run(server, samples(7))
    assert result.error is None
    assert [key for key, kind in result.kinds().items() if kind is Rejected] == ["key4"]
    assert len(result.outcomes) == 7


def test_planned_outage_defers(server: PostmarkServer) -> None:
    server.script = lambda _: Answer(503, failure(100, "Maintenance"))
    assert run(server, samples(1)).kinds() == {"key0": Deferred}


def test_requests_stay_within_their_limits(server: PostmarkServer) -> None:
    result = run(server, samples(1200))
    assert set(result.kinds().values()) == {Accepted}
    assert sorted(len(request.keys) for request in server.requests) == [200, 500, 500]


def test_large_messages_travel_in_more_requests(server: PostmarkServer) -> None:
    large = replace(SHARED, html="x" * 9_000_000)
    assert set(run(server, [Sample(number, shared=large) for number in range(6)], timeout=60).kinds().values()) == {
        Accepted
    }
    assert sorted(len(request.keys) for request in server.requests) == [1, 5]


@pytest.mark.parametrize(
    "message",
    [
        Sample(1, address="zoë@example.com"),
        Sample(1, address="x@" + "é" * 70),
        Sample(1, shared=replace(SHARED, subject=" \n")),
        Sample(1, shared=replace(SHARED, html="", text="")),
        Sample(1, shared=replace(SHARED, html="x" * MAXIMUM_MESSAGE_BYTES)),
    ],
)
def test_messages_that_postmark_never_takes_are_rejected_before_anything_is_sent(
    server: PostmarkServer, message: Sample
) -> None:
    result = run(server, [message])
    assert result.kinds() == {"key1": Rejected}
    assert (result.intended, server.requests) == ([], [])


def test_line_breaks_in_values_reach_no_header(server: PostmarkServer) -> None:
    person = Sample(
        1, name="Jan\r\nBcc: x@example.org", headers={"X-Stad": "Łódź\r\nBcc: x@example.org", "bcc": "y@example.org"}
    )
    run(server, [person, Sample(2, shared=replace(SHARED, subject="a\r\nBcc: x@example.org"))])
    first, second = server.requests[0].body
    assert first["To"] == '"Jan Bcc: x@example.org" <lid1@example.com>'
    assert second["Subject"] == "a Bcc: x@example.org"
    headers = {header["Name"]: header["Value"] for header in first["Headers"]}
    assert headers["X-Stad"].startswith("=?utf-8?")
    assert "bcc" not in headers


@pytest.mark.parametrize("sender", ["nobody", "zoë@example.org"])
def test_wrong_sender_is_found_before_anything_is_intended(server: PostmarkServer, sender: str) -> None:
    result = run(server, [Sample(1, shared=replace(SHARED, sender=Mailbox(sender)))])
    assert isinstance(result.error, ProviderError)
    assert (result.intended, server.requests) == ([], [])


def test_sandbox_sends_nothing(server: PostmarkServer) -> None:
    result = run(server, samples(1), sandbox=True)
    assert server.requests[0].headers["x-postmark-server-token"] == "POSTMARK_API_TEST"
    assert "not sent" in result.outcomes["key0"].reply  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "options",
    [
        {"server_token": ""},
        {"server_token": "a b"},
        {"stream": "Broadcast"},
        {"stream": "1st"},
        {"batch": 501},
        {"base_url": "http://api.postmarkapp.com"},
        {"unknown": 1},
    ],
)
def test_settings_that_cannot_be_right_are_refused(options: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        postmark.Settings.model_validate({"server_token": "token", **options})


def test_settings_name_the_host_and_hide_the_token() -> None:
    settings = postmark.Settings.model_validate({"server_token": "hidden"})
    assert settings.host == "https://api.postmarkapp.com"
    assert "hidden" not in repr(settings)


def inspect(server: PostmarkServer, **options: Any) -> Inspection:
    return asyncio.run(postmark.inspect(server.settings(**options)))


def test_server_and_stream_as_they_should_be_have_no_fault(server: PostmarkServer) -> None:
    found = inspect(server)
    assert (found.faults, found.logged_in, found.is_private) == ({}, True, True)
    assert found.clock is not None
    assert server.requests == []


def test_stream_that_would_add_its_own_way_to_leave_is_told(server: PostmarkServer) -> None:
    server.server = Answer(200, {"DeliveryType": "Sandbox"})
    server.stream = Answer(
        200,
        {
            "MessageStreamType": "Transactional",
            "SubscriptionManagementConfiguration": {"UnsubscribeHandlingType": "Postmark"},
        },
    )
    faults = inspect(server).faults
    assert len(faults) == 3
    assert all(faults.values())


def test_stream_that_is_not_there_is_told(server: PostmarkServer) -> None:
    (fault,) = inspect(server, stream="other").faults
    assert "'other'" in fault
