"""`newsletter.toml`, the environment and the secrets."""

from newsletter.settings.model import HIDDEN, Sender, Settings
from newsletter.settings.reading import is_secret, load, provider_settings
from newsletter.settings.secret import secret_keys
from newsletter.settings.sources import Origin, variable_name
from newsletter.settings.toml import find_keys

__all__ = [
    "HIDDEN",
    "Origin",
    "Sender",
    "Settings",
    "find_keys",
    "is_secret",
    "load",
    "provider_settings",
    "secret_keys",
    "variable_name",
]
