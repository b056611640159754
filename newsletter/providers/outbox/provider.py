"""Writes messages into the folder, a batch at a time, and its pages at the end."""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Final

from newsletter.errors import Place, ProviderError, WorkspaceError
from newsletter.providers.base import Accepted, Deferred, Intend, Limits, Message, Outcome
from newsletter.providers.outbox.files import make_private_folder, write_private_file
from newsletter.providers.outbox.library import Library
from newsletter.providers.outbox.pages import write_pages
from newsletter.providers.outbox.settings import Settings

BATCH: Final = 50
"""How many are written at a time; what a kill leaves in doubt."""
STAYS_HERE: Final = True
AT_ONCE: Final = timedelta(seconds=1)
"""When what was not written may be tried again: as soon as a person has made room."""

_LOG: Final = logging.getLogger(__name__)


class Outbox:
    """An open folder."""

    limits = Limits(batch=BATCH, concurrency=1)

    def __init__(self, library: Library) -> None:
        self._library = library

    async def submit(self, messages: AsyncIterator[Message], intend: Intend) -> AsyncIterator[Outcome]:
        """Write messages, a batch at a time.

        Raises:
            ProviderError: The folder cannot be written.
        """
        batch: list[Message] = []
        async for message in messages:
            batch.append(message)
            if len(batch) == BATCH:
                async for outcome in self._write(batch, intend):
                    yield outcome
                batch = []
        if batch:
            async for outcome in self._write(batch, intend):
                yield outcome

    async def _write(self, batch: Sequence[Message], intend: Intend) -> AsyncIterator[Outcome]:
        going = await intend([message.key for message in batch])
        outcomes, error = await asyncio.to_thread(
            self._write_files, [message for message in batch if message.key in going]
        )
        for outcome in outcomes:
            yield outcome
        if error:
            raise _cannot_write(self._library.messages, error) from error

    def _write_files(self, messages: Sequence[Message]) -> tuple[list[Outcome], OSError | None]:
        """Write files up to the first that cannot be written; the others wait."""
        outcomes: list[Outcome] = []
        for place, message in enumerate(messages):
            name = f"{message.key}.eml"
            content = message.raw()
            try:
                write_private_file(self._library.messages / name, content)
            except OSError as error:
                words = f"the outbox could not be written: {error.strerror or error}"
                outcomes += [Deferred(waiting.key, words, AT_ONCE) for waiting in messages[place:]]
                return outcomes, error
            outcomes.append(Accepted(message.key, name))
        return outcomes, None


@asynccontextmanager
async def open(settings: Settings) -> AsyncIterator[Outbox]:  # noqa: A001 - the name that providers share
    """Open the folder; its pages are written when it is closed, or not: the messages are what counts.

    Raises:
        ProviderError: The folder cannot be made.
    """
    library = settings.library
    try:
        make_private_folder(library.messages)
    except OSError as error:
        raise _cannot_write(library.messages, error) from error
    yield Outbox(library)
    try:
        await asyncio.to_thread(write_pages, library)
    except (OSError, WorkspaceError) as error:
        _LOG.warning("All messages are in the outbox, but its pages could not be written: %s", error)


def index_page(settings: Settings) -> Path:
    """Name the page to open in a browser."""
    return settings.library.index


def _cannot_write(folder: Path, error: OSError) -> ProviderError:
    return ProviderError(
        f"the outbox cannot be written: {error.strerror or error}",
        where=Place(str(folder)),
        remedy="Check the free space and the rights of the folder, then run the same command again.",
    )
