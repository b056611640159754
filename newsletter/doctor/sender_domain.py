"""The newsletter comes from a domain of your own.

Mail in the name of a free mailbox (gmail.com, outlook.com, …) that does not come from its own servers fails DMARC,
and large mail systems refuse it. A domain that is set aside for examples reaches nobody.

Source: Gmail's, Yahoo's and Microsoft's rules for bulk senders; RFC 2606 and RFC 6761.
"""

from collections.abc import Sequence
from typing import Final

from newsletter.doctor.base import Observation, Surroundings, fine, problem

NEEDS_NETWORK: Final = False

_FREE: Final = frozenset(
    {
        *("gmail.com", "googlemail.com", "outlook.com", "hotmail.com", "hotmail.nl", "live.com", "live.nl", "msn.com"),
        *("yahoo.com", "ymail.com", "aol.com", "icloud.com", "me.com", "mac.com", "proton.me", "protonmail.com"),
        *("gmx.com", "gmx.net", "gmx.de", "web.de", "mail.com", "zoho.com", "fastmail.com", "tutanota.com"),
        *("ziggo.nl", "kpnmail.nl", "planet.nl", "hetnet.nl", "home.nl", "xs4all.nl", "casema.nl", "telenet.be"),
    }
)
_RESERVED: Final = ("example", "example.com", "example.net", "example.org", "invalid", "localhost", "test", "local")


async def examine(surroundings: Surroundings) -> Sequence[Observation]:
    """Look at the domain of `sender.email`."""
    domain = surroundings.domain
    remedy = "Set sender.email to an address of your own domain."
    if domain in _FREE or domain.startswith("yahoo."):
        return [problem(f"{domain} gives out free mailboxes: mail from elsewhere in its name is refused", remedy)]
    if any(domain == reserved or domain.endswith(f".{reserved}") for reserved in _RESERVED):
        return [problem(f"{domain} is set aside for examples and tests: no mail system knows it", remedy)]
    return [fine(f"the newsletter comes from {domain}")]
