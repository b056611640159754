"""The table `[providers.resend]`."""

from typing import Annotated, Final

from pydantic import Field

from newsletter.providers.base.settings import ApiKey, ApiSettings, SenderDomain

MAXIMUM_MESSAGES: Final = 100
"""How many messages a request may carry. Source: "Trigger up to 100 batch emails at once"."""


class Settings(ApiSettings):
    """The table `[providers.resend]`.

    Args:
        api_key: A key with the permission to send.
        domain: The domain that Resend sends for; the sender's own by default.
        batch: The most messages in one request; what one lost reply leaves in doubt.
        concurrency: How many requests may be under way at once; Resend takes few a second.
    """

    api_key: ApiKey
    domain: SenderDomain = None
    batch: Annotated[int, Field(ge=1, le=MAXIMUM_MESSAGES)] = MAXIMUM_MESSAGES
    concurrency: Annotated[int, Field(ge=1, le=32)] = 2

    @property
    def home(self) -> str:
        """Scheme and host of Resend's own API."""
        return "https://api.resend.com"
