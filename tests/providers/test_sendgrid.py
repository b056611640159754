"""What the SendGrid provider sends, read back by a local server."""

import logging
import threading
from collections.abc import Iterator

import pytest

from newsletter.errors import DispatchError
from newsletter.message import Mailbox
from newsletter.providers.base import Accepted, Rejected, SharedParts
from support.sendgrid_messages import LINK, NAME, SHARED, Sample, run, samples
from support.sendgrid_server import API_KEY, Request, SendGridServer, schema_path, sendgrid_server


@pytest.fixture
def server() -> Iterator[SendGridServer]:
    with sendgrid_server() as running:
        yield running
        assert running.problems == []


def test_requests_make_the_right_messages(server: SendGridServer) -> None:
    people = [Sample(1, name="Zoë, de Vries"), Sample(2, address="lid@münchen.example"), Sample(3)]
    result = run(server.url, people)
    assert result.error is None
    assert result.outcomes == {one.key: Accepted(one.key, "message-1") for one in people}
    (request,) = server.requests
    assert request.addresses == ["lid1@example.com", "lid@xn--mnchen-3ya.example", "lid3@example.com"]
    assert request.body["personalizations"][0]["to"] == [{"email": "lid1@example.com", "name": "Zoë, de Vries"}]
    seen = server.messages()["key1"]
    assert seen["from"] == {"email": "nieuws@example.org", "name": "Veiligheidsregio Noord-Łódź"}
    assert seen["reply_to"] == {"email": "redactie@xn--bcher-kva.example"}
    assert seen["subject"] == "Nieuws voor Lid 1"
    link = "https://example.org/u/1"
    assert seen["html"] == f'<p>Dag Lid 1 &amp; co</p><a href="{link}">af</a><a href="{link}">af</a>'
    assert seen["text"] == f"Dag Lid 1\n{link}\n"
    assert seen["headers"] == {
        "List-Id": "<leden.example.org>",
        "Feedback-ID": "a:b:c:d",
        "List-Unsubscribe": f"<{link}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }


@pytest.mark.corpora
@pytest.mark.skipif(schema_path() is None, reason="NEWSLETTER_CORPORA is not set")
def test_requests_keep_to_sendgrids_own_description(server: SendGridServer) -> None:
    strange = SharedParts(Mailbox("a@example.org"), None, "Zonder", "<p>x</p>", "", {})
    people = [
        *samples(30),
        Sample(31, values={NAME: "é" * 6000}),
        Sample(32, values={NAME: LINK}),
        Sample(33, shared=strange, headers={"X-Stad": "Łódź\r\nBcc: x@example.org", "bcc": "y@example.org"}),
    ]
    result = run(server.url, people, batch=10)
    assert result.error is None
    assert set(result.kinds().values()) == {Accepted}
    assert server._validator is not None
    assert list(server._validator.iter_errors({"personalizations": [{}]})), "the schema refuses nothing"
    assert server.messages()["key31"]["text"].startswith("Dag " + "é" * 6000)


def test_nothing_is_tracked_or_added(server: SendGridServer) -> None:
    run(server.url, samples(1))
    body = server.requests[0].body
    assert body["tracking_settings"] == {
        "click_tracking": {"enable": False, "enable_text": False},
        "open_tracking": {"enable": False},
        "subscription_tracking": {"enable": False},
        "ganalytics": {"enable": False},
    }
    assert body["mail_settings"] == {"footer": {"enable": False}, "sandbox_mode": {"enable": False}}
    assert [part["type"] for part in body["content"]] == ["text/plain", "text/html"]


def test_messages_travel_in_batches_of_equal_parts(server: SendGridServer) -> None:
    other = SharedParts(SHARED.sender, None, "Ander", "<p>b</p>", "b", {})
    people = [Sample(number, shared=other if number % 3 == 0 else SHARED) for number in range(30)]
    result = run(server.url, people, batch=8)
    assert len(result.outcomes) == 30
    assert sorted(len(request.keys) for request in server.requests) == [2, 4, 8, 8, 8]
    for request in server.requests:
        assert len({int(key[3:]) % 3 == 0 for key in request.keys}) == 1


def test_an_address_never_stands_twice_in_a_request(server: SendGridServer) -> None:
    people = [Sample(1, address="Jan@Example.com"), Sample(2, address="jan@example.com"), Sample(3)]
    assert set(run(server.url, people).kinds().values()) == {Accepted}
    assert [len(request.keys) for request in server.requests] in ([1, 2], [2, 1])


def test_a_value_that_holds_a_placeholder_stays_as_it_is(server: SendGridServer) -> None:
    run(server.url, [Sample(1, values={NAME: f"<{LINK}> {NAME}"}), Sample(2)])
    assert sorted(len(request.keys) for request in server.requests) == [1, 1]
    assert server.messages()["key1"]["text"] == f"Dag <{LINK}> {NAME}\nhttps://example.org/u/1\n"


def test_a_line_break_in_a_value_does_not_reach_the_subject(server: SendGridServer) -> None:
    run(server.url, [Sample(1, values={NAME: "Jan\r\nBcc: x@example.org"}), Sample(2)])
    assert server.messages()["key1"]["subject"] == "Nieuws voor Jan Bcc: x@example.org"
    assert len(server.requests) == 1


def test_only_intended_messages_leave(server: SendGridServer) -> None:
    result = run(server.url, samples(4), withheld=["key1", "key3"])
    assert server.requests[0].keys == ["key0", "key2"]
    assert result.kinds() == {"key0": Accepted, "key2": Accepted}
    assert sorted(result.intended) == ["key0", "key1", "key2", "key3"]


def test_nothing_leaves_when_all_are_withheld(server: SendGridServer) -> None:
    assert run(server.url, samples(2), withheld=["key0", "key1"]).outcomes == {}
    assert server.requests == []


def test_a_lost_lease_ends_the_run(server: SendGridServer) -> None:
    result = run(server.url, samples(2), intend_error=DispatchError("the lease was lost"))
    assert isinstance(result.error, DispatchError)
    assert server.requests == []


def test_an_address_that_needs_smtputf8_is_rejected(server: SendGridServer) -> None:
    result = run(server.url, [Sample(1, address="zoë@example.com"), Sample(2, address="x@" + "é" * 70), Sample(3)])
    assert result.kinds() == {"key1": Rejected, "key2": Rejected, "key3": Accepted}
    assert "@example" not in result.outcomes["key1"].reply  # type: ignore[union-attr]
    assert result.intended == ["key3"]


def test_requests_go_side_by_side_within_the_limit(server: SendGridServer) -> None:
    def script(_request: Request) -> None:
        threading.Event().wait(0.1)

    server.script = script
    assert len(run(server.url, samples(12), batch=1, concurrency=3).outcomes) == 12
    assert 2 <= server.most_at_once <= 3


def test_the_sandbox_sends_nothing(server: SendGridServer) -> None:
    result = run(server.url, samples(1), sandbox=True)
    assert server.requests[0].body["mail_settings"]["sandbox_mode"] == {"enable": True}
    assert "not sent" in result.outcomes["key0"].reply  # type: ignore[union-attr]


def test_the_log_holds_no_key_and_no_address(server: SendGridServer, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        run(server.url, samples(1))
    assert API_KEY not in caplog.text
    assert "lid0@" not in caplog.text
