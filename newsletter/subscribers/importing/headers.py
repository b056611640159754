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

BLOCKED: Final = "blocked"
"""Whether nobody may mail them, whatever the reason."""
BOUNCED: Final = "bounced"
"""Whether, when or why mail to them came back for good."""
COMPLAINED: Final = "complained"
"""Whether or when they called a mail spam."""

TAGS: Final = "tags"
"""What staff call them by."""
ATTRIBUTES: Final = "attributes"
"""Attributes by name, as JSON."""
ASKED_AT: Final = "asked_at"
"""When they signed up."""
CONFIRMED_AT: Final = "confirmed_at"
"""When they confirmed it."""
NETWORK: Final = "network"
"""Where on the network that was."""
WAY: Final = "way"
"""How or where they signed up, in words."""
LIST_NAME: Final = "list_name"
"""What the list is called where they signed up."""

SIGNS: Final = (STATUS, LEFT_AT, OPTED_OUT, BLOCKED, BOUNCED, COMPLAINED)
"""The fields that tell who has left; a table may have several columns of each."""
EVIDENCE: Final = (ASKED_AT, CONFIRMED_AT, NETWORK, WAY, LIST_NAME)
"""The fields that tell how somebody came to be on the list; a table may have several columns of each too."""

EXPORTED: Final = ("status", "source", "subscribed_at", "unsubscribed_at")
"""The columns of an export that are no values of the subscriber."""
EXPORTED_TOO: Final = ("paused_until", "frequency", "consent_at", "consent_how", "consent_source")
"""Those that are only shown, and mean nothing where an export is imported."""
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
    "cleantime": BOUNCED,
    "cleancampaigntitle": BOUNCED,
    "cleancampaignid": BOUNCED,
    "cleanedat": BOUNCED,
    "bouncedat": BOUNCED,
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
    "blocklisted": BLOCKED,
    "blacklisted": BLOCKED,
    "emailblocklisted": BLOCKED,
    "emailblacklisted": BLOCKED,
    "suppressed": BLOCKED,
    "bounced": BOUNCED,
    "cleaned": BOUNCED,
    "complained": COMPLAINED,
    "complainedat": COMPLAINED,
    "geblokkeerd": BLOCKED,
}
"""How Mailchimp, Substack, Ghost, HubSpot, Salesforce, Brevo, MailPoet, listmonk, Laposta and others tell who left."""

_EVIDENCE: Final[Mapping[str, str]] = {
    "optintime": ASKED_AT,
    "optindate": ASKED_AT,
    "optedinat": ASKED_AT,
    "optinat": ASKED_AT,
    "createdat": ASKED_AT,
    "created": ASKED_AT,
    "createddate": ASKED_AT,
    "datecreated": ASKED_AT,
    "dateadded": ASKED_AT,
    "addedat": ASKED_AT,
    "startdate": ASKED_AT,
    "signupdate": ASKED_AT,
    "signedupat": ASKED_AT,
    "signuptime": ASKED_AT,
    "signuptimestamp": ASKED_AT,
    "joinedat": ASKED_AT,
    "datejoined": ASKED_AT,
    "subscribedat": ASKED_AT,
    "subscribedon": ASKED_AT,
    "subscribeddate": ASKED_AT,
    "subscribedate": ASKED_AT,
    "datesubscribed": ASKED_AT,
    "subscriptiondate": ASKED_AT,
    "subscriptiontime": ASKED_AT,
    "subscriptiondatesubstack": ASKED_AT,
    "consentdate": ASKED_AT,
    "consentat": ASKED_AT,
    "aanmelddatum": ASKED_AT,
    "aangemeldop": ASKED_AT,
    "datumaanmelding": ASKED_AT,
    "inschrijfdatum": ASKED_AT,
    "ingeschrevenop": ASKED_AT,
    "datuminschrijving": ASKED_AT,
    "toestemmingop": ASKED_AT,
    "datumtoestemming": ASKED_AT,
    "confirmtime": CONFIRMED_AT,
    "confirmdate": CONFIRMED_AT,
    "confirmedat": CONFIRMED_AT,
    "confirmationtime": CONFIRMED_AT,
    "confirmationdate": CONFIRMED_AT,
    "bevestigdop": CONFIRMED_AT,
    "bevestigingsdatum": CONFIRMED_AT,
    "datumbevestiging": CONFIRMED_AT,
    "optinip": NETWORK,
    "confirmip": NETWORK,
    "confirmedip": NETWORK,
    "confirmationip": NETWORK,
    "subscribedip": NETWORK,
    "subscriptionip": NETWORK,
    "signupip": NETWORK,
    "ip": NETWORK,
    "ipaddress": NETWORK,
    "ipadres": NETWORK,
    "source": WAY,
    "sourceurl": WAY,
    "signupsource": WAY,
    "optinsource": WAY,
    "consentsource": WAY,
    "subscriptionsource": WAY,
    "subscriptionsourcefree": WAY,
    "bron": WAY,
    "bronurl": WAY,
    "herkomst": WAY,
    "aanmeldbron": WAY,
    "list": LIST_NAME,
    "listname": LIST_NAME,
    "lijst": LIST_NAME,
    "lijstnaam": LIST_NAME,
}
"""How other programs and people call the columns that tell how somebody signed up."""

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
    "tags": TAGS,
    "tag": TAGS,
    "labels": TAGS,
    "label": TAGS,
    **_EVIDENCE,
    **_DEPARTURES,
    **{name.replace("_", ""): name for name in EVIDENCE},
    **{sign.replace("_", ""): sign for sign in SIGNS},
}
"""Field by header, as `plain` makes it."""

_RESERVED: Final = frozenset(
    {name.replace("_", "") for name in (INFIX, NAME, TAGS, *SIGNS, *EXPORTED, *EXPORTED_TOO, *REPORTED)}
) | {
    *_DEPARTURES,
    *("email", "firstname", "lastname", "language", "topics", "id", "address", "list", "createdat", "changedat"),
}

_TELLS_OF_LEAVING: Final = re.compile(
    r"unsub|optout|optedout|afmeld|afgemeld|uitschrij|uitgeschrev|blocklist|blacklist|blokkeer|suppress|bounce"
    r"|clean|opgeschoond|disabled|inactive|inactief|delet|verwijder|donot|nietmail|complain|klacht|spam|status"
    r"|subscribed(?!at|on|date|ip)|consent(?!at|how|source|date)|toestemming(?!op)|marketing|newsletter|nieuwsbrief|emailable|mailable"
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
