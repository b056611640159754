"""Opens the way to a mail server: several connections, with keys that sign."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final

from newsletter.errors import Place, ProviderError
from newsletter.message.dkim import SigningKey
from newsletter.providers.base import (
    INSPECTION_SECONDS,
    Inspection,
    Intend,
    Limits,
    Message,
    Outcome,
    Provider,
)
from newsletter.providers.smtp.access import Access
from newsletter.providers.smtp.connection import connect
from newsletter.providers.smtp.pool import Pool
from newsletter.providers.smtp.settings import Settings
from newsletter.providers.smtp.signing import Sign, read_keys, signing
from newsletter.providers.smtp.submission import submit

_PORTS: Final = {"starttls": 587, "implicit": 465, "none": 25}


class _Smtp:
    """An open way to a mail server."""

    def __init__(self, settings: Settings, pool: Pool, sign: Sign) -> None:
        self._settings = settings
        self._pool = pool
        self._sign = sign

    @property
    def limits(self) -> Limits:
        return Limits(1, self._settings.connections, self._pool.message_bytes)

    def submit(self, messages: AsyncIterator[Message], intend: Intend) -> AsyncIterator[Outcome]:
        return submit(self._pool, messages, intend, connections=self._settings.connections, sign=self._sign)


@asynccontextmanager
async def open(settings: Settings) -> AsyncIterator[Provider]:  # noqa: A001 - the name that providers share
    """Open the provider: make a first connection, so that a wrong setting shows before anything is sent.

    Raises:
        ProviderError: The server cannot be reached, or refuses us.
    """
    sign = signing(await asyncio.to_thread(signing_keys, settings))
    pool = Pool(await _access(settings), settings.messages_per_connection)
    pool.give_back(await pool.take(fresh=False))
    try:
        yield _Smtp(settings, pool, sign)
    finally:
        await pool.close()


def signing_keys(settings: Settings) -> Sequence[SigningKey]:
    """Read the keys that sign every message; none where the server signs.

    Raises:
        ProviderError: One cannot be read, or nobody would accept its signatures.
    """
    return read_keys(settings.dkim_domain or "", settings.dkim)


async def inspect(settings: Settings) -> Inspection:
    """Connect, log in, read what the server offers, and leave.

    Raises:
        ProviderError: The server cannot be reached, or refuses us.
    """
    access = await _access(settings.model_copy(update={"timeout": min(settings.timeout, INSPECTION_SECONDS)}))
    connection = await connect(access)
    try:
        return Inspection(
            server=f"{access.host}, port {access.port}",
            logged_in=bool(access.username),
            is_private=connection.is_private,
            certificate_ends=connection.certificate_ends,
            message_bytes=connection.extensions.message_bytes,
        )
    finally:
        await connection.quit()


async def _access(settings: Settings) -> Access:
    """Say where the server is and how to be let in.

    Raises:
        ProviderError: The certificates to trust cannot be read.
    """
    return Access(
        host=settings.host,
        port=settings.port or _PORTS[settings.tls],
        tls=settings.tls,
        context=await asyncio.to_thread(_context, settings),
        username=settings.username or "",
        password=settings.password.get_secret_value() if settings.password else "",
        helo=settings.helo or "",
        timeout=settings.timeout,
    )


def _context(settings: Settings) -> ssl.SSLContext:
    """Load the certificates to trust; certificate and host name are always checked."""
    try:
        return ssl.create_default_context(cafile=settings.ca_file)
    except OSError as error:
        raise ProviderError(
            "the certificates cannot be read",
            where=Place(field="providers.smtp.ca_file"),
            remedy="Name a file of certificates in the format PEM.",
        ) from error
