"""Fetches from web addresses that others wrote down, without letting them reach into our own network.

A host name is resolved once and the connection goes to the very address that was checked, on every step of a
redirect. Everything has an end: time, size, number of redirects, number of requests. Nothing is kept between
requests: no cookies, no connections, no credentials; proxies of the environment are not used.
"""

import asyncio
import ipaddress
import re
import socket
import ssl
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Literal, Self, TypeAlias

import httpx2

from newsletter import __version__
from newsletter.errors import FetchError, FetchFault

__all__ = ["FetchError", "FetchFault", "Fetched", "Fetcher", "Limits", "Redirect", "Resolve", "is_public"]

IPAddress: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address

Resolve: TypeAlias = Callable[[str, int], Awaitable[list[str]]]
"""Gives the addresses of a host; raises OSError where there is none."""

_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_WEB_PORTS: Final = frozenset({80, 443})
_FIRST_FREE_PORT: Final = 1024
_ADDRESSES_TRIED: Final = 3
_AGENT: Final = f"newsletter/{__version__}"
_HOST: Final = re.compile(r"[a-z0-9._-]+|[0-9a-f:.]+")
_NUMBER: Final = re.compile(r"(0x[0-9a-f]*|[0-9]+)", re.IGNORECASE)

# `is_global` of the standard library has changed its mind about some of these over time; others carry an address of
# the older protocol in them, which leads wherever that one does.
_NOT_PUBLIC: Final = tuple(
    ipaddress.ip_network(network)
    for network in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",  # shared by the customers of one carrier
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/3",
        "::/96",
        "::ffff:0:0/96",
        "::ffff:0:0:0/96",
        "64:ff9b::/96",
        "64:ff9b:1::/48",
        "100::/64",
        "2001::/23",
        "2001:db8::/32",
        "2002::/16",
        "3fff::/20",
        "5f00::/16",
        "fc00::/7",
        "fe80::/10",
        "fec0::/10",
        "ff00::/8",
    )
)


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


@dataclass(frozen=True, slots=True)
class Redirect:
    """One step on the way: the status it was answered with, and where it led."""

    status: int
    target: str


@dataclass(frozen=True, slots=True)
class Fetched:
    """What came back.

    Args:
        url: Where it was found in the end.
        status: Below 400.
        headers: By their names in small letters.
        content: Empty for `head`.
        redirects: The steps from the address that was asked for to `url`.
    """

    url: str
    status: int
    headers: Mapping[str, str]
    content: bytes
    redirects: tuple[Redirect, ...] = ()


def is_public(address: str) -> bool:
    """Tell whether an address of the network belongs to the Internet, and to one host there."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    inside = any(parsed in network for network in _NOT_PUBLIC if network.version == parsed.version)
    return parsed.is_global and not parsed.is_multicast and not inside


async def resolve_by_system(host: str, port: int) -> list[str]:
    """Ask the system for the addresses of a host."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(one[4][0]) for one in found))


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
            target = _checked(here, self._allow)
            async with aclosing(await self._send(target, method, headers)) as response:
                onward = response.headers.get("location") if response.status_code in _REDIRECTS else None
                if onward is None or not follow:
                    limit = max_bytes if method == "GET" else None
                    return await _taken(response, target, limit, tuple(steps))
                here = _joined(target, onward)
                steps.append(Redirect(response.status_code, here))
            if here in seen or len(steps) > self._limits.redirects:
                raise FetchError(url, "redirect-loop", f"it leads on and on, {len(steps)} times by now")
            seen.add(here)

    async def _addresses(self, target: "_Target") -> list[str]:
        """Resolve a host, once, and give the addresses that may be connected to.

        Raises:
            FetchError: It has none, or one that is not public.
        """
        try:
            found = await self._resolve(target.host, target.port)
        except (OSError, UnicodeError) as error:
            raise FetchError(target.url, "dns", f"the host {target.host} is not known") from error
        if not found:
            raise FetchError(target.url, "dns", f"the host {target.host} has no address")
        if not target.allowed and not all(is_public(address) for address in found):
            raise FetchError(target.url, "refused-address", f"{target.host} does not lead to a public address")
        return found[:_ADDRESSES_TRIED]

    async def _send(self, target: "_Target", method: str, headers: Mapping[str, str]) -> httpx2.Response:
        """Send one request to the first address of a host that takes it.

        Raises:
            FetchError: None does, or there have been too many requests.
        """
        self._requests += 1
        if self._requests > self._limits.requests:
            raise FetchError(target.url, "too-many", f"more than {self._limits.requests} requests were made")
        failed: FetchError | None = None
        for address in await self._addresses(target):
            try:
                return await self._transport.handle_async_request(self._request(target, address, method, headers))
            except httpx2.ConnectError as error:
                failed = _failure(target.url, error)
            except httpx2.HTTPError as error:
                raise _failure(target.url, error) from error
        assert failed is not None  # noqa: S101 - there is at least one address
        raise failed

    def _request(self, target: "_Target", address: str, method: str, headers: Mapping[str, str]) -> httpx2.Request:
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


@dataclass(frozen=True, slots=True)
class _Target:
    """An address that may be asked, if what its host resolves to is public.

    Args:
        host: In ASCII, without the brackets of an IPv6 address.
        allowed: Wherever it leads.
    """

    url: str
    parsed: httpx2.URL
    host: str
    port: int
    allowed: bool


def _checked(url: str, allow: frozenset[str]) -> _Target:
    """Read an address and refuse what its words alone tell."""
    try:
        parsed = httpx2.URL(url)
        host = parsed.raw_host.decode("ascii").strip("[]").lower()
    except (httpx2.InvalidURL, ValueError) as error:
        raise FetchError(url, "scheme", "it is no web address") from error
    if parsed.scheme not in ("http", "https") or not host:
        raise FetchError(url, "scheme", "only http and https addresses are fetched")
    if not _HOST.fullmatch(host):
        raise FetchError(url, "scheme", "it is no web address")
    if parsed.userinfo:
        raise FetchError(url, "refused-address", "it holds a user name or a password")
    port = parsed.port or (443 if parsed.scheme == "https" else 80)
    allowed = f"[{host}]:{port}" in allow if ":" in host else f"{host}:{port}" in allow
    if not allowed:
        _refuse_by_words(url, host, port)
    return _Target(url, parsed, host, port, allowed)


def _refuse_by_words(url: str, host: str, port: int) -> None:
    if port not in _WEB_PORTS and port < _FIRST_FREE_PORT:
        raise FetchError(url, "refused-address", f"port {port} is not one of the web")
    is_address = ":" in host or _NUMBER.fullmatch(host.rstrip(".").rpartition(".")[2])
    # Systems read 0177.1 and 2130706433 as addresses, each in its own way: only the plain form is taken.
    if is_address and not is_public(host):
        raise FetchError(url, "refused-address", f"{host} is not a public address")


def _joined(target: _Target, onward: str) -> str:
    try:
        return str(target.parsed.join(onward).copy_with(fragment=None))
    except (httpx2.InvalidURL, ValueError) as error:
        raise FetchError(target.url, "scheme", "it leads to what is no web address") from error


def _failure(url: str, error: httpx2.HTTPError) -> FetchError:
    kind: Literal["timeout", "tls", "connection"] = "connection"
    reason = "the connection failed"
    if isinstance(error, httpx2.TimeoutException):
        kind, reason = "timeout", "the server does not answer in time"
    elif _is_of_encryption(error):
        kind, reason = "tls", f"the connection cannot be trusted ({_root(error)})"
    return FetchError(url, kind, reason)


def _root(error: BaseException) -> BaseException:
    while (cause := error.__cause__ or error.__context__) is not None:
        error = cause
    return error


def _is_of_encryption(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLError):
            return True
        error = error.__cause__ or error.__context__
    return False


async def _taken(
    response: httpx2.Response, target: _Target, max_bytes: int | None, steps: tuple[Redirect, ...]
) -> Fetched:
    headers = {name.lower(): value for name, value in response.headers.items()}
    status = response.status_code
    if status >= 400:
        raise FetchError(target.url, "status", f"the server answers {status}", status=status, headers=headers)
    content = b"" if max_bytes is None else await _content(response, target.url, max_bytes)
    return Fetched(target.url, status, headers, content, steps)


async def _content(response: httpx2.Response, url: str, max_bytes: int) -> bytes:
    """Read the content, unpacked, and stop as soon as it is too long."""
    announced = response.headers.get("content-length", "")
    if announced.isdigit() and int(announced) > max_bytes:
        raise _too_large(url, max_bytes)
    taken = bytearray()
    try:
        async for piece in _unpacked(response, url, max_bytes):
            taken += piece
            if len(taken) > max_bytes:
                raise _too_large(url, max_bytes)
    except httpx2.HTTPError as error:
        raise _failure(url, error) from error
    return bytes(taken)


async def _unpacked(response: httpx2.Response, url: str, max_bytes: int) -> AsyncIterator[bytes]:
    """Give the content piece by piece: some servers pack it although they were asked not to."""
    packed = response.headers.get("content-encoding", "identity").strip().lower()
    if packed in ("", "identity"):
        async for piece in response.aiter_raw():
            yield piece
        return
    if packed not in ("gzip", "x-gzip", "deflate"):
        raise FetchError(url, "encoding", f"it is packed as {packed!r}")
    unpacking = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)
    try:
        async for piece in response.aiter_raw():
            yield unpacking.decompress(piece, max_bytes + 1)
            if unpacking.unconsumed_tail:
                raise _too_large(url, max_bytes)
    except zlib.error as error:
        raise FetchError(url, "encoding", "it is packed in a way that cannot be unpacked") from error


def _too_large(url: str, max_bytes: int) -> FetchError:
    return FetchError(url, "too-large", f"it is larger than {max_bytes:,} bytes")
