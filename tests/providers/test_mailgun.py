"""What the Mailgun provider sends, what it makes of replies, and what it asks."""

import asyncio
from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from pydantic import ValidationError

from newsletter.errors import ProviderError
from newsletter.message import DeliveryKey
from newsletter.providers import mailgun
from newsletter.providers.base import Accepted, Deferred, Inspection, Message, Rejected
from newsletter.providers.mailgun.provider import MAXIMUM_BYTES
from support.api_messages import Run, Sample, run_with, samples
from support.api_server import Answer, running
from support.mailgun_server import MailgunServer, Request
from support.messages import written


@pytest.fixture
def server() -> Iterator[MailgunServer]:
    owner = MailgunServer()
    with running(owner):
        yield owner
        assert owner.problems == []


def run(server: MailgunServer, messages: Iterable[Message], **options: Any) -> Run:
    return run_with(mailgun, server.settings(**options), messages, server=server)


def bad(*keys: str, answer: Answer) -> Any:
    return lambda request: answer if request.keys[0] in keys else None


def test_message_arrives_byte_for_byte_and_for_one_reader(server: MailgunServer) -> None:
    people = [Sample(1, name="Zoë, de Vries"), Sample(2, address="lid@münchen.example")]
    result = run(server, people)
    assert result.error is None
    assert result.outcomes["key1"] == Accepted(DeliveryKey("key1"), "<key1@example.org>")
    requests = {request.keys[0]: request for request in server.requests}
    assert requests["key1"].message == people[0].raw()
    assert requests["key1"].fields == {
        "to": "lid1@example.com",
        "v:delivery": "key1",
        "o:tracking": "no",
        "o:tracking-clicks": "no",
        "o:tracking-opens": "no",
    }
    assert requests["key2"].fields["to"] == "lid@xn--mnchen-3ya.example"


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (Answer(400, b"<html>"), "refuses to send"),
        (Answer(402, {"message": "Request failed"}), "refuses to send"),
        (Answer(403, {"message": "Forbidden"}), "key is refused"),
        (Answer(404, {"message": "Domain not found: example.org"}), "as it should"),
        (Answer(200, b"Mailgun Magnificent API"), "no such domain"),
    ],
)
def test_refusal_of_us_blames_nobody(server: MailgunServer, answer: Answer, said: str) -> None:
    server.script = lambda _: answer
    result = run(server, samples(9), concurrency=1)
    assert isinstance(result.error, ProviderError)
    assert said in result.error.message
    assert result.error.remedy
    assert result.kinds() == {"key0": Deferred}


def test_message_too_large_for_mailgun_is_its_own_matter(server: MailgunServer) -> None:
    server.script = bad("key1", answer=Answer(413))
    assert run(server, samples(2)).kinds() == {"key0": Accepted, "key1": Rejected}
    result = run(server, [written(1, html="x" * MAXIMUM_BYTES)])
    assert list(result.kinds().values()) == [Rejected]
    assert result.intended == []


def test_sandbox_sends_nothing(server: MailgunServer) -> None:
    result = run(server, samples(1), sandbox=True)
    request: Request = server.requests[0]
    assert request.fields["o:testmode"] == "yes"
    assert "not sent" in result.outcomes["key0"].reply  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "options", [{"api_key": ""}, {"domain": "a/b"}, {"domain": "../x.nl"}, {"region": "mars"}, {"batch": 2}]
)
def test_settings_that_cannot_be_right_are_refused(options: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        mailgun.Settings.model_validate({"api_key": "key", "domain": "example.org", **options})


def test_domain_is_needed_where_the_sender_has_none() -> None:
    with pytest.raises(ValidationError, match=r"Name it as domain"):
        mailgun.Settings.model_validate({"api_key": "key"})


def test_host_follows_the_region() -> None:
    values = {"api_key": "key", "domain": "example.org"}
    assert mailgun.Settings.model_validate(values).host == "https://api.mailgun.net"
    assert mailgun.Settings.model_validate({**values, "region": "eu"}).host == "https://api.eu.mailgun.net"


def inspect(server: MailgunServer, **options: Any) -> Inspection:
    return asyncio.run(mailgun.inspect(server.settings(**options)))


def test_domain_as_it_should_be_has_no_fault(server: MailgunServer) -> None:
    found = inspect(server)
    assert (found.faults, found.logged_in) == ({}, True)
    assert server.requests == []


@pytest.mark.parametrize(
    "domain", [{"state": "unverified"}, {"state": "disabled"}, {"is_disabled": True}, {"type": "sandbox"}]
)
def test_domain_that_cannot_send_as_it_should_is_told(server: MailgunServer, domain: dict[str, object]) -> None:
    server.domain = Answer(200, {"domain": domain})
    assert len(inspect(server).faults) == 1


def test_domain_that_is_not_known_is_told(server: MailgunServer) -> None:
    (fault,) = inspect(server, domain="other.example.org").faults
    assert "other.example.org" in fault
