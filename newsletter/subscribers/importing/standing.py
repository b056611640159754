"""How somebody stands to the list that a file comes from: the words, English and Dutch, that programs say it with."""

from collections.abc import Mapping
from enum import IntEnum
from typing import Final

from newsletter.errors import Place, SubscriberError
from newsletter.subscribers.addresses import clean_text
from newsletter.subscribers.importing.headers import BLOCKED, BOUNCED, COMPLAINED, LEFT_AT, OPTED_OUT, STATUS


class Standing(IntEnum):
    """How somebody stands to a list; of two rows with one address, the one with the higher standing counts."""

    UNCONFIRMED = 0
    """They never confirmed, or were never subscribed: known to the other program, and no more than that."""
    SUBSCRIBED = 1
    LEFT = 2
    BLOCKED = 3
    """Nobody may mail them, for a reason that the file does not tell."""
    BOUNCED = 4
    COMPLAINED = 5


SUPPRESSED_FOR: Final[Mapping[Standing, str]] = {
    Standing.BLOCKED: "suppressed",
    Standing.BOUNCED: "bounced",
    Standing.COMPLAINED: "complained",
}
"""Why an address may not be mailed by anybody, by the standing that says so."""

_WORDS: Final[Mapping[Standing, frozenset[str]]] = {
    Standing.SUBSCRIBED: frozenset(
        {"", "subscribed", "active", "confirmed", "enabled", "ingeschreven", "aangemeld", "actief", "bevestigd"}
        | {"1", "true", "yes", "y", "ja", "j", "waar"}
    ),
    Standing.UNCONFIRMED: frozenset(
        {"unconfirmed", "pending", "not confirmed", "awaiting confirmation", "unverified", "nonsubscribed"}
        | {"non-subscribed", "transactional", "onbevestigd", "niet bevestigd", "in afwachting"}
        | {"wacht op bevestiging", "nog niet bevestigd"}
    ),
    Standing.LEFT: frozenset(
        {"unsubscribed", "inactive", "deleted", "removed", "disabled", "archived", "not subscribed", "soft bounced"}
        | {"opted out", "opted-out", "optout", "opt-out", "globally unsubscribed", "unsubscribed from all email"}
        | {"uitgeschreven", "afgemeld", "inactief", "niet actief", "verwijderd", "niet ingeschreven", "gearchiveerd"}
        | {"0", "false", "no", "n", "nee", "onwaar"}
    ),
    Standing.BLOCKED: frozenset(
        {"blocklisted", "blacklisted", "blocked", "suppressed", "do not mail", "do not contact", "geblokkeerd"}
    ),
    Standing.BOUNCED: frozenset(
        {"bounced", "cleaned", "hard bounced", "hard bounce", "hard-bounced", "undeliverable", "opgeschoond"}
        | {"gebounced", "onbestelbaar"}
    ),
    Standing.COMPLAINED: frozenset(
        {"complained", "complaint", "spam", "spam complaint", "marked as spam", "reported spam", "klacht", "spamklacht"}
    ),
}
_STANDINGS: Final[Mapping[str, Standing]] = {word: standing for standing, words in _WORDS.items() for word in words}
_SAID_BY: Final[Mapping[str, Standing]] = {
    LEFT_AT: Standing.LEFT,
    OPTED_OUT: Standing.LEFT,
    BLOCKED: Standing.BLOCKED,
    BOUNCED: Standing.BOUNCED,
    COMPLAINED: Standing.COMPLAINED,
}
"""What a column says of somebody by anything that stands in it, but a no."""
_NO: Final = frozenset({"", "false", "no", "n", "nee", "onwaar", "null", "none"})
"""What stands in a column about leaving for somebody who has not left; a date of zeros and a dash say no too."""


def read_standing(field: str, text: str) -> Standing:
    """Read one column that tells how somebody stands.

    Raises:
        SubscriberError: It is a status that nobody knows, which may say that somebody has left.
    """
    if field != STATUS:
        said = clean_text(text).casefold()
        return Standing.SUBSCRIBED if said.strip("0:-./ ") in _NO else _SAID_BY[field]
    said = clean_text(text).casefold().replace("_", " ")
    found = _STANDINGS.get(said)
    if found is None:
        raise SubscriberError(
            f"{said[:40]!r} does not tell whether they are on the list",
            where=Place(field=STATUS),
            remedy="Write subscribed or unsubscribed, or pass the column over: --map 'COLUMN=-'.",
        )
    return found


def most_telling(first: Standing, second: Standing) -> Standing:
    """Give the one of two standings in one row that counts: the worse, and a missing confirmation before none."""
    worse = max(first, second)
    return worse if worse > Standing.SUBSCRIBED else min(first, second)
