"""What holds for every request: who asks, what an answer may do in a browser, and what the log says about it."""

import ipaddress
from collections.abc import Awaitable, Callable, Sequence
from time import perf_counter
from typing import Any, Final, TypeAlias

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from newsletter.dispatch import Notice
from newsletter.telemetry import tell

Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network
Endpoint: TypeAlias = Callable[[Request], Awaitable[Response]]

POLICY: Final = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""What pages may do: show themselves in our own style, and send forms here. There is no script."""
MOST_HEAD_BYTES: Final = 16_384
MOST_PATH_BYTES: Final = 4_096
_SECONDS_OF_A_YEAR: Final = 31_536_000
_NOBODY: Final = "unknown"
_OUR_FAULT: Final = 500


class Access:
    """Goes around the whole site.

    Args:
        base: The path that the site's address ends in, with a slash at both ends; a proxy may leave it on or off.
        is_https: Whether readers come by https.
        proxies: Who is believed about who asks.
        logs: Whether a line is written for each request.
    """

    def __init__(
        self, app: ASGIApp, *, base: str, is_https: bool, proxies: Sequence[str] = (), logs: bool = False
    ) -> None:
        self._app = app
        self._base = base
        self._is_https = is_https
        self._proxies = tuple(ipaddress.ip_network(one) for one in proxies)
        self._logs = logs

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope.setdefault("state", {})["address"] = address_of(scope, self._proxies)
        if self._base != "/" and scope["path"].startswith(self._base):
            scope["path"] = scope["path"][len(self._base) - 1 :]
        app = self._app if (fault := _fault_of(scope)) is None else fault
        began, status = perf_counter(), 500

        async def send_guarded(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                self._guard(MutableHeaders(scope=message))
            await send(message)

        try:
            await app(scope, receive, send_guarded)
        finally:
            if self._logs:
                _log(scope, status, perf_counter() - began)

    def _guard(self, headers: MutableHeaders) -> None:
        headers.setdefault("content-security-policy", POLICY)
        headers.setdefault("cache-control", "no-store")
        headers["x-content-type-options"] = "nosniff"
        headers["referrer-policy"] = "no-referrer"
        headers["permissions-policy"] = "interest-cohort=(), camera=(), microphone=(), geolocation=()"
        headers["cross-origin-opener-policy"] = "same-origin"
        if self._is_https:
            headers["strict-transport-security"] = f"max-age={_SECONDS_OF_A_YEAR}"


def _fault_of(scope: Scope) -> Response | None:
    """Refuse a request whose head is too long, or that says in two ways where it ends, as no browser does.

    Source: RFC 9112 §6.1, RFC 6585 §5.
    """
    headers = scope["headers"]
    names = {name for name, _ in headers}
    if b"content-length" in names and b"transfer-encoding" in names:
        return PlainTextResponse("400\n", 400, {"connection": "close"})
    if len(scope.get("raw_path") or b"") + len(scope["query_string"]) > MOST_PATH_BYTES:
        return PlainTextResponse("414\n", 414, {"connection": "close"})
    if sum(len(name) + len(value) for name, value in headers) > MOST_HEAD_BYTES:
        return PlainTextResponse("431\n", 431, {"connection": "close"})
    return None


def address_of(scope: Scope, proxies: Sequence[Network]) -> str:
    """Tell who asks: whoever is connected, or, where that is a proxy of ours, whom the last proxy names.

    Read from the end: whatever stands before the first that is no proxy of ours, anybody may have written.
    """
    client = scope.get("client")
    address = str(client[0]) if client else _NOBODY
    named = Headers(scope=scope).getlist("x-forwarded-for")
    for one in reversed([part.strip() for line in named for part in line.split(",")]):
        if not _is_of(address, proxies):
            break
        if _parsed(one) is None:
            break
        address = one
    return address


def own_forms_only(endpoint: Endpoint, friends: Sequence[str] = ()) -> Endpoint:
    """Refuse what a page of another site makes a browser send.

    Args:
        friends: Origins of sites that may.
    """

    async def guarded(request: Request) -> Response:
        if is_foreign(request, friends):
            raise HTTPException(403)
        return await endpoint(request)

    return guarded


def is_foreign(request: Request, friends: Sequence[str] = ()) -> bool:
    """Tell whether a page of another site makes a browser send this; programs that are none say nothing about it.

    Source: Fetch Metadata Request Headers §2.3; browsers that do not know it send `Origin`.
    """
    if request.method in ("GET", "HEAD"):
        return False
    origin = request.headers.get("origin")
    if origin in friends:
        return False
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site not in ("same-origin", "none")
    # A page that gives away no referrer sends "null" for its own origin; we use no cookies, so that it costs nothing.
    return origin not in (None, "null", request.app.state.site.origin)


def _is_of(address: str, networks: Sequence[Network]) -> bool:
    parsed = _parsed(address)
    return parsed is not None and any(parsed in network for network in networks)


def _parsed(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return None
    mapped = parsed.ipv4_mapped if isinstance(parsed, ipaddress.IPv6Address) else None
    return mapped or parsed


def _log(scope: Scope, status: int, seconds: float) -> None:
    """Write a line that names the kind of page, and not the one: links of readers stand in paths."""
    route: Any = scope.get("route")
    page = getattr(route, "path", None) or "none"
    method = scope["method"] if scope["method"] in _METHODS else "other"
    fields = {"method": method, "page": page, "status": status, "milliseconds": round(seconds * 1000, 1)}
    tell(Notice("web.request", f"{method} {page}: {status}", fields, "error" if status >= _OUR_FAULT else "info"))


_METHODS: Final = frozenset({"GET", "HEAD", "POST", "OPTIONS", "PUT", "DELETE", "PATCH"})
