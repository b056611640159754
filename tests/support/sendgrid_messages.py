"""A run of the SendGrid provider that keeps what came."""

from collections.abc import Iterable, Sequence
from typing import Any

from newsletter.providers import sendgrid
from newsletter.providers.base import Message
from support.api_messages import LINK, NAME, SHARED, Run, Sample, run_with, samples
from support.sendgrid_server import API_KEY

__all__ = ["LINK", "NAME", "SHARED", "Sample", "run", "samples"]


def run(
    url: str,
    messages: Iterable[Message],
    *,
    withheld: Sequence[str] = (),
    intend_error: Exception | None = None,
    **options: Any,
) -> Run:
    settings = sendgrid.Settings(**{"api_key": API_KEY, "base_url": url, "timeout": 5.0, **options})
    return run_with(sendgrid, settings, messages, withheld=withheld, intend_error=intend_error)
