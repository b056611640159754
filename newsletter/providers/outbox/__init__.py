"""Writes each message into a folder as an .eml file, with an index page to look at them; sends nothing.

What is written survives a kill of the process: a file is either whole or not there. The name of a file is the
delivery's key, so that a message written twice is still one file.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

from pydantic import Field, PrivateAttr, ValidationInfo, field_validator

from newsletter.errors import Place, ProviderError
from newsletter.message import DeliveryKey
from newsletter.providers.base import Accepted, Intend, Limits, Message, Outcome, ProviderSettings
from newsletter.providers.outbox.pages import Library, write_pages

BATCH: Final = 50
"""How many are written at a time; what a kill leaves in doubt."""


class Settings(ProviderSettings):
    """Where the messages go."""

    folder: Path = Field(default=Path("var/outbox"), validate_default=True)
    """The folder of the messages; starts from the workspace."""

    _library: Library = PrivateAttr()

    @field_validator("folder")
    @classmethod
    def _from_the_workspace(cls, value: Path, info: ValidationInfo) -> Path:
        root: Path = (info.context or {}).get("root", Path())
        return root / value

    def model_post_init(self, context: Any, /) -> None:
        given = context or {}
        self._library = Library(
            self.folder, given.get("public_url", ""), given.get("media"), given.get("language", "en")
        )

    @property
    def library(self) -> Library:
        """The folder, and what its pages need to know."""
        return self._library


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
                for outcome in await self._write(batch, intend):
                    yield outcome
                batch = []
        for outcome in await self._write(batch, intend):
            yield outcome

    async def _write(self, batch: Sequence[Message], intend: Intend) -> list[Accepted]:
        if not batch:
            return []
        going = await intend([message.key for message in batch])
        return await asyncio.to_thread(self._write_files, [message for message in batch if message.key in going])

    def _write_files(self, messages: Sequence[Message]) -> list[Accepted]:
        folder = self._library.messages
        try:
            return [Accepted(message.key, _write_file(folder, message.key, message.raw())) for message in messages]
        except OSError as error:
            raise _cannot_write(folder, error) from error


@asynccontextmanager
async def open(settings: Settings) -> AsyncIterator[Outbox]:  # noqa: A001 - the name that providers share
    """Open the folder; its pages are written when it is closed.

    Raises:
        ProviderError: The folder cannot be made.
    """
    library = settings.library
    try:
        library.messages.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise _cannot_write(library.messages, error) from error
    yield Outbox(library)
    await asyncio.to_thread(write_pages, library)


def index_page(settings: Settings) -> Path:
    """Name the page to open in a browser."""
    return settings.library.index


def _write_file(folder: Path, key: DeliveryKey, content: bytes) -> str:
    target = folder / f"{key}.eml"
    temporary = target.with_suffix(".tmp")
    try:
        temporary.write_bytes(content)
        temporary.replace(target)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    return target.name


def _cannot_write(folder: Path, error: OSError) -> ProviderError:
    return ProviderError(
        f"the outbox cannot be written: {error.strerror or error}",
        where=Place(str(folder)),
        remedy="Check the free space and the rights of the folder, then run the same command again.",
    )
