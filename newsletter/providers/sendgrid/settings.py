"""The table `[providers.sendgrid]`."""

import re
from typing import Annotated, Final, Literal

from pydantic import Field, field_validator

from newsletter.providers.base.settings import ApiKey, ApiSettings, WebhookMinutes

MAXIMUM_PERSONALIZATIONS: Final = 1000
"""How many messages a request may carry. Source: "limited to 1000 personalizations per API request"."""
REPEATED_FOR: Final = 1_500
"""Minutes for which a webhook is good: SendGrid repeats one for 24 hours, and does not say that it signs it anew."""
_PEM: Final = re.compile(r"-----(?:BEGIN|END) PUBLIC KEY-----|\s+")
_VERIFIER: Final = re.compile(r"MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE[A-Za-z0-9+/]{86}==")
"""A public key on P-256, as DER in base 64: what comes before the point is always the same."""
_HOSTS: Final = {"global": "https://api.sendgrid.com", "eu": "https://api.eu.sendgrid.com"}


class Settings(ApiSettings):
    """The table `[providers.sendgrid]`.

    Args:
        api_key: A key with the permission Mail Send.
        region: Where the account is kept.
        batch: The most messages in one request; what one lost reply leaves in doubt.
        sandbox: SendGrid only checks what it gets, and sends nothing.
        webhook_verifier: The public key that webhooks are checked by; base 64, or PEM.
        webhook_minutes: How old a webhook may be.
    """

    api_key: ApiKey
    region: Literal["global", "eu"] = "global"
    batch: Annotated[int, Field(ge=1, le=MAXIMUM_PERSONALIZATIONS)] = MAXIMUM_PERSONALIZATIONS
    sandbox: bool = False
    webhook_verifier: str | None = None
    webhook_minutes: WebhookMinutes = REPEATED_FOR

    @field_validator("webhook_verifier")
    @classmethod
    def _check_verifier(cls, value: str | None) -> str | None:
        if value is None:
            return None
        bare = _PEM.sub("", value)
        if not _VERIFIER.fullmatch(bare):
            raise ValueError(
                "this is not a verification key|Copy it from the event webhook in SendGrid; it begins with MFkw."
            )
        return bare

    @property
    def home(self) -> str:
        """Scheme and host of SendGrid's own API."""
        return _HOSTS[self.region]
