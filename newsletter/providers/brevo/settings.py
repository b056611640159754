"""The table `[providers.brevo]`."""

from typing import Annotated

from pydantic import Field

from newsletter.providers.base.settings import ApiKey, ApiSettings, WebhookSecret


class Settings(ApiSettings):
    """The table `[providers.brevo]`.

    Args:
        api_key: A key of the API, version 3; not the password for SMTP.
        concurrency: How many messages may be under way at once; each is a request of its own.
        timeout: How many seconds to wait for the network at each step; so short that a request can be repeated while
            Brevo still knows its key.
        sandbox: Brevo only checks what it gets, and sends nothing.
        webhook_secret: What Brevo sends along with a webhook, as a token or a password.
    """

    api_key: ApiKey
    concurrency: Annotated[int, Field(ge=1, le=32)] = 8
    timeout: Annotated[float, Field(gt=0, le=240)] = 60.0
    sandbox: bool = False
    webhook_secret: WebhookSecret | None = None

    @property
    def home(self) -> str:
        """Scheme and host of Brevo's own API."""
        return "https://api.brevo.com"
