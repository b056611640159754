"""Signs requests with AWS's own library; the messages themselves travel as those of every other API.

Its client is not used: when a connection breaks while a reply is read, it says the same as when none was made.

Source: AWS Signature Version 4.
"""

import logging
from collections.abc import Mapping
from typing import Any, Final

from newsletter.errors import Place, PluginError, ProviderError
from newsletter.providers.ses.settings import Settings

TABLE: Final = "providers.ses"


class Signer:
    """Signs with one set of credentials, which are renewed when they run out.

    Args:
        credentials: As AWS's library found them.
    """

    def __init__(self, credentials: Any, settings: Settings) -> None:
        # At the level DEBUG the library writes session tokens to the log.
        logging.getLogger("botocore.auth").setLevel(logging.INFO)
        self._credentials = credentials
        self._region = settings.region
        self._host = settings.host

    @property
    def secret(self) -> str:
        """What must never be shown."""
        return str(self._credentials.get_frozen_credentials().secret_key)

    def sign(self, method: str, path: str, content: bytes = b"") -> Mapping[str, str]:
        """Give the header fields of a request; may ask the network for new credentials.

        Raises:
            ProviderError: There are none to be had any more.
        """
        from botocore.auth import SigV4Auth
        from botocore.awsrequest import AWSRequest
        from botocore.exceptions import BotoCoreError

        headers = {"content-type": "application/json"} if content else {}
        request = AWSRequest(method=method, url=f"{self._host}{path}", headers=headers, data=content)
        try:
            SigV4Auth(self._credentials.get_frozen_credentials(), "ses", self._region).add_auth(request)
        except BotoCoreError as error:
            raise _no_credentials(type(error).__name__) from error
        return dict(request.headers.items())


def load_signer(settings: Settings) -> Signer:
    """Find the credentials; may ask the network for them.

    Raises:
        PluginError: AWS's library is not installed.
        ProviderError: There are no credentials.
    """
    try:
        from botocore.credentials import Credentials
        from botocore.exceptions import BotoCoreError
        from botocore.session import Session
    except ModuleNotFoundError as error:
        raise PluginError(
            f"providers/ses needs the package {error.name!r}, which is not installed",
            remedy="Install the extra that brings it: pip install 'newsletter[ses]'.",
        ) from error
    if settings.access_key_id and settings.secret_access_key:
        token = settings.session_token.get_secret_value() if settings.session_token else None
        key = settings.access_key_id.get_secret_value()
        return Signer(Credentials(key, settings.secret_access_key.get_secret_value(), token), settings)
    try:
        credentials = Session(profile=settings.profile).get_credentials()
    except BotoCoreError as error:
        raise _no_credentials(type(error).__name__) from error
    if credentials is None:
        raise _no_credentials("AWS's tools find none")
    return Signer(credentials, settings)


def _no_credentials(reason: str) -> ProviderError:
    return ProviderError(
        f"there are no credentials for Amazon SES: {reason}",
        where=Place(field=TABLE),
        remedy="Set NEWSLETTER_PROVIDERS__SES__ACCESS_KEY_ID and NEWSLETTER_PROVIDERS__SES__SECRET_ACCESS_KEY, "
        f"or name a profile in [{TABLE}].",
    )
