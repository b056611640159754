"""The programs whose exports are known by their headers, and what those columns of theirs hold that have odd names.

Only what a program's own columns mean stands here; what people call their columns stands in `headers`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Final

from newsletter.subscribers.importing.headers import (
    ASKED_AT,
    ATTRIBUTES,
    BOUNCED,
    LEFT_AT,
    LIST_NAME,
    STATUS,
    TAGS,
    WAY,
    plain,
)
from newsletter.subscribers.importing.standing import Standing

PASSED_OVER: Final = "-"


@dataclass(frozen=True, slots=True)
class Product:
    """A program that lists of people come from.

    Args:
        name: What it is called.
        signs: Sets of headers, as `plain` makes them; a file that has all of one set looks like its export.
        columns: Field by header, exactly as the program writes it; "-" for what says nothing to us.
        files: What everybody in a file has in common, by the beginning of the file's name.
    """

    name: str
    signs: tuple[frozenset[str], ...]
    columns: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, Standing] = field(default_factory=dict)

    def common_standing(self, file: str) -> Standing | None:
        """Tell how everybody in a file stands, where its name says so."""
        name = PurePath(file).name.casefold()
        return next((standing for start, standing in self.files.items() if name.startswith(start)), None)


_NOISE_OF_MAILCHIMP: Final = (
    *("MEMBER_RATING", "LATITUDE", "LONGITUDE", "GMTOFF", "DSTOFF", "TIMEZONE", "CC", "REGION", "LAST_CHANGED"),
    *("LEID", "EUID", "NOTES"),
)

PRODUCTS: Final = (
    Product(
        "Mailchimp",
        (frozenset({"memberrating", "optintime"}), frozenset({"leid", "euid"})),
        {
            **dict.fromkeys(_NOISE_OF_MAILCHIMP, PASSED_OVER),
            "TAGS": TAGS,
            **dict.fromkeys(("UNSUB_TIME", "UNSUB_REASON", "UNSUB_REASON_OTHER"), LEFT_AT),
            **dict.fromkeys(("UNSUB_CAMPAIGN_TITLE", "UNSUB_CAMPAIGN_ID"), LEFT_AT),
            **dict.fromkeys(("CLEAN_TIME", "CLEAN_CAMPAIGN_TITLE", "CLEAN_CAMPAIGN_ID"), BOUNCED),
        },
        {
            "subscribed": Standing.SUBSCRIBED,
            "unsubscribed": Standing.LEFT,
            "cleaned": Standing.BOUNCED,
            "nonsubscribed": Standing.UNCONFIRMED,
            "transactional": Standing.UNCONFIRMED,
            "pending": Standing.UNCONFIRMED,
        },
    ),
    Product(
        "listmonk",
        (
            frozenset({"uuid", "email", "name", "attributes", "status"}),
            frozenset({"subscriberuuid", "email", "attributes"}),
        ),
        {
            "uuid": PASSED_OVER,
            "attributes": ATTRIBUTES,
            "created_at": ASKED_AT,
            "updated_at": PASSED_OVER,
            "lists": LIST_NAME,
            "subscription_status": STATUS,
        },
    ),
    Product(
        "MailPoet",
        (frozenset({"liststatus", "globalstatus"}), frozenset({"globalstatus", "subscriptiontime"})),
        {"List": LIST_NAME, "Lijst": LIST_NAME, "Globale status": STATUS, "Lijststatus": STATUS},
    ),
    Product(
        "Substack",
        (
            frozenset({"email", "activesubscription"}),
            frozenset({"email", "emaildisabled", "expiry"}),
            frozenset({"email", "subscriptiontype", "startdate"}),
            frozenset({"email", "stripeplan", "startdate"}),
        ),
        {
            **dict.fromkeys(("active_subscription", "plan", "expiry", "type", "prefer_digests"), PASSED_OVER),
            **dict.fromkeys(("Subscription type", "Activity", "Stripe plan", "Cancel date"), PASSED_OVER),
            "Start date": ASKED_AT,
            "Subscription source (free)": WAY,
        },
    ),
    Product(
        "Laposta",
        (
            frozenset({"memberid", "listid", "state"}),
            frozenset({"memberid", "signupdate"}),
            frozenset({"relatieid", "emailadres"}),
            frozenset({"emailadres", "aanmelddatum", "ipadres"}),
            frozenset({"emailadres", "inschrijfdatum", "ipadres"}),
            frozenset({"emailadres", "datuminschrijving", "ipadres"}),
            frozenset({"emailadres", "datumaanmelding", "ipadres"}),
        ),
        {
            **dict.fromkeys(("member_id", "list_id", "modified_date", "Relatie-ID", "Relatie ID"), PASSED_OVER),
            **dict.fromkeys(("Laatst gewijzigd", "Wijzigingsdatum", "Datum wijziging"), PASSED_OVER),
            "state": STATUS,
            "signup_date": ASKED_AT,
            "source_url": WAY,
        },
    ),
    Product(
        "Ghost",
        (frozenset({"email", "subscribedtoemails", "complimentaryplan"}),),
        {
            **dict.fromkeys(("id", "note", "complimentary_plan", "stripe_customer_id", "tiers"), PASSED_OVER),
            "labels": TAGS,
        },
    ),
    Product(
        "this newsletter program",
        (frozenset({"email", "status", "source", "subscribedat", "unsubscribedat"}),),
        dict.fromkeys(("paused_until", "frequency", "consent_at", "consent_how", "consent_source"), PASSED_OVER),
    ),
)
"""The first one whose signs a file has is the one it looks like."""


def find_product(headers: Sequence[str]) -> Product | None:
    """Find the program that an export looks like the work of."""
    present = {plain(header) for header in headers}
    return next((one for one in PRODUCTS if any(signs <= present for signs in one.signs)), None)
