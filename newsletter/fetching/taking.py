"""Takes what a server answers: unpacked, and not a byte more than was asked for."""

import ssl
import zlib
from collections.abc import AsyncIterator
from typing import Literal

import httpx2

from newsletter.errors import FetchError
from newsletter.fetching.model import Fetched, Redirect


async def take(response: httpx2.Response, url: str, max_bytes: int | None, steps: tuple[Redirect, ...]) -> Fetched:
    """Take an answer.

    Args:
        max_bytes: Of the content, unpacked; None leaves it.

    Raises:
        FetchError: It is an error, or too large.
    """
    headers = {name.lower(): value for name, value in response.headers.items()}
    status = response.status_code
    if status >= 400:
        raise FetchError(url, "status", f"the server answers {status}", status=status, headers=headers)
    content = b"" if max_bytes is None else await _content(response, url, max_bytes)
    return Fetched(url, status, headers, content, steps)


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
        raise failure(url, error) from error
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


def failure(url: str, error: httpx2.HTTPError) -> FetchError:
    """Say what became of a request that came to nothing."""
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
