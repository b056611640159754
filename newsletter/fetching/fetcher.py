"""Fetches from web addresses that others wrote down, without letting them reach into our own network.

A host name is resolved once and the connection goes to the very address that was checked, on every step of a
redirect. Everything has an end: time, size, number of redirects, number of requests. Nothing is kept between
requests: no cookies, no connections, no credentials; proxies of the environment are not used.
"""

import asyncio
import ssl
from collections.abc import Mapping
from contextlib import aclosing, suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self

import httpx2

from newsletter import __version__
from newsletter.errors import FetchError
from newsletter.fetching.guard import Resolve, Target, addresses_of, join, read_target, resolve_by_system
from newsletter.fetching.model import Fetched, Redirect
from newsletter.fetching.taking import failure, take

_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_AGENT: Final = f"newsletter/{__version__}"


@dataclass(frozen=True, slots=True)
class Limits:
    """Where fetching ends.

    Args:
        seconds: For one fetch, redirects included.
        redirects: At most so many in one fetch.
        at_once: Fetches at the same time.
        requests: All in all, redirects counted, as long as the fetcher is open.
    """

    seconds: float = 20.0
    redirects: int = 5
    at_once: int = 8
    requests: int = 2000


class Fetcher:
    """Fetches, guarded; to be entered as an asynchronous context.

    Args:
        allow: Hosts with a port, such as `127.0.0.1:8000`, that may be reached wherever they lead.
        trust: The certificates to trust; None means the system's.
        resolve: How hosts are looked up.
    """

    def __init__(
        self,
        limits: Limits = Limits(),
        allow: frozenset[str] = frozenset(),
        *,
        trust: ssl.SSLContext | None = None,
        resolve: Resolve = resolve_by_system,
    ) -> None:
        self._limits = limits
        self._allow = allow
        self._resolve = resolve
        self._requests = 0
        self._gate = asyncio.Semaphore(limits.at_once)
        # A connection that is kept is known by its address alone, and would serve another host of that address
        # without a look at its certificate.
        self._transport = httpx2.AsyncHTTPTransport(
            verify=trust or ssl.create_default_context(),
            trust_env=False,
            limits=httpx2.Limits(max_connections=None, max_keepalive_connections=0),
        )

    async def __aenter__(self) -> Self:
        await self._transport.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._transport.__aexit__(kind, error, trace)

    async def get(
        self, url: str, *, max_bytes: int, headers: Mapping[str, str] | None = None, follow: bool = True
    ) -> Fetched:
        """Fetch what lies at an address.

        Args:
            max_bytes: Of the content, unpacked.
            headers: To send along, to the targets of redirects too: no secrets.
            follow: Go where redirects lead; otherwise the first one is what was fetched.

        Raises:
            FetchError: It cannot be reached, may not be reached, is too large, or answers with an error.
        """
        return await self._fetch("GET", url, max_bytes, headers or {}, follow)

    async def head(self, url: str, *, headers: Mapping[str, str] | None = None, follow: bool = True) -> Fetched:
        """Ask what lies at an address without fetching it; see `get`.

        Raises:
            FetchError: As `get`; some servers refuse this way of asking.
        """
        return await self._fetch("HEAD", url, 0, headers or {}, follow)

    async def _fetch(self, method: str, url: str, max_bytes: int, headers: Mapping[str, str], follow: bool) -> Fetched:
        async with self._gate:
            try:
                async with asyncio.timeout(self._limits.seconds):
                    return await self._follow(method, url, max_bytes, headers, follow)
            except TimeoutError as error:
                raise FetchError(url, "timeout", f"there was no end to it after {self._limits.seconds:g} s") from error
            except FetchError as error:
                if error.url == url:
                    raise
                raise FetchError(
                    url, error.kind, f"it leads to {error.url}: {error.reason}", status=error.status
                ) from error

    async def _follow(self, method: str, url: str, max_bytes: int, headers: Mapping[str, str], follow: bool) -> Fetched:
        steps: list[Redirect] = []
        seen = {url}
        here = url
        while True:
            target = read_target(here, self._allow)
            async with aclosing(await self._send(target, method, headers)) as response:
                onward = response.headers.get("location") if response.status_code in _REDIRECTS else None
                if onward is None or not follow:
                    limit = max_bytes if method == "GET" else None
                    return await take(response, target.url, limit, tuple(steps))
                here = join(target, onward)
                steps.append(Redirect(response.status_code, here))
            if here in seen or len(steps) > self._limits.redirects:
                raise FetchError(url, "redirect-loop", f"it leads on and on, {len(steps)} times by now")
            seen.add(here)

    async def _send(self, target: Target, method: str, headers: Mapping[str, str]) -> httpx2.Response:
        """Send one request to the first address of a host that takes it.

        Raises:
            FetchError: None does, or there have been too many requests.
        """
        self._requests += 1
        if self._requests > self._limits.requests:
            raise FetchError(target.url, "too-many", f"more than {self._limits.requests} requests were made")
        *others, last = await addresses_of(target, self._resolve)
        try:
            for address in others:
                with suppress(httpx2.ConnectError):
                    return await self._ask(target, address, method, headers)
            return await self._ask(target, last, method, headers)
        except httpx2.HTTPError as error:
            raise failure(target.url, error) from error

    async def _ask(self, target: Target, address: str, method: str, headers: Mapping[str, str]) -> httpx2.Response:
        return await self._transport.handle_async_request(self._request(target, address, method, headers))

    def _request(self, target: Target, address: str, method: str, headers: Mapping[str, str]) -> httpx2.Request:
        patience = dict.fromkeys(("connect", "read", "write", "pool"), self._limits.seconds)
        return httpx2.Request(
            method,
            target.parsed.copy_with(host=address, fragment=None),
            headers={
                "user-agent": _AGENT,
                "accept": "*/*",
                "accept-encoding": "identity",
                **headers,
                "host": target.parsed.netloc.decode("ascii"),
            },
            extensions={"timeout": patience, "sni_hostname": target.host},
        )
