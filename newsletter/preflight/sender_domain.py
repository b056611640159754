"""Sender whose domain mail systems do not trust.

The sender's address stands in a domain of your own, not of a mail provider for everybody; failures are reported to
the same domain or one below it, so that SPF counts for the sender (alignment), and answers can be written.
"""

from collections.abc import Iterator
from typing import Final

from newsletter.errors import Place
from newsletter.message import ascii_domain
from newsletter.preflight.base import Context, Finding, Severity, say

severity: Severity = Severity.ERROR

_FOR_EVERYBODY: Final = frozenset(
    (
        *("aol.com", "fastmail.com", "gmail.com", "gmx.com", "gmx.de", "gmx.net", "googlemail.com", "icloud.com"),
        *("live.com", "live.nl", "mac.com", "mail.com", "mail.ru", "me.com", "msn.com", "outlook.com", "outlook.de"),
        *("hotmail.be", "hotmail.com", "hotmail.de", "hotmail.fr", "hotmail.nl", "proton.me", "protonmail.com"),
        *("t-online.de", "tutanota.com", "web.de", "yahoo.com", "yahoo.de", "yahoo.fr", "yandex.ru", "ymail.com"),
        *("casema.nl", "chello.nl", "hetnet.nl", "home.nl", "kpnmail.nl", "kpnplanet.nl", "planet.nl", "quicknet.nl"),
        *("skynet.be", "telenet.be", "upcmail.nl", "xs4all.nl", "ziggo.nl", "zonnet.nl"),
    )
)
_SECOND_LEVELS: Final = frozenset(("ac", "co", "com", "edu", "gov", "net", "org"))


def check(context: Context) -> Iterator[Finding]:
    """Look at the addresses in the settings."""
    sender = context.settings.sender
    domain = _domain(sender.email)
    if domain in _FOR_EVERYBODY:
        message = say("mail systems refuse bulk mail from an address at %(domain)s", domain=domain)
        remedy = say("Send from an address in a domain of your own, with SPF, DKIM and DMARC.")
        yield Finding(Place("newsletter.toml", field="sender.email"), message, remedy)
    returned = _domain(sender.return_path) if sender.return_path else domain
    if organisation(returned) != organisation(domain):
        message = say(
            "failures go to %(returned)s, which is not a domain of the sender %(domain)s: SPF does not count",
            returned=returned,
            domain=domain,
        )
        remedy = say("Take a return path at %(domain)s, or below it.", domain=organisation(domain))
        yield Finding(Place("newsletter.toml", field="sender.return_path"), message, remedy)


def organisation(domain: str) -> str:
    """Guess the domain that somebody has registered: two labels, or three below such as co.uk."""
    labels = domain.split(".")
    country = 2
    count = 3 if len(labels) > country and len(labels[-1]) == country and labels[-2] in _SECOND_LEVELS else country
    return ".".join(labels[-count:])


def _domain(address: str) -> str:
    return ascii_domain(address.rpartition("@")[2].lower())
