"""Opens the way to SendGrid, and asks what the key may do."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from newsletter.providers.base import (
    INSPECTION_SECONDS,
    Inspection,
    Intend,
    Limits,
    Message,
    Outcome,
    Provider,
)
from newsletter.providers.sendgrid.connection import Connection
from newsletter.providers.sendgrid.inspection import ask
from newsletter.providers.sendgrid.requests import MAXIMUM_BYTES
from newsletter.providers.sendgrid.settings import Settings, is_local
from newsletter.providers.sendgrid.submission import submit

DKIM_SELECTORS: Final = ("s1", "s2")
"""Under these names the keys stand that SendGrid signs with, once it has authenticated a domain."""


class _SendGrid:
    """An open way to SendGrid."""

    def __init__(self, settings: Settings, connection: Connection) -> None:
        self._settings = settings
        self._connection = connection

    @property
    def limits(self) -> Limits:
        return Limits(self._settings.batch, self._settings.concurrency, MAXIMUM_BYTES)

    def submit(self, messages: AsyncIterator[Message], intend: Intend) -> AsyncIterator[Outcome]:
        settings = self._settings
        return submit(
            self._connection,
            messages,
            intend,
            batch=settings.batch,
            concurrency=settings.concurrency,
            sandbox=settings.sandbox,
        )


@asynccontextmanager
async def open(settings: Settings) -> AsyncIterator[Provider]:  # noqa: A001
    """Open the provider; nothing is asked of SendGrid before the first message."""
    yield _SendGrid(settings, _connection(settings))


async def inspect(settings: Settings) -> Inspection:
    """Ask what the key may do.

    Raises:
        ProviderError: SendGrid cannot be reached, or refuses the key.
    """
    quick = settings.model_copy(update={"timeout": min(settings.timeout, INSPECTION_SECONDS)})
    return await ask(_connection(quick), settings.host, local=is_local(settings.host))


def _connection(settings: Settings) -> Connection:
    key = settings.api_key.get_secret_value()
    return Connection(settings.host, key, settings.timeout, local=is_local(settings.host))
