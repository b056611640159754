"""Calls an API over HTTP; tells a call that never left from a reply that was lost."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

import httpx2

from newsletter import __version__
from newsletter.providers.base import Inspection
from newsletter.providers.base.api import unreachable
from newsletter.providers.base.replies import LostReplyError, Reply, UnreachableError
from newsletter.providers.base.settings import ApiSettings

IDLE_SECONDS: Final = 2.0
"""How long an idle connection is kept: one that the server has closed meanwhile would leave messages in doubt."""
MAXIMUM_REPLY: Final = 4_000_000
"""How many bytes of a reply are read; far more than any says."""


class Connection:
    """A way to an API.

    Args:
        secrets: Left out of everything that is read.
    """

    def __init__(self, client: httpx2.AsyncClient, secrets: Sequence[str]) -> None:
        self._client = client
        self._secrets = [secret.encode() for secret in secrets]

    async def get(self, path: str, headers: Mapping[str, str] | None = None) -> Reply:
        """Ask something.

        Raises:
            UnreachableError: Nothing was asked.
            LostReplyError: The connection failed later.
        """
        return await self._call("GET", path, headers=headers)

    async def post(self, path: str, **content: Any) -> Reply:
        """Send a request and read its reply, whatever its status.

        Args:
            content: What the HTTP client takes: `headers`, and `content` or `data` and `files`.

        Raises:
            UnreachableError: Nothing was sent.
            LostReplyError: The connection failed later.
        """
        return await self._call("POST", path, **content)

    async def _call(self, method: str, path: str, **content: Any) -> Reply:
        try:
            async with self._client.stream(method, path, **content) as response:
                return Reply(response.status_code, dict(response.headers), await self._read(response))
        except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout, httpx2.ProxyError) as error:
            raise UnreachableError(type(error).__name__) from error
        except (httpx2.HTTPError, OSError) as error:
            # Not the error's text: it may hold what the server wrote.
            raise LostReplyError(type(error).__name__) from error

    async def _read(self, response: httpx2.Response) -> bytes:
        body = bytearray()
        async for piece in response.aiter_bytes():
            body += piece
            if len(body) > MAXIMUM_REPLY:
                raise LostReplyError("it is far too long")
        for secret in self._secrets:
            body = body.replace(secret, b"(key)")
        return bytes(body)


@asynccontextmanager
async def connecting(
    settings: ApiSettings,
    *,
    headers: Mapping[str, str] | None = None,
    login: tuple[str, str] | None = None,
    secrets: Sequence[str],
) -> AsyncIterator[Connection]:
    """Open the way to an API, which follows no redirect: the key would travel wherever it leads.

    Args:
        headers: Fields of every request; their names in lower case.
        login: Username and password.
        secrets: Left out of everything that is read.
    """
    trust = await asyncio.to_thread(ssl.create_default_context)
    async with httpx2.AsyncClient(
        base_url=settings.host,
        headers={"user-agent": f"newsletter/{__version__}", "accept": "application/json", **(headers or {})},
        auth=login,
        timeout=settings.timeout,
        limits=httpx2.Limits(
            max_connections=settings.concurrency,
            max_keepalive_connections=settings.concurrency,
            keepalive_expiry=IDLE_SECONDS,
        ),
        verify=trust,
        trust_env=not settings.is_local,
        follow_redirects=False,
    ) as client:
        yield Connection(client, secrets)


async def inquire(
    connection: Connection, path: str, name: str, table: str, headers: Mapping[str, str] | None = None
) -> Reply:
    """Ask something about an account, whatever the status of the reply.

    Args:
        name: The provider's, as people write it.
        table: Its settings, as in `newsletter.toml`: "providers.sendgrid".

    Raises:
        ProviderError: It cannot be reached.
    """
    try:
        return await connection.get(path, headers)
    except (UnreachableError, LostReplyError) as error:
        raise unreachable(name, table, error) from error


def describe(settings: ApiSettings, reply: Reply, message_bytes: int | None, faults: Mapping[str, str]) -> Inspection:
    """Say how we stand with an API that has answered."""
    return Inspection(
        server=settings.host,
        logged_in=True,
        is_private=settings.is_private,
        message_bytes=message_bytes,
        clock=reply.clock,
        faults=faults,
    )
