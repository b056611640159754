"""What the headers of lists mean: those that other programs write, in English and Dutch, and those that are ours."""

import re
from collections.abc import Mapping
from typing import Final

INFIX: Final = "infix"
"""A Dutch "tussenvoegsel", which is put in front of the last name."""
NAME: Final = "name"
"""A whole name, taken apart at its first space."""
STATUS: Final = "status"
"""Whether somebody is on the list, or has left it."""
LEFT_AT: Final = "left_at"
"""When or why somebody left the list; whatever stands here, but a no, says that they have."""
OPTED_OUT: Final = "opted_out"
"""Whether somebody does not want any mail; whatever stands here, but a no, says so."""

SIGNS: Final = (STATUS, LEFT_AT, OPTED_OUT)
"""The fields that tell who has left; a table may have several columns of each."""

EXPORTED: Final = ("status", "source", "subscribed_at", "unsubscribed_at")
"""The columns of an export that are no values of the subscriber."""
REPORTED: Final = ("row", "line", "problem", "remedy")
"""The columns that a report of bad rows has beside those of the file."""

_DEPARTURES: Final[Mapping[str, str]] = {
    "status": STATUS,
    "subscriptionstatus": STATUS,
    "subscriberstatus": STATUS,
    "contactstatus": STATUS,
    "emailstatus": STATUS,
    "globalstatus": STATUS,
    "liststatus": STATUS,
    "inschrijfstatus": STATUS,
    "subscribed": STATUS,
    "issubscribed": STATUS,
    "emailsubscribed": STATUS,
    "subscribedtoemails": STATUS,
    "subscribedtoemail": STATUS,
    "emailenabled": STATUS,
    "acceptsmarketing": STATUS,
    "acceptsemailmarketing": STATUS,
    "unsubscribedat": LEFT_AT,
    "unsubscribeddate": LEFT_AT,
    "dateunsubscribed": LEFT_AT,
    "unsubscribedate": LEFT_AT,
    "unsubscribetime": LEFT_AT,
    "unsubtime": LEFT_AT,
    "unsubcampaigntitle": LEFT_AT,
    "unsubcampaignid": LEFT_AT,
    "unsubreason": LEFT_AT,
    "unsubreasonother": LEFT_AT,
    "unsubscribereason": LEFT_AT,
    "cleantime": LEFT_AT,
    "cleancampaigntitle": LEFT_AT,
    "cleancampaignid": LEFT_AT,
    "cleanedat": LEFT_AT,
    "bouncedat": LEFT_AT,
    "deletedat": LEFT_AT,
    "uitgeschrevenop": LEFT_AT,
    "afgemeldop": LEFT_AT,
    "datumafmelding": LEFT_AT,
    "datumuitschrijving": LEFT_AT,
    "afmelddatum": LEFT_AT,
    "uitschrijfdatum": LEFT_AT,
    "uitgeschreven": OPTED_OUT,
    "afgemeld": OPTED_OUT,
    "unsubscribed": OPTED_OUT,
    "isunsubscribed": OPTED_OUT,
    "unsubscribedfromallemail": OPTED_OUT,
    "unsubscribedfromallemails": OPTED_OUT,
    "emailunsubscribed": OPTED_OUT,
    "globallyunsubscribed": OPTED_OUT,
    "emaildisabled": OPTED_OUT,
    "optout": OPTED_OUT,
    "optedout": OPTED_OUT,
    "emailoptout": OPTED_OUT,
    "emailoptedout": OPTED_OUT,
    "hasoptedoutofemail": OPTED_OUT,
    "donotemail": OPTED_OUT,
    "donotmail": OPTED_OUT,
    "donotcontact": OPTED_OUT,
    "blocklisted": OPTED_OUT,
    "blacklisted": OPTED_OUT,
    "emailblocklisted": OPTED_OUT,
    "emailblacklisted": OPTED_OUT,
    "suppressed": OPTED_OUT,
    "bounced": OPTED_OUT,
    "cleaned": OPTED_OUT,
    "complained": OPTED_OUT,
}
"""How Mailchimp, Substack, Ghost, HubSpot, Salesforce, Brevo, MailPoet, listmonk, Laposta and others tell who left."""

SYNONYMS: Final[Mapping[str, str]] = {
    "email": "email",
    "emailaddress": "email",
    "emailadres": "email",
    "mail": "email",
    "mailadres": "email",
    "address": "email",
    "adres": "email",
    "firstname": "first_name",
    "givenname": "first_name",
    "voornaam": "first_name",
    "roepnaam": "first_name",
    "lastname": "last_name",
    "familyname": "last_name",
    "surname": "last_name",
    "achternaam": "last_name",
    "familienaam": "last_name",
    "tussenvoegsel": INFIX,
    "tussenvoegsels": INFIX,
    "infix": INFIX,
    "name": NAME,
    "naam": NAME,
    "fullname": NAME,
    "volledigenaam": NAME,
    "language": "language",
    "taal": "language",
    "topics": "topics",
    "onderwerpen": "topics",
    "interesses": "topics",
    **_DEPARTURES,
    **{sign.replace("_", ""): sign for sign in SIGNS},
}
"""Field by header, as `plain` makes it."""

_RESERVED: Final = frozenset({name.replace("_", "") for name in (INFIX, NAME, *SIGNS, *EXPORTED, *REPORTED)}) | {
    *_DEPARTURES,
    *("email", "firstname", "lastname", "language", "topics", "id", "address", "createdat", "changedat"),
}

_TELLS_OF_LEAVING: Final = re.compile(
    r"unsub|optout|optedout|afmeld|afgemeld|uitschrij|uitgeschrev|blocklist|blacklist|blokkeer|suppress|bounce"
    r"|clean|opgeschoond|disabled|inactive|inactief|delet|verwijder|donot|nietmail|complain|klacht|spam|status"
    r"|subscribed(?!at|on|date)|consent|toestemming|marketing|newsletter|nieuwsbrief|emailable|mailable"
)


def plain(header: str) -> str:
    """Reduce a header to its letters and digits, in lower case."""
    return re.sub(r"[\W_]+", "", header).casefold()


def says_who_left(header: str) -> bool:
    """Tell whether a header is known to say who has left."""
    return plain(header) in _DEPARTURES


def is_reserved(name: str) -> bool:
    """Tell whether a name stands for something else in tables that are imported or exported."""
    return plain(name) in _RESERVED


def may_say_who_left(header: str) -> bool:
    """Tell whether a header looks as if it said who has left."""
    return says_who_left(header) or _TELLS_OF_LEAVING.search(plain(header)) is not None
