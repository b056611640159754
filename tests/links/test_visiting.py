"""Looking at pages: each once, whatever servers do, and never faster than is polite."""

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.errors import FetchError
from newsletter.fetching import Fetched, Fetcher, Limits
from newsletter.links import LinkCache, Pace, Page, Verdict, verdict_of, visit_pages
from support.web_server import Answer, Drop, Hang, Request, Script, WebServer, self_signed, serving

NOW = datetime(2024, 2, 20, 9, tzinfo=UTC)
QUICK = Pace(pause=0.0, patience=5.0)
AGENT = "newsletter/1 (checks links; https://news.example.org/)"


def visit(
    folder: Path,
    servers: Sequence[WebServer],
    *pages: Page,
    pace: Pace = QUICK,
    now: datetime = NOW,
    seconds: float = 10,
    visited: Callable[[Page], None] = lambda _page: None,
) -> dict[str, Fetched | FetchError]:
    async def work() -> dict[str, Fetched | FetchError]:
        limits = Limits(seconds=seconds, at_once=100)
        async with Fetcher(limits, frozenset(server.host for server in servers)) as fetcher:
            return dict(await visit_pages(pages, fetcher, LinkCache(folder, now), AGENT, pace, visited))

    return asyncio.run(work())


def one(folder: Path, script: Script, path: str = "/", *, seconds: float = 10, whole: bool = False) -> "Seen":
    """Look at one page of a server that follows a script."""
    with serving(script) as server:
        url = server.url + path
        result = visit(folder, [server], Page(url, whole), seconds=seconds)[url]
        return Seen(result, [(request.method, request.path) for request in server.requests])


class Seen:
    def __init__(self, result: Fetched | FetchError, requests: list[tuple[str, str]]) -> None:
        self.result = result
        self.requests = requests

    @property
    def verdict(self) -> Verdict | None:
        return verdict_of(self.result) if isinstance(self.result, FetchError) else None


def refusing_head(answer: Answer | Drop) -> Script:
    return lambda request: answer if request.method == "HEAD" else Answer(b"hello")


def endless() -> Iterator[bytes]:
    while True:
        yield b"x" * 10_000


def test_page_is_asked_for_by_head_alone_and_by_name(tmp_path: Path) -> None:
    with serving(lambda _request: Answer(b"hello")) as server:
        visit(tmp_path, [server], Page(f"{server.url}/a"))
        assert [(request.method, request.path) for request in server.requests] == [("HEAD", "/a")]
        assert server.requests[0].headers["user-agent"] == AGENT
        assert "cookie" not in server.requests[0].headers


@pytest.mark.parametrize(
    "refusal", [Answer(status=405), Answer(status=403), Answer(status=404), Drop()], ids=["405", "403", "404", "drop"]
)
def test_where_head_is_refused_get_decides(tmp_path: Path, refusal: Answer | Drop) -> None:
    seen = one(tmp_path, refusing_head(refusal))
    assert isinstance(seen.result, Fetched)
    assert seen.requests == [("HEAD", "/"), ("GET", "/")]


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        (404, Verdict.BROKEN),
        (410, Verdict.BROKEN),
        (500, Verdict.UNREACHABLE),
        (503, Verdict.UNREACHABLE),
        (401, Verdict.UNCHECKED),
        (403, Verdict.UNCHECKED),
        (429, Verdict.UNCHECKED),
        (999, Verdict.UNCHECKED),
    ],
)
def test_status_tells_what_it_means_for_readers(tmp_path: Path, status: int, verdict: Verdict) -> None:
    assert one(tmp_path, lambda _request: Answer(status=status)).verdict is verdict


def test_server_that_is_silent_is_left_after_a_while(tmp_path: Path) -> None:
    assert one(tmp_path, lambda _request: Hang(), seconds=0.3).verdict is Verdict.UNREACHABLE


def test_certificate_that_nobody_signed_breaks_a_link(tmp_path: Path) -> None:
    with serving(lambda _request: Answer(), self_signed(tmp_path, "127.0.0.1")) as server:
        result = visit(tmp_path, [server], Page(server.url))[server.url]
        assert isinstance(result, FetchError)
        assert (result.kind, verdict_of(result)) == ("tls", Verdict.BROKEN)


def test_private_address_is_not_asked(tmp_path: Path) -> None:
    with serving(lambda _request: Answer()) as server:
        result = visit(tmp_path, [], Page(server.url))[server.url]
        assert isinstance(result, FetchError)
        assert verdict_of(result) is Verdict.PRIVATE
        assert not server.requests


def test_redirect_into_a_private_network_is_not_followed(tmp_path: Path) -> None:
    with serving(lambda _request: Answer()) as inner:
        seen = one(tmp_path, lambda _request: Answer(status=302, headers={"Location": inner.url}))
        assert seen.verdict is Verdict.PRIVATE
        assert not inner.requests


def test_redirects_come_to_an_end(tmp_path: Path) -> None:
    def onward(request: Request) -> Answer:
        return Answer(status=302, headers={"Location": f"/{int(request.path[1:]) + 1}"})

    seen = one(tmp_path, onward, "/1")
    assert seen.verdict is Verdict.BROKEN
    assert len(seen.requests) < 12


def test_loop_is_broken_but_for_one_that_a_cookie_may_end(tmp_path: Path) -> None:
    loop = {"Location": "/"}
    assert one(tmp_path, lambda _request: Answer(status=302, headers=loop)).verdict is Verdict.BROKEN
    cookie = {**loop, "Set-Cookie": "seen=yes"}
    assert one(tmp_path, lambda _request: Answer(status=302, headers=cookie)).verdict is Verdict.UNCHECKED


def test_what_fails_further_on_is_said_of_the_first_address(tmp_path: Path) -> None:
    def script(request: Request) -> Answer:
        return Answer(status=301, headers={"Location": "/b"}) if request.path == "/a" else Answer(status=410)

    result = one(tmp_path, script, "/a").result
    assert isinstance(result, FetchError)
    assert (result.status, result.url.endswith("/a"), "/b" in result.reason) == (410, True, True)


def test_huge_page_is_there_and_is_not_read_to_its_end(tmp_path: Path) -> None:
    seen = one(tmp_path, lambda _request: Answer(pieces=endless), whole=True)
    assert isinstance(seen.result, Fetched)
    assert seen.result.content == b""


def test_rest_that_a_host_asks_for_is_kept(tmp_path: Path) -> None:
    met: list[float] = []

    def script(_request: Request) -> Answer:
        met.append(time.monotonic())
        return Answer(status=429, headers={"Retry-After": "1"}) if len(met) == 1 else Answer()

    assert isinstance(one(tmp_path, script).result, Fetched)
    assert met[1] - met[0] >= 1


@pytest.mark.parametrize("rest", ["3600", "Tue, 20 Feb 2024 10:00:00 GMT"])
def test_host_that_asks_for_a_long_rest_is_left_alone(tmp_path: Path, rest: str) -> None:
    with serving(lambda _request: Answer(status=503, headers={"Retry-After": rest})) as server:
        pages = [Page(f"{server.url}/{number}") for number in range(20)]
        results = visit(tmp_path, [server], *pages)
        assert len(server.requests) <= QUICK.at_once_per_host
        verdicts = Counter(verdict_of(error) for error in results.values() if isinstance(error, FetchError))
        assert verdicts.total() == len(pages)
        assert verdicts[Verdict.UNCHECKED] >= len(pages) - QUICK.at_once_per_host


def test_many_hosts_are_asked_together_but_not_all(tmp_path: Path) -> None:
    together = threading.Barrier(3, timeout=10)
    under_way, most = 0, 0
    lock = threading.Lock()

    def script(_request: Request) -> Answer:
        nonlocal under_way, most
        with lock:
            under_way += 1
            most = max(most, under_way)
        together.wait()
        with lock:
            under_way -= 1
        return Answer()

    with ExitStack() as stack:
        servers = [stack.enter_context(serving(script)) for _ in range(6)]
        pages = [Page(server.url) for server in servers]
        results = visit(tmp_path, servers, *pages, pace=Pace(0.0, 2, 3))
    assert all(isinstance(result, Fetched) for result in results.values())
    assert most == 3


def test_host_that_stays_silent_is_not_asked_for_all_its_pages(tmp_path: Path) -> None:
    with serving(lambda _request: Hang()) as server:
        pages = [Page(f"{server.url}/{number}") for number in range(40)]
        results = visit(tmp_path, [server], *pages, seconds=0.3)
        assert len(server.requests) < 10
    kinds = {error.kind for error in results.values() if isinstance(error, FetchError)}
    assert (len(results), kinds) == (40, {"timeout"})


def test_host_gets_a_pause_between_requests(tmp_path: Path) -> None:
    met: list[float] = []

    def script(_request: Request) -> Answer:
        met.append(time.monotonic())
        return Answer()

    with serving(script) as server:
        visit(tmp_path, [server], *(Page(f"{server.url}/{number}") for number in range(6)), pace=Pace(pause=0.2))
    # What the server sees is a little later than what was sent, and not always by the same time.
    assert met[-1] - met[0] >= 5 * 0.2 - 0.1


def test_progress_is_told_once_for_each_page(tmp_path: Path) -> None:
    told: list[str] = []
    with serving(lambda _request: Answer()) as server:
        pages = [Page(f"{server.url}/{number % 3}") for number in range(6)]
        visit(tmp_path, [server], *pages, visited=lambda page: told.append(page.url))
    assert sorted(told) == sorted({page.url for page in pages})


def test_page_is_not_asked_again_within_a_day(tmp_path: Path) -> None:
    with serving(lambda _request: Answer(b"hello", headers={"Content-Type": "text/html"})) as server:
        page = Page(server.url, whole=True)
        first = visit(tmp_path, [server], page)
        again = visit(tmp_path, [server], page, now=NOW + timedelta(hours=23))
        assert first[server.url].headers["content-type"] == "text/html"
        assert [result.content for result in (*first.values(), *again.values()) if isinstance(result, Fetched)] == [
            b"hello",
            b"hello",
        ]
        assert len(server.requests) == 1
        visit(tmp_path, [server], page, now=NOW + timedelta(hours=25))
        assert len(server.requests) == 2


def test_page_that_is_still_the_same_is_not_sent_again(tmp_path: Path) -> None:
    def script(request: Request) -> Answer:
        same = request.headers.get("if-none-match") == '"1"'
        return Answer(status=304) if same else Answer(b"hello", headers={"ETag": '"1"'})

    with serving(script) as server:
        page = Page(server.url, whole=True)
        for day in range(3):
            result = visit(tmp_path, [server], page, now=NOW + timedelta(days=day))[server.url]
            assert isinstance(result, Fetched)
            assert (result.status, result.content) == (200, b"hello")
        asked = [request.headers.get("if-none-match") for request in server.requests]
        assert asked == [None, '"1"', '"1"']


def test_what_was_broken_is_asked_again(tmp_path: Path) -> None:
    answers = iter([Answer(status=404), Answer(status=404), Answer()])
    with serving(lambda _request: next(answers)) as server:
        assert isinstance(visit(tmp_path, [server], Page(server.url))[server.url], FetchError)
        assert isinstance(visit(tmp_path, [server], Page(server.url))[server.url], Fetched)


def test_cache_that_is_damaged_is_as_none(tmp_path: Path) -> None:
    with serving(lambda _request: Answer()) as server:
        visit(tmp_path, [server], Page(server.url))
        for damage in (b"", b"[]\n", b"\xff{", b'{"asked": 1}\n'):
            for path in tmp_path.glob("*.page"):
                path.write_bytes(damage)
            assert isinstance(visit(tmp_path, [server], Page(server.url))[server.url], Fetched)


def test_what_is_not_asked_for_a_month_is_forgotten(tmp_path: Path) -> None:
    with serving(lambda _request: Answer()) as server:
        visit(tmp_path, [server], Page(server.url), now=datetime.now(UTC))
        assert list(tmp_path.glob("*.page"))
        LinkCache(tmp_path, datetime.now(UTC) + timedelta(days=31)).tidy()
        assert not list(tmp_path.glob("*.page"))


@settings(max_examples=15, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 2), st.integers(0, 7)), min_size=1, max_size=30),
    st.sampled_from([Pace(0.0, 2, 10), Pace(0.0, 1, 2), Pace(0.01, 2, 3)]),
)
def test_each_address_is_asked_once_and_hosts_are_spared(links: list[tuple[int, int]], pace: Pace) -> None:
    """Whatever the order, and whether an address is linked to, led to by another, or both."""
    met: list[tuple[int, float]] = []

    def script(number: int) -> Script:
        def answer(request: Request) -> Answer:
            met.append((number, time.monotonic()))
            path = int(request.path[1:])
            onward = {"Location": f"/{path // 2}"}
            return Answer(status=301, headers=onward) if path % 2 else Answer(b"hello")

        return answer

    with ExitStack() as stack, TemporaryDirectory() as folder:
        servers = [stack.enter_context(serving(script(number))) for number in range(3)]
        pages = [Page(f"{servers[host].url}/{path}") for host, path in links]
        results = visit(Path(folder), servers, *pages, pace=pace)
        assert set(results) == {page.url for page in pages}
        for server in servers:
            assert max(Counter(request.path for request in server.requests).values(), default=1) == 1
            assert server.most_at_once <= pace.at_once_per_host
        for number in range(3):
            times = sorted(at for host, at in met if host == number)
            # What the server sees is a little later than what was sent, and not always by the same time.
            span = times[-1] - times[0] if times else 0
            assert span >= (len(times) - 1) * pace.pause - 0.05
