"""Providers are asked how we stand with them, and nothing is sent."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from newsletter.errors import ProviderError
from newsletter.providers import sendgrid, smtp
from newsletter.providers.base import Inspection
from support.real_smtp_server import make_certificate
from support.sendgrid_server import API_KEY, Answer, SendGridServer, sendgrid_server
from support.smtp_server import EHLO, Script, ScriptedServer, serve


def inspect_smtp(script: Script, *, wrapped: bool = False, **options: Any) -> tuple[Inspection, ScriptedServer]:
    async def main() -> tuple[Inspection, ScriptedServer]:
        async with serve(script, script.context if wrapped else None) as server:
            settings = smtp.Settings(**{"host": "localhost", "tls": "none", "port": server.port, **options})
            return await smtp.inspect(settings), server

    return asyncio.run(main())


def inspect_sendgrid(server: SendGridServer, key: str = API_KEY) -> Inspection:
    return asyncio.run(sendgrid.inspect(sendgrid.Settings(api_key=key, base_url=server.url)))


def test_mail_server_tells_what_it_takes_and_is_left_politely() -> None:
    found, server = inspect_smtp(Script(extensions=(*EHLO, "AUTH PLAIN")), username="news", password="secret")
    assert (found.logged_in, found.is_private, found.message_bytes) == (True, True, 1_000_000)
    assert [line.split()[0] for line in server.commands] == ["EHLO", "AUTH", "QUIT"]


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
def test_certificate_is_read_with_its_end(tls: str, tmp_path: Path) -> None:
    certificate = make_certificate(tmp_path / "server.pem")
    script = Script(extensions=(*EHLO, "STARTTLS"), context=certificate.server)
    found, _ = inspect_smtp(script, wrapped=tls == "implicit", tls=tls, ca_file=certificate.file)
    assert found.is_private
    assert found.certificate_ends is not None
    assert timedelta(hours=20) < found.certificate_ends - datetime.now(UTC) < timedelta(hours=25)


def test_certificate_that_nobody_vouches_for_is_refused(tmp_path: Path) -> None:
    certificate = make_certificate(tmp_path / "server.pem")
    script = Script(extensions=(*EHLO, "STARTTLS"), context=certificate.server)
    with pytest.raises(ProviderError, match="certificate"):
        inspect_smtp(script, tls="starttls")


def test_mail_server_that_refuses_the_login_is_an_error() -> None:
    script = Script({"AUTH": "535 5.7.8 no"}, (*EHLO, "AUTH PLAIN"))
    with pytest.raises(ProviderError, match="535"):
        inspect_smtp(script, username="news", password="secret")


def test_key_that_may_send_and_no_more_is_as_it_should_be() -> None:
    with sendgrid_server() as server:
        found = inspect_sendgrid(server)
        assert (server.requests, server.problems) == ([], [])
    assert (found.missing, found.needless, found.logged_in) == (frozenset(), frozenset(), True)
    assert found.clock is not None


def test_permissions_that_are_missing_or_needless_are_told() -> None:
    with sendgrid_server() as server:
        server.scopes = Answer(200, {"scopes": ["mail.batch.read", "api_keys.create", "2fa_required"]})
        found = inspect_sendgrid(server)
    assert (found.missing, found.needless) == (frozenset({"mail.send"}), frozenset({"api_keys.create"}))


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b"<html>", b"[" * 100_000])
def test_answer_that_tells_nothing_is_an_error(body: bytes) -> None:
    with sendgrid_server() as server:
        server.scopes = Answer(200, body)
        with pytest.raises(ProviderError):
            inspect_sendgrid(server)


def test_wrong_key_is_refused_and_not_shown() -> None:
    with sendgrid_server() as server, pytest.raises(ProviderError) as raised:
        inspect_sendgrid(server, "SG.wrong")
    assert "refused by SendGrid" in raised.value.message
    assert "SG.wrong" not in str(raised.value)
