"""Where an import goes, and what becomes of each row there."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from newsletter.subscribers.definitions import Definitions
from newsletter.subscribers.hashes import AddressHashes
from newsletter.subscribers.networks import Policy


class Fate(StrEnum):
    """What an import makes of a row."""

    ADDED = "added"
    JOINED = "joined"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    LEFT = "left"
    UNSUBSCRIBED = "unsubscribed"
    UNCONFIRMED = "unconfirmed"
    SUPPRESSED = "suppressed"
    REPEATED = "repeated"
    BAD = "bad"


WRITTEN = (Fate.ADDED, Fate.JOINED, Fate.CHANGED, Fate.LEFT)
"""The fates that change something."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where an import goes: the list, and what is written beside each subscription.

    Args:
        source: Where the people came from, kept as proof of how they joined.
        now: Aware.
        basis: Why they may be mailed, as staff state it.
        by: Who of the staff imports them.
        detail: What is imported, without anybody's name or address in it; staff know the change by it.
        identity: What tells this very import from others, so that one that was cut off is gone on with.
        networks: How much is kept of where on the network they joined from.
    """

    list: str
    source: str
    now: datetime
    definitions: Definitions
    hashes: AddressHashes
    basis: str | None = None
    by: str = ""
    detail: str = ""
    identity: bytes = b""
    networks: Policy = "none"
