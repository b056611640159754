"""The table `[providers.ses]`."""

import re
from typing import Annotated, Final

from pydantic import Field, SecretStr, ValidationInfo, field_validator

from newsletter.providers.base.settings import ApiKey, ApiSettings, WebhookMinutes

_REGION: Final = re.compile(r"[a-z]{2}(?:-[a-z]+)+-\d{1,2}")
REPEATED_FOR: Final = 480
"""Minutes for which a webhook is good: Amazon SNS repeats one for an hour under its first time, and may be slow."""
_TOPIC: Final = re.compile(r"arn:aws(?:-cn|-us-gov)?:sns:[a-z]{2}(?:-[a-z]+)+-\d{1,2}:\d{12}:[A-Za-z0-9_-]{1,256}")
_CONFIGURATION_SET: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")


class Settings(ApiSettings):
    """The table `[providers.ses]`.

    Args:
        region: The AWS region that sends, such as "eu-west-1".
        access_key_id: Who sends; without it, whom AWS's own tools find (environment, profile, role of the machine).
        secret_access_key: Belongs to `access_key_id`.
        session_token: Belongs to both where they are for a while only.
        profile: A section of AWS's own file of credentials.
        configuration_set: Applied to every message; says where its events go.
        concurrency: How many messages may be under way at once; each is a request of its own.
        webhook_topic: The ARN of the topic of Amazon SNS that events go to.
        webhook_minutes: How old a webhook may be.
    """

    region: str
    access_key_id: ApiKey | None = None
    secret_access_key: ApiKey | None = Field(default=None, validate_default=True)
    session_token: ApiKey | None = None
    profile: str | None = None
    configuration_set: str | None = None
    concurrency: Annotated[int, Field(ge=1, le=32)] = 8
    webhook_topic: str | None = None
    webhook_minutes: WebhookMinutes = REPEATED_FOR

    @field_validator("region")
    @classmethod
    def _check_region(cls, value: str) -> str:
        if not _REGION.fullmatch(value):
            raise ValueError('this is no region of AWS|Write it like "eu-west-1".')
        return value

    @field_validator("secret_access_key")
    @classmethod
    def _check_pair(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        if "access_key_id" in info.data and (value is None) != (info.data["access_key_id"] is None):
            raise ValueError(
                "a key needs both its parts|Set NEWSLETTER_PROVIDERS__SES__ACCESS_KEY_ID and "
                "NEWSLETTER_PROVIDERS__SES__SECRET_ACCESS_KEY, or neither."
            )
        return value

    @field_validator("configuration_set")
    @classmethod
    def _check_configuration_set(cls, value: str | None) -> str | None:
        if value is not None and not _CONFIGURATION_SET.fullmatch(value):
            raise ValueError("this is not the name of a configuration set|Copy it from Amazon SES.")
        return value

    @field_validator("webhook_topic")
    @classmethod
    def _check_topic(cls, value: str | None) -> str | None:
        if value is not None and not _TOPIC.fullmatch(value):
            raise ValueError(
                'this is not the ARN of a topic|Copy it from Amazon SNS: "arn:aws:sns:eu-west-1:123456789012:news".'
            )
        return value

    @property
    def home(self) -> str:
        """Scheme and host of the region's own API."""
        domain = "amazonaws.com.cn" if self.region.startswith("cn-") else "amazonaws.com"
        return f"https://email.{self.region}.{domain}"
