"""The table `[providers.postmark]`."""

import re
from typing import Annotated, Final

from pydantic import Field, field_validator

from newsletter.providers.base.settings import ApiKey, ApiSettings, WebhookSecret

MAXIMUM_MESSAGES: Final = 500
"""How many messages a request may carry. Source: "The batch endpoint accepts up to 500 messages per API call"."""

_STREAM: Final = re.compile(r"[a-z][a-z0-9_-]{0,29}")


class Settings(ApiSettings):
    """The table `[providers.postmark]`.

    Args:
        server_token: The token of the server that sends; not that of the account.
        stream: The message stream; Postmark wants newsletters in one of the type Broadcasts.
        batch: The most messages in one request; what one lost reply leaves in doubt.
        sandbox: Postmark only checks what it gets, and sends nothing.
        webhook_secret: What Postmark sends along with a webhook, as a password or in a field.
    """

    server_token: ApiKey
    stream: str = "broadcast"
    batch: Annotated[int, Field(ge=1, le=MAXIMUM_MESSAGES)] = MAXIMUM_MESSAGES
    sandbox: bool = False
    webhook_secret: WebhookSecret | None = None

    @field_validator("stream")
    @classmethod
    def _check_stream(cls, value: str) -> str:
        if not _STREAM.fullmatch(value):
            raise ValueError('this is not the name of a stream|Copy it from Postmark: small letters, like "broadcast".')
        return value

    @property
    def home(self) -> str:
        """Scheme and host of Postmark's own API."""
        return "https://api.postmarkapp.com"
