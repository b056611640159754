"""Fetching from addresses that others wrote down: what is refused, what ends, and what comes back."""

import asyncio
import gzip
import ssl
import zlib
from collections.abc import Iterator, Mapping
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.errors import FetchError
from newsletter.fetching import Fetched, Fetcher, Limits, is_public
from support.web_server import Answer, Drop, Hang, Request, WebServer, self_signed, serving

QUICK = Limits(seconds=10)


def fetch(
    url: str, *servers: WebServer, max_bytes: int = 1000, limits: Limits = QUICK, names: Mapping[str, str] | None = None
) -> Fetched:
    """Fetch, with servers of the test allowed; `names` gives hosts an address."""

    async def resolve(host: str, _port: int) -> list[str]:
        return [(names or {})[host]]

    async def work() -> Fetched:
        allow = frozenset(server.host for server in servers) | {
            f"{name}:{server.port}" for name in names or {} for server in servers
        }
        fetcher = Fetcher(limits, allow, resolve=resolve) if names else Fetcher(limits, allow)
        async with fetcher:
            return await fetcher.get(url, max_bytes=max_bytes)

    return asyncio.run(work())


def refusal(url: str, *servers: WebServer, max_bytes: int = 1000, limits: Limits = QUICK) -> FetchError:
    with pytest.raises(FetchError) as caught:
        fetch(url, *servers, max_bytes=max_bytes, limits=limits)
    return caught.value


@pytest.fixture
def hello() -> Iterator[WebServer]:
    with serving(lambda _request: Answer(b"hello", headers={"Content-Type": "text/plain"})) as server:
        yield server


def test_what_lies_at_an_address_comes_back(hello: WebServer) -> None:
    found = fetch(f"{hello.url}/a?b=c#d", hello)
    assert (found.status, found.content, found.headers["content-type"]) == (200, b"hello", "text/plain")
    assert hello.requests[0].path == "/a?b=c"
    assert "cookie" not in hello.requests[0].headers
    assert hello.requests[0].headers["host"] == hello.host


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "0", "0.0.0.0", "127.0.0.1."),  # noqa: S104
        *("10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "224.0.0.1", "255.255.255.255"),
        *("[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:8.8.8.8]", "[::127.0.0.1]", "[64:ff9b::7f00:1]"),
        *("[64:ff9b::808:808]", "[2002:7f00:1::]", "[2001:0:0:1::1]", "[fe80::1]", "[fc00::1]", "[fec0::1]"),
        *("[ff02::1]", "localhost", "LOCALHOST", "localhost.", "0x7f.1", "08.8.8.8", "8.8.8"),
    ],
)
def test_addresses_that_are_not_public_are_refused(hello: WebServer, host: str) -> None:
    assert refusal(f"http://{host}:{hello.port}/").kind in ("refused-address", "dns", "scheme")
    assert not hello.requests


@given(st.integers(0, 2**32 - 1).map(IPv4Address))
def test_address_that_is_not_public_is_not_public_within_a_newer_one_either(address: IPv4Address) -> None:
    number = int(address)
    assert not is_public(str(IPv6Address(number)))
    assert not is_public(str(IPv6Address((0xFFFF << 32) | number)))
    assert not is_public(str(IPv6Address((0x64FF9B << 96) | number)))
    assert not is_public(str(IPv6Address((0x2002 << 112) | (number << 80))))
    if not address.is_global or address.is_multicast:
        assert not is_public(str(address))


def test_usual_hosts_are_public() -> None:
    assert all(map(is_public, ("8.8.8.8", "145.100.1.2", "2606:4700::1111", "2a00:1450:400e::200e")))


@pytest.mark.parametrize(
    "answers", [["127.0.0.1"], ["8.8.8.8", "127.0.0.1"], ["2606:4700::1111", "::1"], ["fe80::1%lo"]]
)
def test_name_with_one_address_of_ours_is_refused(hello: WebServer, answers: list[str]) -> None:
    async def resolve(_host: str, _port: int) -> list[str]:
        return answers

    async def work() -> None:
        async with Fetcher(QUICK, resolve=resolve) as fetcher:
            await fetcher.get(f"http://rebound.example.org:{hello.port}/", max_bytes=10)

    with pytest.raises(FetchError) as caught:
        asyncio.run(work())
    assert caught.value.kind == "refused-address"
    assert not hello.requests


def test_name_is_resolved_once_and_that_address_is_used(hello: WebServer) -> None:
    asked: list[str] = []

    async def resolve(host: str, _port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["127.0.0.2"]

    async def work() -> Fetched:
        allow = frozenset({f"news.example.org:{hello.port}"})
        async with Fetcher(QUICK, allow, resolve=resolve) as fetcher:
            return await fetcher.get(f"http://news.example.org:{hello.port}/", max_bytes=10)

    assert asyncio.run(work()).content == b"hello"
    assert asked == ["news.example.org"]
    assert hello.requests[0].headers["host"] == f"news.example.org:{hello.port}"


def test_name_that_nobody_knows_says_so() -> None:
    error = refusal("https://no-such-host.invalid/")
    assert error.kind == "dns"
    assert "no-such-host.invalid" in str(error)


def test_redirect_to_a_place_of_ours_is_refused(hello: WebServer) -> None:
    with serving(lambda _request: Answer(status=302, headers={"Location": f"{hello.url}/secret"})) as outside:
        error = refusal(outside.url, outside)
    assert error.kind == "refused-address"
    assert error.url == outside.url
    assert "secret" in str(error)
    assert not hello.requests


def test_redirects_are_followed_and_told() -> None:
    def script(request: Request) -> Answer:
        steps = {
            "/1": Answer(status=301, headers={"Location": "2"}),
            "/2": Answer(status=307, headers={"Location": "/3"}),
        }
        return steps.get(request.path, Answer(b"end"))

    with serving(script) as server:
        found = fetch(f"{server.url}/1", server)
        assert found.url == f"{server.url}/3"
        assert [(step.status, step.target) for step in found.redirects] == [
            (301, f"{server.url}/2"),
            (307, f"{server.url}/3"),
        ]


def test_redirects_come_to_an_end() -> None:
    def onward(request: Request) -> Answer:
        return Answer(status=302, headers={"Location": f"{request.path}x"})

    with serving(onward) as server:
        assert refusal(server.url, server).kind == "redirect-loop"
        assert len(server.requests) == 6
    with serving(lambda _request: Answer(status=302, headers={"Location": "/"})) as server:
        assert refusal(f"{server.url}/", server).kind == "redirect-loop"
        assert len(server.requests) == 1


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://example.org/", "gopher://x/", "http://[", "//u:p@h/"])
def test_redirect_to_what_is_no_web_address_is_refused(target: str) -> None:
    with serving(lambda _request: Answer(status=302, headers={"Location": target})) as server:
        assert refusal(server.url, server).kind in ("scheme", "refused-address")


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("file:///etc/passwd", "scheme"),
        ("javascript:alert(1)", "scheme"),
        ("http:///path", "scheme"),
        ("", "scheme"),
        ("https://[::1", "scheme"),
        ("https://user:password@example.org/", "refused-address"),
        ("https://example.org:22/", "refused-address"),
        ("https://example.org:25/", "refused-address"),
        ("https://" + "a" * 300 + ".example.org/", "dns"),
    ],
)
def test_what_is_no_address_of_the_public_web_is_refused(url: str, kind: str) -> None:
    assert refusal(url).kind == kind


def test_content_that_is_too_large_is_refused_at_once_when_announced_and_while_it_comes() -> None:
    with serving(lambda _request: Answer(b"x" * 2000)) as server:
        assert refusal(server.url, server).kind == "too-large"

    def endless() -> Iterator[bytes]:
        while True:
            yield b"x" * 500

    with serving(lambda _request: Answer(pieces=endless)) as server:
        assert refusal(server.url, server).kind == "too-large"


@pytest.mark.parametrize("packing", ["gzip", "deflate"])
def test_packed_content_is_unpacked_no_further_than_the_limit(packing: str) -> None:
    pack = gzip.compress if packing == "gzip" else zlib.compress
    packed = {"/": pack(b"hello"), "/bomb": pack(b"\0" * 50_000_000)}
    with serving(lambda request: Answer(packed[request.path], headers={"Content-Encoding": packing})) as server:
        assert fetch(f"{server.url}/", server).content == b"hello"
        assert refusal(f"{server.url}/bomb", server, max_bytes=1_000_000).kind == "too-large"
    with serving(lambda _request: Answer(b"no such thing", headers={"Content-Encoding": packing})) as server:
        assert refusal(server.url, server).kind == "encoding"


def test_slow_servers_come_to_an_end() -> None:
    limits = Limits(seconds=0.3)
    with serving(lambda _request: Hang()) as server:
        assert refusal(server.url, server, limits=limits).kind == "timeout"
    with serving(lambda _request: Answer()) as server:

        def drip() -> Iterator[bytes]:
            while not server.ended.wait(0.02):
                yield b"x"

        server.script = lambda _request: Answer(pieces=drip)
        assert refusal(server.url, server, limits=limits).kind == "timeout"


def test_broken_connections_are_told() -> None:
    with serving(lambda _request: Drop()) as server:
        assert refusal(server.url, server).kind == "connection"
    assert refusal(server.url, server).kind == "connection"
    with serving(lambda _request: Answer(b"x", headers={"Content-Length": "50"})) as server:
        assert refusal(server.url, server).kind == "connection"


def test_answer_of_an_error_is_told_with_its_number_and_headers() -> None:
    with serving(lambda _request: Answer(status=429, headers={"Retry-After": "7"})) as server:
        error = refusal(server.url, server)
    assert (error.kind, error.status, error.headers["retry-after"]) == ("status", 429, "7")


def test_asking_without_fetching_gives_headers_only() -> None:
    async def work(server: WebServer) -> Fetched:
        async with Fetcher(QUICK, frozenset({server.host})) as fetcher:
            return await fetcher.head(server.url)

    with serving(lambda _request: Answer(b"hello")) as server:
        found = asyncio.run(work(server))
        assert (found.content, found.headers["content-length"]) == (b"", "5")
        assert server.requests[0].method == "HEAD"


def test_certificates_are_checked_against_the_name_that_was_asked_for(tmp_path: Path) -> None:
    certificate = self_signed(tmp_path, "news.example.org")

    async def resolve(_host: str, _port: int) -> list[str]:
        return ["127.0.0.1"]

    async def work(server: WebServer, host: str, trust: ssl.SSLContext | None) -> Fetched:
        allow = frozenset({f"{host}:{server.port}"})
        async with Fetcher(QUICK, allow, trust=trust, resolve=resolve) as fetcher:
            return await fetcher.get(f"https://{host}:{server.port}/", max_bytes=10)

    trust = ssl.create_default_context(cafile=str(certificate))
    with serving(lambda _request: Answer(b"hello"), certificate) as server:
        assert asyncio.run(work(server, "news.example.org", trust)).content == b"hello"
        for host, trusted in (("other.example.org", trust), ("news.example.org", None)):
            with pytest.raises(FetchError) as caught:
                asyncio.run(work(server, host, trusted))
            assert caught.value.kind == "tls"
        assert len(server.requests) == 1


def test_connection_to_one_host_is_not_used_for_another_of_the_same_address(tmp_path: Path) -> None:
    certificate = self_signed(tmp_path, "news.example.org")

    async def resolve(_host: str, _port: int) -> list[str]:
        return ["127.0.0.1"]

    async def work(server: WebServer) -> None:
        trust = ssl.create_default_context(cafile=str(certificate))
        allow = frozenset({f"news.example.org:{server.port}", f"other.example.org:{server.port}"})
        async with Fetcher(QUICK, allow, trust=trust, resolve=resolve) as fetcher:
            await fetcher.get(f"https://news.example.org:{server.port}/", max_bytes=10)
            await fetcher.get(f"https://other.example.org:{server.port}/", max_bytes=10)

    with serving(lambda _request: Answer(b"hello"), certificate) as server, pytest.raises(FetchError) as caught:
        asyncio.run(work(server))
    assert caught.value.kind == "tls"


def test_fetches_are_few_at_once_and_not_without_number() -> None:
    async def work(server: WebServer) -> list[Fetched | BaseException]:
        async with Fetcher(Limits(at_once=3, requests=20), frozenset({server.host})) as fetcher:
            return await asyncio.gather(
                *(fetcher.get(f"{server.url}/{number}", max_bytes=10) for number in range(25)), return_exceptions=True
            )

    with serving(lambda _request: Answer(b"hello")) as server:
        found = asyncio.run(work(server))
        assert server.most_at_once <= 3
        assert len(server.requests) == 20
    failed = [one for one in found if isinstance(one, FetchError)]
    assert len(failed) == 5
    assert {one.kind for one in failed} == {"too-many"}


def test_redirect_that_is_not_followed_is_what_comes_back() -> None:
    async def work(server: WebServer) -> Fetched:
        async with Fetcher(QUICK, frozenset({server.host})) as fetcher:
            return await fetcher.head(f"{server.url}/old", follow=False)

    with serving(lambda _request: Answer(status=301, headers={"Location": "/new"})) as server:
        found = asyncio.run(work(server))
        assert (found.status, found.headers["location"], found.redirects) == (301, "/new", ())
        assert [request.path for request in server.requests] == ["/old"]
