"""The table `[providers.sendgrid]`."""

from typing import Annotated, Final, Literal

from pydantic import Field

from newsletter.providers.base.settings import ApiKey, ApiSettings

MAXIMUM_PERSONALIZATIONS: Final = 1000
"""How many messages a request may carry. Source: "limited to 1000 personalizations per API request"."""
_HOSTS: Final = {"global": "https://api.sendgrid.com", "eu": "https://api.eu.sendgrid.com"}


class Settings(ApiSettings):
    """The table `[providers.sendgrid]`.

    Args:
        api_key: A key with the permission Mail Send.
        region: Where the account is kept.
        batch: The most messages in one request; what one lost reply leaves in doubt.
        sandbox: SendGrid only checks what it gets, and sends nothing.
    """

    api_key: ApiKey
    region: Literal["global", "eu"] = "global"
    batch: Annotated[int, Field(ge=1, le=MAXIMUM_PERSONALIZATIONS)] = MAXIMUM_PERSONALIZATIONS
    sandbox: bool = False

    @property
    def home(self) -> str:
        """Scheme and host of SendGrid's own API."""
        return _HOSTS[self.region]
