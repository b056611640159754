"""Tells which addresses of the web may be asked at all: what leads into our own network is refused."""

import asyncio
import re
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

import httpx2

from newsletter.errors import FetchError
from newsletter.fetching.public import is_public

Resolve: TypeAlias = Callable[[str, int], Awaitable[list[str]]]
"""Gives the addresses of a host; raises OSError where there is none."""

_WEB_PORTS: Final = frozenset({80, 443})
_FIRST_FREE_PORT: Final = 1024
_ADDRESSES_TRIED: Final = 3
_HOST: Final = re.compile(r"[a-z0-9._-]+|[0-9a-f:.]+")
_NUMBER: Final = re.compile(r"(0x[0-9a-f]*|[0-9]+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Target:
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


async def resolve_by_system(host: str, port: int) -> list[str]:
    """Ask the system for the addresses of a host."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(one[4][0]) for one in found))


def read_target(url: str, allow: frozenset[str]) -> Target:
    """Read an address and refuse what its words alone tell.

    Args:
        allow: Hosts with a port that may be reached wherever they lead.

    Raises:
        FetchError: It is no web address, or may not be asked.
    """
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
    return Target(url, parsed, host, port, allowed)


async def addresses_of(target: Target, resolve: Resolve) -> list[str]:
    """Resolve a host, once, and give the addresses that may be connected to.

    Raises:
        FetchError: It has none, or one that is not public.
    """
    try:
        found = await resolve(target.host, target.port)
    except (OSError, UnicodeError) as error:
        raise FetchError(target.url, "dns", f"the host {target.host} is not known") from error
    if not found:
        raise FetchError(target.url, "dns", f"the host {target.host} has no address")
    if not target.allowed and not all(is_public(address) for address in found):
        raise FetchError(target.url, "refused-address", f"{target.host} does not lead to a public address")
    return found[:_ADDRESSES_TRIED]


def join(target: Target, onward: str) -> str:
    """Give the address that a redirect leads to.

    Raises:
        FetchError: It is none.
    """
    try:
        return str(target.parsed.join(onward).copy_with(fragment=None))
    except (httpx2.InvalidURL, ValueError) as error:
        raise FetchError(target.url, "scheme", "it leads to what is no web address") from error


def _refuse_by_words(url: str, host: str, port: int) -> None:
    if port not in _WEB_PORTS and port < _FIRST_FREE_PORT:
        raise FetchError(url, "refused-address", f"port {port} is not one of the web")
    is_address = ":" in host or _NUMBER.fullmatch(host.rstrip(".").rpartition(".")[2])
    # Systems read 0177.1 and 2130706433 as addresses, each in its own way: only the plain form is taken.
    if is_address and not is_public(host):
        raise FetchError(url, "refused-address", f"{host} is not a public address")
