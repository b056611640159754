"""The table `[providers.resend]`."""

import re
from typing import Annotated, Final

from pydantic import Field, SecretStr, field_validator

from newsletter.providers.base.settings import ApiKey, ApiSettings, SenderDomain, WebhookMinutes

MAXIMUM_MESSAGES: Final = 100
"""How many messages a request may carry. Source: "Trigger up to 100 batch emails at once"."""
REPEATED_FOR: Final = 5
"""Minutes for which a webhook is good: Resend signs each repetition anew, so that this is for clocks that differ."""
_SECRET: Final = re.compile(r"whsec_(?:[A-Za-z0-9+/]{4}){6,}(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")


class Settings(ApiSettings):
    """The table `[providers.resend]`.

    Args:
        api_key: A key with the permission to send.
        domain: The domain that Resend sends for; the sender's own by default.
        batch: The most messages in one request; what one lost reply leaves in doubt.
        concurrency: How many requests may be under way at once; Resend takes few a second.
        webhook_secret: The webhook's signing secret.
        webhook_minutes: How old a webhook may be.
    """

    api_key: ApiKey
    domain: SenderDomain = None
    batch: Annotated[int, Field(ge=1, le=MAXIMUM_MESSAGES)] = MAXIMUM_MESSAGES
    concurrency: Annotated[int, Field(ge=1, le=32)] = 2
    webhook_secret: ApiKey | None = None
    webhook_minutes: WebhookMinutes = REPEATED_FOR

    @field_validator("webhook_secret")
    @classmethod
    def _check_webhook_secret(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not _SECRET.fullmatch(value.get_secret_value()):
            raise ValueError("this is not a signing secret|Copy it from the webhook in Resend; it begins with whsec_.")
        return value

    @property
    def home(self) -> str:
        """Scheme and host of Resend's own API."""
        return "https://api.resend.com"
