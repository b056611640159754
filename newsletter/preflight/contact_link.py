"""Link to write or to call that is not well written.

An address of e-mail stands behind `mailto:`, a telephone number with its country behind `tel:`, without spaces.
"""

import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import unquote

from email_validator import EmailNotValidError, validate_email

from newsletter.preflight.base import Context, Finding, Said, Severity, say

severity: Severity = Severity.ERROR

_FIELDS: Final = frozenset({"subject", "body", "cc", "bcc", "to"})
_NUMBER: Final = re.compile(r"\+[0-9]{1,3}(?:[-.()]*[0-9]){4,14}(?:;[a-z0-9-]+=[^;\s]+)*", re.IGNORECASE)
_SHORT: Final = re.compile(r"[0-9]{3,6}")
"""Numbers such as 112, which have no country."""


def check(context: Context) -> Iterator[Finding]:
    """Find addresses of e-mail and telephone numbers that are not well written."""
    for link in context.links.links:
        scheme, _, rest = link.url.partition(":")
        if link.personal or scheme.lower() not in ("mailto", "tel"):
            continue
        said = _of_mail(rest) if scheme.lower() == "mailto" else _of_telephone(rest)
        if said is None:
            continue
        for spot in link.spots:
            message = say("the link %(url)s is not well written: %(reason)s", url=link.url, reason=said[0])
            yield Finding(spot.place, message, said[1], spot.block)


def _of_mail(rest: str) -> tuple[Said, Said] | None:
    """Complain of a mailto link.

    Source: RFC 6068 §2.
    """
    addresses, _, query = rest.partition("?")
    for address in addresses.split(",") if addresses else ():
        try:
            validate_email(unquote(address), check_deliverability=False, test_environment=True)
        except EmailNotValidError:
            reason = say("%(address)r is no address of e-mail", address=unquote(address))
            return reason, say("Write it as mailto:name@example.org.")
    fields = [field.partition("=") for field in query.split("&")] if query else []
    if not addresses and not any(name.lower() == "to" for name, _, _ in fields):
        return say("it names no address"), say("Write it as mailto:name@example.org.")
    for name, _, _ in fields:
        if name.lower() not in _FIELDS:
            return say("there is no field %(name)r", name=name), say("There are: subject, body, cc, bcc.")
    return None


def _of_telephone(rest: str) -> tuple[Said, Said] | None:
    """Complain of a telephone number.

    Source: RFC 3966 §3.
    """
    number = unquote(rest)
    if _NUMBER.fullmatch(number) or _SHORT.fullmatch(number):
        return None
    if re.fullmatch(r"[0-9().-]+", number):
        return say("the number has no country"), say("Write it with the country, such as tel:+31301234567.")
    return say("that is no telephone number"), say("Write digits only, such as tel:+31301234567.")
