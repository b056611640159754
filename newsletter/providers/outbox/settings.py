"""The table `[providers.outbox]`."""

from pathlib import Path
from typing import Any

from pydantic import Field, PrivateAttr, ValidationInfo, field_validator

from newsletter.providers.base import ProviderSettings
from newsletter.providers.outbox.library import Library


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
            self.folder, given.get("media_url", ""), given.get("media"), given.get("language", "en")
        )

    @property
    def library(self) -> Library:
        """The folder, and what its pages need to know."""
        return self._library
