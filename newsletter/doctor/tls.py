"""The connection to the mail server is encrypted, and its certificate stays valid for a while.

A certificate that does not hold, or is another host's, is never accepted; the check `provider` then says so.

Source: RFC 8314, RFC 3207.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from newsletter.doctor.base import Observation, Surroundings, fine, problem, unknown, warning
from newsletter.errors import NewsletterError

NEEDS_NETWORK: Final = True

_SOON: Final = timedelta(days=14)


async def examine(surroundings: Surroundings) -> Sequence[Observation]:
    """Look at the connection that the provider was asked over."""
    try:
        inspection = await surroundings.inspect()
    except NewsletterError:
        return [unknown("there is no connection to look at", "See what the check provider says.")]
    if inspection is None:
        return [
            unknown(
                f"the provider {surroundings.settings.provider} makes no connection that could be looked at",
                "Set provider to the one you send with.",
            )
        ]
    if not inspection.is_private:
        return [
            problem(
                f"the connection to {inspection.server} is not encrypted: others can read who gets what",
                'Set tls = "starttls" or "implicit" in its settings, or send by another server.',
            )
        ]
    ends = inspection.certificate_ends
    if ends is None:
        return [fine(f"nobody else can read along on the connection to {inspection.server}")]
    left = ends - surroundings.now()
    message = f"the certificate of {inspection.server} is valid for {left.days} more days, until {ends:%Y-%m-%d}"
    if left < _SOON:
        return [warning(message, "Have it renewed: afterwards nothing can be sent.")]
    return [fine(message)]
