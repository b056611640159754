"""What the provider of Amazon SES sends, what it makes of replies, and what it asks."""

import asyncio
import logging
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from newsletter.errors import PluginError, ProviderError
from newsletter.message import DeliveryKey
from newsletter.providers import ses
from newsletter.providers.base import Accepted, Deferred, Inspection, Message, Rejected
from newsletter.providers.ses.requests import MAXIMUM_BYTES
from support.api_messages import Run, Sample, run_with, samples
from support.api_server import Answer, running
from support.messages import written
from support.ses_server import KEY_ID, SECRET, SesServer, failure


@pytest.fixture
def server() -> Iterator[SesServer]:
    owner = SesServer()
    with running(owner):
        yield owner
        assert owner.problems == []


def run(server: SesServer, messages: Iterable[Message], **options: Any) -> Run:
    return run_with(ses, server.settings(**options), messages, server=server)


def bad(*keys: str, answer: Answer) -> Any:
    return lambda request: answer if request.keys[0] in keys else None


def test_message_arrives_byte_for_byte_and_for_one_reader(server: SesServer) -> None:
    people = [Sample(1, name="Zoë, de Vries"), Sample(2, address="lid@münchen.example")]
    result = run(server, people, concurrency=1)
    assert result.error is None
    assert result.outcomes["key1"] == Accepted(DeliveryKey("key1"), "message-1")
    first, second = server.requests
    assert first.message == people[0].raw()
    first.body.pop("Content")
    assert first.body == {
        "Destination": {"ToAddresses": ["lid1@example.com"]},
        "EmailTags": [{"Name": "delivery", "Value": "key1"}],
        "ConfigurationOverrides": {"Tracking": {"OpenTrackingEnabled": "DISABLED", "ClickTrackingEnabled": "DISABLED"}},
    }
    assert second.body["Destination"] == {"ToAddresses": ["lid@xn--mnchen-3ya.example"]}


def test_configuration_set_is_named(server: SesServer) -> None:
    run(server, samples(1), configuration_set="news")
    assert server.requests[0].body["ConfigurationSetName"] == "news"


@pytest.mark.parametrize(
    ("answer", "remedy"),
    [
        (failure(400, "AccountSuspendedException", "suspended"), "may not send"),
        (failure(400, "SendingPausedException", "paused"), "may not send"),
        (failure(400, "MailFromDomainNotVerifiedException", "not verified"), "Verify"),
        (failure(400, "MessageRejected", "Email address is not verified. … lid0@example.com"), "Verify"),
        (failure(400, "LimitExceededException", "limit"), "quota"),
        (failure(429, "TooManyRequestsException", "Daily message quota exceeded."), "quota"),
        (failure(400, "ThrottlingException", "Daily message quota exceeded."), "quota"),
        (failure(404, "NotFoundException", "Configuration set <x> does not exist."), "configuration set"),
        (failure(403, "SignatureDoesNotMatch", "The request signature we calculated does not match"), "key"),
        (Answer(403, {"__type": "com.amazon.coral.service#AccessDeniedException", "Message": "no"}), "ses:SendEmail"),
        (Answer(400, b"<html>"), "region"),
    ],
)
def test_refusal_of_us_blames_nobody(server: SesServer, answer: Answer, remedy: str) -> None:
    server.script = lambda _: answer
    result = run(server, samples(9), concurrency=1)
    assert isinstance(result.error, ProviderError)
    assert remedy in result.error.remedy
    assert result.kinds() == {"key0": Deferred}
    assert "lid0@" not in result.said
    assert len(server.requests) == 1


def test_messages_that_came_too_fast_go_a_moment_later(server: SesServer) -> None:
    slow = failure(400, "ThrottlingException", "Maximum sending rate exceeded.")
    server.script = lambda _: slow if len(server.requests) == 1 else None
    assert run(server, samples(2), concurrency=1).kinds() == {"key0": Accepted, "key1": Accepted}


def test_message_too_large_is_rejected_before_anything_is_sent(server: SesServer) -> None:
    result = run(server, [written(1, html="x" * (MAXIMUM_BYTES * 3 // 4))])
    assert list(result.kinds().values()) == [Rejected]
    assert (result.intended, server.requests) == ([], [])


@pytest.mark.parametrize(
    "options",
    [
        {"region": "europe"},
        {"region": "eu-west-1/x"},
        {"access_key_id": "AKID"},
        {"secret_access_key": "s"},
        {"configuration_set": "a b"},
        {"sandbox": True},
    ],
)
def test_settings_that_cannot_be_right_are_refused(options: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        ses.Settings.model_validate({"region": "eu-west-1", **options})


def test_host_follows_the_region_and_keys_are_hidden() -> None:
    settings = ses.Settings.model_validate({"region": "eu-west-1", "access_key_id": "a1", "secret_access_key": "b2"})
    assert settings.host == "https://email.eu-west-1.amazonaws.com"
    assert ses.Settings.model_validate({"region": "cn-north-1"}).host == "https://email.cn-north-1.amazonaws.com.cn"
    assert "b2" not in repr(settings)


def test_credentials_come_from_awss_own_places(
    server: SesServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "credentials"
    file.write_text(f"[news]\naws_access_key_id = {KEY_ID}\naws_secret_access_key = {SECRET}\n", encoding="utf-8")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(file))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    values = {"access_key_id": None, "secret_access_key": None}
    assert run(server, samples(1), **values, profile="news").kinds() == {"key0": Accepted}
    assert "no credentials" in str(run(server, samples(1), **values, profile="other").error)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    assert "no credentials" in str(run(server, samples(1), **values).error)


def test_token_of_a_session_is_sent_and_not_logged(server: SesServer, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        run(server, samples(1), session_token="token-for-a-while")
    assert server.requests[0].headers["x-amz-security-token"] == "token-for-a-while"
    assert "token-for-a-while" not in caplog.text


def test_library_that_is_not_installed_is_named(server: SesServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "botocore.credentials", None)
    error = run(server, samples(1)).error
    assert isinstance(error, PluginError)
    assert "newsletter[ses]" in error.remedy


def inspect(server: SesServer, **options: Any) -> Inspection:
    return asyncio.run(ses.inspect(server.settings(**options)))


def test_account_as_it_should_be_has_no_fault(server: SesServer) -> None:
    found = inspect(server)
    assert (found.faults, found.logged_in) == ({}, True)
    assert server.requests == []


@pytest.mark.parametrize(
    "account", [{"SendingEnabled": False}, {"EnforcementStatus": "SHUTDOWN"}, {"ProductionAccessEnabled": False}]
)
def test_account_that_cannot_send_as_it_should_is_told(server: SesServer, account: dict[str, object]) -> None:
    server.account = Answer(200, account)
    (remedy,) = inspect(server).faults.values()
    assert remedy
