"""The table `[providers.sendgrid]`."""

import ipaddress
from typing import Annotated, Final, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator

from newsletter.providers.base import ProviderSettings

MAXIMUM_PERSONALIZATIONS: Final = 1000
"""How many messages a request may carry. Source: "limited to 1000 personalizations per API request"."""
_HOSTS: Final = {"global": "https://api.sendgrid.com", "eu": "https://api.eu.sendgrid.com"}


class Settings(ProviderSettings):
    """The table `[providers.sendgrid]`.

    Args:
        api_key: A key with the permission Mail Send.
        region: Where the account is kept.
        base_url: Another host instead; https, or this machine.
        batch: The most messages in one request; what one lost reply leaves in doubt.
        concurrency: How many requests may be under way at once.
        timeout: How many seconds to wait for the network at each step.
        sandbox: SendGrid only checks the requests and sends nothing.
    """

    api_key: SecretStr
    region: Literal["global", "eu"] = "global"
    base_url: str | None = None
    batch: Annotated[int, Field(ge=1, le=MAXIMUM_PERSONALIZATIONS)] = MAXIMUM_PERSONALIZATIONS
    concurrency: Annotated[int, Field(ge=1, le=32)] = 4
    timeout: Annotated[float, Field(gt=0, le=600)] = 60.0
    sandbox: bool = False

    @field_validator("api_key")
    @classmethod
    def _check_key(cls, value: SecretStr) -> SecretStr:
        key = value.get_secret_value()
        if not (key and key.isascii() and key.isprintable() and " " not in key):
            raise ValueError("this is no API key|Copy the key from SendGrid, without spaces or line breaks.")
        return value

    @field_validator("base_url")
    @classmethod
    def _check_base_url(cls, value: str | None) -> str | None:
        return None if value is None else _origin(value)

    @property
    def host(self) -> str:
        """Scheme and host of the API."""
        return self.base_url or _HOSTS[self.region]


def _origin(value: str) -> str:
    """Check a base of the API.

    Raises:
        ValueError: It is no origin, or the key would travel to it in the clear.
    """
    remedy = "Write it like https://api.sendgrid.com."
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError:
        raise ValueError(f"this is not a URL|{remedy}") from None
    if not parts.hostname or not value.isascii() or not value.isprintable() or " " in value:
        raise ValueError(f"this is not a URL|{remedy}")
    if "@" in parts.netloc or parts.path.strip("/") or parts.query or parts.fragment:
        raise ValueError(f"this is more than a scheme and a host|{remedy}")
    if parts.scheme != "https" and not (parts.scheme == "http" and is_local(value)):
        raise ValueError(f"the API key would travel in the clear|Use https. {remedy}")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}" + (f":{port}" if port is not None else "")


def is_local(url: str) -> bool:
    """Tell whether a URL leads to this machine."""
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
