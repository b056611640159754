"""Questions to our own web site: whatever comes back is told, and nothing is followed."""

import asyncio
import socket
import ssl
from datetime import UTC, datetime
from pathlib import Path

import pytest

from newsletter.probing import Answer, Prober, Unreachable
from support.web_server import Answer as Reply
from support.web_server import Hang, self_signed, serving


def ask(url: str, method: str = "GET", prober: Prober | None = None, **more: object) -> Answer:
    return asyncio.run((prober or Prober(seconds=5)).ask(method, url, **more))  # type: ignore[arg-type]


def test_answer_is_told_with_its_clock() -> None:
    with serving(lambda _: Reply(headers={"Date": "Tue, 20 Feb 2024 08:30:00 GMT"})) as server:
        answer = ask(server.url)
    assert answer.is_good
    assert answer.clock == datetime(2024, 2, 20, 8, 30, tzinfo=UTC)


def test_redirect_is_not_followed() -> None:
    with serving(lambda _: Reply(b"", 302, {"Location": "https://example.org/"})) as server:
        answer = ask(server.url)
        assert len(server.requests) == 1
    assert (answer.onward, answer.is_good) == ("https://example.org/", False)


def test_content_is_posted_as_it_is() -> None:
    with serving(lambda _: Reply()) as server:
        ask(server.url, "POST", headers={"content-type": "text/x"}, content=b"abc")
        (request,) = server.requests
    assert (request.method, request.content, request.headers["content-type"]) == ("POST", b"abc", "text/x")
    assert "cookie" not in request.headers


def test_nobody_there_is_told_in_the_words_of_the_system() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(Unreachable) as raised:
        ask(f"http://127.0.0.1:{port}/")
    assert raised.value.kind == "connection"


def test_silence_is_a_timeout() -> None:
    with serving(lambda _: Hang()) as server, pytest.raises(Unreachable) as raised:
        ask(server.url, prober=Prober(seconds=0.3))
    assert raised.value.kind == "timeout"


def test_certificate_is_checked(tmp_path: Path) -> None:
    file = self_signed(tmp_path, "127.0.0.1")
    with serving(lambda _: Reply(), file) as server:
        with pytest.raises(Unreachable) as raised:
            ask(server.url)
        assert raised.value.kind == "tls"
        trust = ssl.create_default_context(cafile=file)
        assert ask(server.url, prober=Prober(trust=trust)).is_good
