"""Reads the fields of a model from the environment; loaded only where a variable is set that may be one of them."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel
from pydantic_settings import EnvSettingsSource

from newsletter.settings.sources import SEPARATOR


def read_environment(model: type[BaseModel], environ: Mapping[str, str], prefix: str) -> dict[str, Any]:
    """Read what the environment says about the fields of a model.

    Lists and tables are written as JSON; every other value as it is.

    Raises:
        pydantic_settings.SettingsError: One of those is not JSON.
    """
    return _Environment(model, environ, prefix)()


class _Environment(EnvSettingsSource):
    """The environment that it is given, instead of the process's own."""

    def __init__(self, model: type[BaseModel], environ: Mapping[str, str], prefix: str) -> None:
        self._given = environ
        super().__init__(
            model,  # type: ignore[arg-type] # it asks for no more than the fields and the configuration
            case_sensitive=False,
            env_prefix=prefix,
            env_nested_delimiter=SEPARATOR,
            env_ignore_empty=True,
        )

    def _load_env_vars(self) -> Mapping[str, str | None]:
        return {name.lower(): value for name, value in self._given.items() if value}
