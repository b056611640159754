"""Takes what a provider reports by webhook: checked, read, stored and applied before it is answered."""

import asyncio
from typing import Final

from newsletter import plugins
from newsletter.dispatch import Surroundings
from newsletter.errors import PluginError
from newsletter.feedback.ingest import Policy, Taken, take
from newsletter.fetching import Fetcher, Limits
from newsletter.providers.base.feedback import WebhookReader, WebhookRequest
from newsletter.settings import provider_settings

LARGEST_DOCUMENT: Final = 65_536
"""Certificates and confirmations are smaller than that, in octets."""
PATIENCE: Final = Limits(seconds=5, redirects=0, requests=1)


def has_webhook(provider: str) -> bool:
    """Tell whether a provider reports by webhook."""
    if provider.replace("-", "_") not in plugins.names("providers"):
        return False
    return hasattr(plugins.load("providers", provider), "read_webhook")


def take_webhook(surroundings: Surroundings, provider: str, request: WebhookRequest) -> Taken:
    """Take one request of a provider's webhook; once this returns, all of it is safe, and it may be answered.

    Raises:
        PluginError: There is no such provider, or it reports nothing by webhook.
        WebhookRefused: It was not made by the provider, or is of no use; to send it once more is of none either.
        SettingsError: What it is to be checked against is not set; it may be sent once more, as after the others.
        FetchError: What it is to be checked against cannot be fetched.
        StoreError: The database cannot be written.
    """
    if not has_webhook(provider):
        known = ", ".join(name for name in plugins.names("providers") if has_webhook(name))
        raise PluginError(f"{provider!r} reports nothing by webhook", remedy=f"There are: {known}.")
    read: WebhookReader = plugins.load("providers", provider).read_webhook
    settings = provider_settings(surroundings.settings, surroundings.workspace, provider)
    events = read(request, settings, fetch_document)
    return take(surroundings.database, events, Policy.of(surroundings.settings), surroundings.clock())


def fetch_document(url: str) -> bytes:
    """Fetch a small document, guarded: nothing within our own network, no redirects, an end to everything.

    Raises:
        FetchError: It cannot be fetched, or may not be.
    """

    async def fetch() -> bytes:
        async with Fetcher(PATIENCE) as fetcher:
            return (await fetcher.get(url, max_bytes=LARGEST_DOCUMENT, follow=False)).content

    return asyncio.run(fetch())
