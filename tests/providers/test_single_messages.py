"""What becomes of refusals by providers that take one message in a request: whose fault each one is."""

from collections.abc import Iterator
from typing import Any

import pytest

from newsletter.errors import ProviderError
from newsletter.providers.base import Accepted, Deferred, Rejected
from newsletter.providers.base.submission import MAXIMUM_SUSPECTS
from support.api_messages import Run, run_with, samples
from support.api_server import Answer, running
from support.brevo_server import BrevoServer
from support.mailgun_server import MailgunServer
from support.ses_server import SesServer


@pytest.fixture(params=[MailgunServer, BrevoServer, SesServer], ids=lambda server: server.__name__)
def server(request: pytest.FixtureRequest) -> Iterator[Any]:
    owner = request.param()
    with running(owner):
        yield owner
        assert owner.problems == []


def run(server: Any, count: int, **options: Any) -> Run:
    return run_with(server.module, server.settings(**options), samples(count), server=server)


def bad(*keys: str, answer: Answer) -> Any:
    return lambda request: answer if request.keys[0] in keys else None


def test_bad_addresses_are_rejected_and_the_rest_goes(server: Any) -> None:
    server.script = bad("key0", "key3", answer=server.invalid)
    result = run(server, 6)
    assert result.error is None
    assert {key for key, kind in result.kinds().items() if kind is Rejected} == {"key0", "key3"}
    assert list(result.kinds().values()).count(Accepted) == 4


def test_many_bad_addresses_are_not_our_fault(server: Any) -> None:
    server.script = lambda _: server.invalid
    result = run(server, 30)
    assert result.error is None
    assert set(result.kinds().values()) == {Rejected}


def test_fault_in_one_message_is_its_own_once_another_was_taken(server: Any) -> None:
    server.script = bad("key2", answer=server.odd)
    result = run(server, 5, concurrency=1)
    assert result.error is None
    assert [key for key, kind in result.kinds().items() if kind is Rejected] == ["key2"]


def test_fault_in_the_first_message_is_ours(server: Any) -> None:
    server.script = lambda _: server.odd
    result = run(server, 5, concurrency=1)
    assert isinstance(result.error, ProviderError)
    assert result.kinds() == {"key0": Deferred}


def test_fault_in_one_message_after_another_is_ours(server: Any) -> None:
    server.script = lambda request: None if request.keys == ["key0"] else server.odd
    result = run(server, 40, concurrency=1)
    assert isinstance(result.error, ProviderError)
    assert list(result.kinds().values()).count(Rejected) == MAXIMUM_SUSPECTS - 1
