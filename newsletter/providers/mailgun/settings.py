"""The table `[providers.mailgun]`."""

from typing import Annotated, Final, Literal

from pydantic import Field, field_validator

from newsletter.providers.base.settings import ApiKey, ApiSettings, SenderDomain, WebhookMinutes

REPEATED_FOR: Final = 720
"""Minutes for which a webhook is good: Mailgun repeats one for eight hours, under the same signature."""
_HOSTS: Final = {"us": "https://api.mailgun.net", "eu": "https://api.eu.mailgun.net"}


class Settings(ApiSettings):
    """The table `[providers.mailgun]`.

    Args:
        api_key: A key of the account, or a sending key of the domain.
        domain: The domain that Mailgun sends for; the sender's own by default.
        region: Where the domain is kept.
        concurrency: How many messages may be under way at once; each is a request of its own.
        sandbox: Mailgun takes the messages, and sends nothing.
        webhook_key: The account's HTTP webhook signing key.
        webhook_minutes: How old a webhook may be.
    """

    api_key: ApiKey
    domain: SenderDomain = None
    region: Literal["us", "eu"] = "us"
    concurrency: Annotated[int, Field(ge=1, le=32)] = 8
    sandbox: bool = False
    webhook_key: ApiKey | None = None
    webhook_minutes: WebhookMinutes = REPEATED_FOR

    @field_validator("domain")
    @classmethod
    def _check_domain(cls, value: str | None) -> str | None:
        if value is None:
            raise ValueError("the domain that sends is not known|Name it as domain in [providers.mailgun].")
        return value

    @property
    def home(self) -> str:
        """Scheme and host of Mailgun's own API."""
        return _HOSTS[self.region]
