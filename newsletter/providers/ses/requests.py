"""Makes requests of messages.

Source: Amazon's service model of SES v2: `SendEmailRequest`.
"""

from base64 import b64encode
from dataclasses import replace
from typing import Any, Final, TypeAlias

from newsletter.providers.base import Message, Rejected
from newsletter.providers.base.letters import Letter, whole_letter, write_json

MAXIMUM_BYTES: Final = 40_000_000
"""How large a message may be, as it is written into a request. Source: developer guide, "Service quotas"."""

SesLetter: TypeAlias = Letter[None, bytes]
"""Its entry is the whole request."""


def prepare(message: Message, configuration_set: str | None) -> SesLetter | Rejected:
    """Make a letter of a message, or say why Amazon SES cannot carry it."""
    # Base64 makes four bytes of three.
    letter = whole_letter(message, "Amazon SES", MAXIMUM_BYTES * 3 // 4)
    if isinstance(letter, Rejected):
        return letter
    body: dict[str, Any] = {
        "Destination": {"ToAddresses": [letter.address]},
        "Content": {"Raw": {"Data": b64encode(letter.entry).decode("ascii")}},
        "EmailTags": [{"Name": "delivery", "Value": letter.key}],
        "ConfigurationOverrides": {"Tracking": {"OpenTrackingEnabled": "DISABLED", "ClickTrackingEnabled": "DISABLED"}},
    }
    if configuration_set:
        body["ConfigurationSetName"] = configuration_set
    entry = write_json(body)
    return replace(letter, entry=entry, size=len(entry))
