"""Looks once at every page that an issue links to, without being a burden to any host.

A page is asked for by HEAD, and by GET only where its content is wanted or the server refuses HEAD. Redirects are
followed here, step by step, so that each step waits for its turn at its own host, and no address is asked twice.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final, TypeAlias
from urllib.parse import urljoin, urlsplit

from newsletter.errors import FetchError, FetchFault
from newsletter.fetching import Fetched, Fetcher, Limits, Redirect
from newsletter.links.addresses import fragment_of, is_anchor, is_web, page_of, secured
from newsletter.links.cache import LinkCache, Remembered
from newsletter.links.model import Link

Result: TypeAlias = Fetched | FetchError

_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_NOT_MODIFIED: Final = 304
_LATER: Final = frozenset({429, 503})
_STEPS: Final = 8
_SILENCES: Final = 4
_LARGEST_PAGE: Final = 3_000_000
_LARGEST_LOOK: Final = 50_000


@dataclass(frozen=True, slots=True)
class Page:
    """A page to look at.

    Args:
        url: Without the part behind `#`.
        whole: Whether its content is wanted too.
    """

    url: str
    whole: bool = False

    @property
    def host(self) -> str:
        """Whom it is asked from, with the port."""
        return urlsplit(self.url).netloc.rpartition("@")[2].lower()


@dataclass(frozen=True, slots=True)
class Pace:
    """How much is asked of hosts.

    Args:
        pause: Seconds between the beginnings of two requests to one host.
        at_once_per_host: Requests to one host at the same time.
        at_once: Requests to all hosts at the same time.
        patience: Seconds; a host that asks for a longer rest is left alone for this time.
    """

    pause: float = 0.5
    at_once_per_host: int = 2
    at_once: int = 10
    patience: float = 20.0


def pages_of(links: Iterable[Link]) -> tuple[Page, ...]:
    """Give the pages that links lead to, each once; for those without encryption also their twin with it."""
    wanted: dict[str, bool] = {}
    for link in links:
        if not is_web(link.url):
            continue
        page = page_of(link.url)
        wanted[page] = wanted.get(page, False) or is_anchor(fragment_of(link.url))
        twin = secured(page)
        if twin is not None:
            wanted.setdefault(twin, False)
    return tuple(Page(url, whole) for url, whole in wanted.items())


async def visit_pages(
    pages: Iterable[Page],
    fetcher: Fetcher,
    cache: LinkCache,
    agent: str,
    pace: Pace = Pace(),
    visited: Callable[[Page], None] = lambda _page: None,
) -> Mapping[str, Result]:
    """Look at pages and say what each one led to, by its address.

    Args:
        agent: Who asks, and where to find out more about them.
        visited: Called for each page once it is known what it leads to.

    Raises:
        WorkspaceError: The cache cannot be written.
    """
    wanted: dict[str, Page] = {}
    for page in pages:
        known = wanted.get(page.url)
        wanted[page.url] = Page(page.url, page.whole or (known is not None and known.whole))
    visit = _Visit(fetcher, cache, agent, pace, asyncio.Semaphore(pace.at_once))

    async def look(page: Page) -> Result:
        result = await visit.page(page)
        visited(page)
        return result

    results = await asyncio.gather(*(look(page) for page in wanted.values()))
    cache.tidy()
    return dict(zip(wanted, results, strict=True))


def fetch_pages(
    pages: Iterable[Page], cache: LinkCache, agent: str, visited: Callable[[Page], None] = lambda _page: None
) -> Mapping[str, Result]:
    """Look at pages from a program that does nothing else meanwhile; see `visit_pages`."""

    async def work() -> Mapping[str, Result]:
        async with Fetcher(Limits(at_once=Pace().at_once)) as fetcher:
            return await visit_pages(pages, fetcher, cache, agent, visited=visited)

    return asyncio.run(work())


@dataclass
class _Host:
    """One host, and when it may be asked next.

    Args:
        silences: How many times in a row it has not answered.
        refusal: What is said of all its pages once it is not asked any more.
    """

    gate: asyncio.Semaphore
    next_turn: float = 0.0
    silences: int = 0
    refusal: Callable[[str], FetchError] | None = None

    def give_up(self, kind: FetchFault, reason: str, status: int | None = None) -> None:
        """Ask it no more."""
        self.refusal = lambda url: FetchError(url, kind, reason, status=status)

    def note(self, error: FetchError | None) -> None:
        """Learn from an answer, or from none: what would be the same for all pages is not asked again."""
        silent = error is not None and error.kind in ("timeout", "connection")
        self.silences = self.silences + 1 if silent else 0
        if error is not None and (error.kind == "dns" or self.silences >= _SILENCES):
            self.give_up(error.kind, error.reason)


@dataclass
class _Visit:
    """One run over many pages.

    Args:
        steps: What each address answers, asked or being asked.
    """

    fetcher: Fetcher
    cache: LinkCache
    agent: str
    pace: Pace
    all_hosts: asyncio.Semaphore
    hosts: dict[str, _Host] = field(default_factory=dict)
    steps: dict[Page, "asyncio.Task[Fetched]"] = field(default_factory=dict)
    validators: dict[Page, Mapping[str, str]] = field(default_factory=dict)

    async def page(self, page: Page) -> Result:
        known = self.cache.find(page.url, whole=page.whole)
        if known is not None and self.cache.is_fresh(known):
            return known.fetched
        if known is not None and known.validators:
            self.validators[Page(known.fetched.url, page.whole)] = known.validators
        try:
            found = _confirmed(await self._follow(page), known)
        except FetchError as error:
            return error
        if found.status != _NOT_MODIFIED:
            self.cache.keep(page.url, found, whole=page.whole)
        return found

    async def _follow(self, page: Page) -> Fetched:
        here, steps, seen, cookies = page.url, list[Redirect](), {page.url}, False
        while True:
            try:
                found = await self._step(Page(here, page.whole))
            except FetchError as error:
                if here == page.url:
                    raise
                raise _further_on(page.url, error) from error
            onward = found.headers.get("location") if found.status in _REDIRECTS else None
            if onward is None:
                return replace(found, redirects=tuple(steps))
            here = page_of(urljoin(here, onward))
            cookies = cookies or "set-cookie" in found.headers
            steps.append(Redirect(found.status, here))
            if here in seen or len(steps) > _STEPS:
                reason = f"it leads on and on, {len(steps)} times by now"
                # With a cookie it may come to an end in a browser.
                headers = {"set-cookie": "yes"} if cookies else {}
                raise FetchError(page.url, "redirect-loop", reason, headers=headers)
            seen.add(here)

    async def _step(self, page: Page) -> Fetched:
        if page not in self.steps:
            self.steps[page] = asyncio.ensure_future(self._look(page))
        return await self.steps[page]

    async def _look(self, page: Page) -> Fetched:
        if page.whole:
            return await self._ask("GET", page)
        try:
            return await self._ask("HEAD", page)
        except FetchError as error:
            if error.kind not in ("status", "connection") or _rest(error, self.cache.now) is not None:
                raise
        return await self._ask("GET", page)

    async def _ask(self, method: str, page: Page) -> Fetched:
        """Make a request when it is its turn, and a second time where the host asks for a rest first."""
        host = self.hosts.setdefault(page.host, _Host(asyncio.Semaphore(self.pace.at_once_per_host)))
        try:
            return await self._once(method, page, host)
        except FetchError as error:
            rest = _rest(error, self.cache.now)
            if rest is None or host.refusal is not None:
                raise
            if rest > self.pace.patience:
                host.give_up("status", f"its host asks for a rest of {rest:,.0f} s", 429)
                raise
            host.next_turn = max(host.next_turn, asyncio.get_running_loop().time() + rest)
        try:
            return await self._once(method, page, host)
        except FetchError as error:
            if _rest(error, self.cache.now) is not None:
                host.give_up("status", "its host asks for a rest again and again", 429)
            raise

    async def _once(self, method: str, page: Page, host: _Host) -> Fetched:
        async with self._turn(host):
            if host.refusal is not None:
                raise host.refusal(page.url)
            try:
                found = await self._request(method, page)
            except FetchError as error:
                host.note(error)
                raise
            host.note(None)
            return found

    async def _request(self, method: str, page: Page) -> Fetched:
        headers = {"user-agent": self.agent, **self.validators.get(page, {})}
        if method == "HEAD":
            return await self.fetcher.head(page.url, headers=headers, follow=False)
        largest = _LARGEST_PAGE if page.whole else _LARGEST_LOOK
        try:
            return await self.fetcher.get(page.url, max_bytes=largest, headers=headers, follow=False)
        except FetchError as error:
            if error.kind != "too-large":
                raise
            return Fetched(page.url, 200, {}, b"")  # it is there, which is what matters

    @asynccontextmanager
    async def _turn(self, host: _Host) -> AsyncIterator[None]:
        """Wait until a host may be asked; who waits keeps no other host's request back."""
        time = asyncio.get_running_loop().time
        async with host.gate:
            while True:
                async with self.all_hosts:
                    wait = host.next_turn - time()
                    if wait <= 0 or host.refusal is not None:
                        host.next_turn = time() + self.pace.pause
                        yield
                        return
                await asyncio.sleep(wait)


def _confirmed(found: Fetched, known: Remembered | None) -> Fetched:
    """Put what is remembered in the place of the answer that it is still the same."""
    if found.status != _NOT_MODIFIED or known is None:
        return found
    return replace(known.fetched, redirects=found.redirects)


def _further_on(url: str, error: FetchError) -> FetchError:
    return FetchError(
        url, error.kind, f"it leads to {error.url}: {error.reason}", status=error.status, headers=error.headers
    )


def _rest(error: FetchError, now: datetime) -> float | None:
    """Give how many seconds of rest a host asks for; None where it does not."""
    asked = error.headers.get("retry-after", "").strip()
    if error.status not in _LATER or not asked:
        return None
    if asked.isdigit():
        return float(asked)
    try:
        moment = parsedate_to_datetime(asked)
    except ValueError:
        return None
    return max(0.0, (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() - now.timestamp())
