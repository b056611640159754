"""The settings that providers with an API of their own share."""

import ipaddress
import re
from abc import abstractmethod
from typing import Annotated, Final, Self, TypeAlias
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, ValidationInfo, field_validator

from newsletter.message import ascii_domain
from newsletter.providers.base import INSPECTION_SECONDS, ProviderSettings

_EXAMPLE: Final = "Write it like https://api.example.org."


def _check_key(value: SecretStr) -> SecretStr:
    key = value.get_secret_value()
    if not (key and key.isascii() and key.isprintable() and " " not in key):
        raise ValueError("this is no API key|Copy it from the provider once more, without spaces or line breaks.")
    return value


ApiKey: TypeAlias = Annotated[SecretStr, AfterValidator(_check_key)]
"""A secret that travels in a header: printable ASCII without spaces."""


SHORTEST_SECRET: Final = 20
"""How many characters a secret of one's own making needs, so that nobody guesses it."""


def _check_webhook_secret(value: SecretStr) -> SecretStr:
    if len(value.get_secret_value()) < SHORTEST_SECRET:
        raise ValueError(
            f"this can be guessed: it has less than {SHORTEST_SECRET} characters|Make one with: openssl rand -hex 32"
        )
    return _check_key(value)


WebhookSecret: TypeAlias = Annotated[SecretStr, AfterValidator(_check_webhook_secret)]
"""A secret that whoever sets up a webhook makes up: long, and printable ASCII without spaces."""

WebhookMinutes: TypeAlias = Annotated[int, Field(ge=1, le=10_080)]
"""How old a webhook may be, in minutes."""


_DOMAIN: Final = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?\.)+[a-z0-9](?:[a-z0-9-]*[a-z0-9])?")


def _find_domain(value: str | None, info: ValidationInfo) -> str | None:
    sender: str = (info.context or {}).get("sender_domain", "")
    if not (value or sender):
        return None
    try:
        domain = ascii_domain(value or sender).lower()
    except ValueError:
        domain = ""
    if not _DOMAIN.fullmatch(domain):
        raise ValueError('this is no domain|Write it like "example.org", or leave it out.')
    return domain


SenderDomain: TypeAlias = Annotated[str | None, AfterValidator(_find_domain), Field(validate_default=True)]
"""A domain, in small letters and as A-labels; the sender's own where none is given."""


class ApiSettings(ProviderSettings):
    """What can be set for every API.

    Args:
        base_url: Another host instead of the provider's own; https, or this machine.
        concurrency: How many requests may be under way at once.
        timeout: How many seconds to wait for the network at each step.
    """

    base_url: str | None = None
    concurrency: Annotated[int, Field(ge=1, le=32)] = 4
    timeout: Annotated[float, Field(gt=0, le=600)] = 60.0

    @field_validator("base_url")
    @classmethod
    def _check_base_url(cls, value: str | None) -> str | None:
        return None if value is None else _origin(value)

    @property
    @abstractmethod
    def home(self) -> str:
        """Scheme and host of the provider's own API."""

    def quick(self) -> Self:
        """Give the same settings, for questions that a person waits for."""
        return self.model_copy(update={"timeout": min(self.timeout, INSPECTION_SECONDS)})

    @property
    def host(self) -> str:
        """Scheme and host of the API that is called."""
        return self.base_url or self.home

    @property
    def is_local(self) -> bool:
        """Whether the API is on this machine, which no proxy stands before."""
        host = urlsplit(self.host).hostname or ""
        return _is_local(host)

    @property
    def is_private(self) -> bool:
        """Whether nobody else can read along."""
        return self.is_local or self.host.startswith("https:")


def _origin(value: str) -> str:
    """Check a base of the API.

    Raises:
        ValueError: It is no origin, or the key would travel to it in the clear.
    """
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError:
        raise ValueError(f"this is not a URL|{_EXAMPLE}") from None
    if not parts.hostname or not value.isascii() or not value.isprintable() or " " in value:
        raise ValueError(f"this is not a URL|{_EXAMPLE}")
    if "@" in parts.netloc or parts.path.strip("/") or parts.query or parts.fragment:
        raise ValueError(f"this is more than a scheme and a host|{_EXAMPLE}")
    if parts.scheme != "https" and not (parts.scheme == "http" and _is_local(parts.hostname)):
        raise ValueError(f"the API key would travel in the clear|Use https. {_EXAMPLE}")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}" + (f":{port}" if port is not None else "")


def _is_local(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
