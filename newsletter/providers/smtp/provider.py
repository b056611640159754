"""Opens the way to mail servers: several connections, with keys that sign."""

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
from newsletter.providers.smtp.lanes import Lane
from newsletter.providers.smtp.login import connect
from newsletter.providers.smtp.pool import Pool
from newsletter.providers.smtp.server import Server
from newsletter.providers.smtp.settings import Settings
from newsletter.providers.smtp.signing import Signing, read_keys
from newsletter.providers.smtp.submission import submit

_PORTS: Final = {"starttls": 587, "implicit": 465, "none": 25}


class _Smtp:
    """An open way to a mail server."""

    def __init__(self, settings: Settings, lanes: Sequence[Lane], signing: Signing) -> None:
        self._settings = settings
        self._lanes = lanes
        self._domains = {domain: number for number, domain in enumerate(settings.domains, 1)}
        self._signing = signing

    @property
    def limits(self) -> Limits:
        connections = sum(lane.connections for lane in self._lanes)
        return Limits(1, connections * self._settings.in_doubt, self._lanes[0].pool.message_bytes)

    def submit(self, messages: AsyncIterator[Message], intend: Intend) -> AsyncIterator[Outcome]:
        in_doubt = self._settings.in_doubt
        return submit(self._lanes, messages, intend, self._signing, domains=self._domains, in_doubt=in_doubt)


@asynccontextmanager
async def open(settings: Settings) -> AsyncIterator[Provider]:  # noqa: A001 - the name that providers share
    """Open the provider: make a first connection, so that a wrong setting shows before anything is sent.

    Raises:
        ProviderError: The server cannot be reached, or refuses us.
    """
    signing = Signing(await asyncio.to_thread(signing_keys, settings))
    accesses = await _accesses(settings)
    lanes = [
        Lane(Pool([_server(access, settings) for access in accesses]), connections)
        for connections in (settings.connections, *settings.domains.values())
    ]
    first = lanes[0].pool
    try:
        first.give_back(await first.take(fresh=False))
        yield _Smtp(settings, lanes, signing)
    finally:
        await asyncio.gather(*(lane.pool.close() for lane in lanes))
        signing.close()


def _server(access: Access, settings: Settings) -> Server:
    limit, depth, in_doubt = settings.messages_per_connection, settings.pipeline_depth, settings.in_doubt
    return Server(access, messages_per_connection=limit, depth=depth, in_doubt=in_doubt)


def signing_keys(settings: Settings) -> Sequence[SigningKey]:
    """Read the keys that sign every message; none where the server signs.

    Raises:
        ProviderError: One cannot be read, or nobody would accept its signatures.
    """
    return read_keys(settings.dkim_domain or "", settings.dkim)


async def inspect(settings: Settings) -> Inspection:
    """Connect to every server, log in, read what it offers, and leave.

    Raises:
        ProviderError: One cannot be reached, or refuses us.
    """
    quick = settings.model_copy(update={"timeout": min(settings.timeout, INSPECTION_SECONDS)})
    found = [await _inspect(access) for access in await _accesses(quick)]
    ends = [one.certificate_ends for one in found if one.certificate_ends]
    sizes = [one.message_bytes for one in found if one.message_bytes is not None]
    return Inspection(
        server="; ".join(one.server for one in found),
        logged_in=all(one.logged_in for one in found),
        is_private=all(one.is_private for one in found),
        certificate_ends=min(ends, default=None),
        message_bytes=min(sizes, default=None),
    )


async def _inspect(access: Access) -> Inspection:
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


async def _accesses(settings: Settings) -> Sequence[Access]:
    """Say where the servers are and how to be let in.

    Raises:
        ProviderError: The certificates to trust cannot be read.
    """
    context = await asyncio.to_thread(_context, settings)
    return [
        Access(
            host=host,
            port=settings.port or _PORTS[settings.tls],
            tls=settings.tls,
            context=context,
            username=settings.username or "",
            password=settings.password.get_secret_value() if settings.password else "",
            helo=settings.helo or "",
            timeout=settings.timeout,
        )
        for host in settings.hosts
    ]


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
