"""What goes wrong in a rehearsal: drawn for each reader from a seed, so that it can be had again."""

import hashlib
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Fault(StrEnum):
    """One way in which the sink misbehaves."""

    LATE = "late"
    SPLIT = "split"
    REJECTED = "rejected"
    DEFERRED = "deferred"
    REFUSED = "refused"
    CLOSING = "closing"
    CUT = "cut"
    UNANSWERED = "unanswered"


MEANINGS: Final[Mapping[Fault, str]] = {
    Fault.LATE: "replies that came late",
    Fault.SPLIT: "replies in two pieces",
    Fault.REJECTED: "readers refused for good",
    Fault.DEFERRED: "readers refused for now",
    Fault.REFUSED: "messages refused for now after their last byte",
    Fault.CLOSING: "connections closed with a word (421)",
    Fault.CUT: "connections lost within a message",
    Fault.UNANSWERED: "connections lost after a message that was kept",
}

Rates = Mapping[Fault, float]
"""How probable each fault is, from 0 to 1, for each message that is begun."""

RATES: Final[Mapping[str, Rates]] = {
    "none": {},
    "some": {
        Fault.LATE: 0.02,
        Fault.SPLIT: 0.05,
        Fault.REJECTED: 0.005,
        Fault.DEFERRED: 0.02,
        Fault.REFUSED: 0.01,
        Fault.CLOSING: 0.005,
        Fault.CUT: 0.005,
        Fault.UNANSWERED: 0.005,
    },
    "many": {
        Fault.LATE: 0.1,
        Fault.SPLIT: 0.25,
        Fault.REJECTED: 0.03,
        Fault.DEFERRED: 0.1,
        Fault.REFUSED: 0.06,
        Fault.CLOSING: 0.05,
        Fault.CUT: 0.05,
        Fault.UNANSWERED: 0.05,
    },
}

LOSING_A_REPLY: Final = (Fault.CUT, Fault.UNANSWERED)
"""Faults after which nobody can know what became of a message."""

BREAKING: Final = (Fault.DEFERRED, Fault.REFUSED, Fault.CLOSING, Fault.CUT, Fault.UNANSWERED)
"""Faults that end an attempt; one attempt has one of them at most."""
MOST_STRIKES: Final = 3
"""How often one reader's message is broken; after that it goes through, so that every rehearsal ends."""

LATE_SECONDS: Final = (0.01, 0.2)


@dataclass(frozen=True, slots=True)
class Fate:
    """What one attempt meets with.

    Args:
        breaking: What ends it, if anything does.
        at_end: Whether a connection is closed after the content rather than before it.
        late: How many seconds the last reply is late.
    """

    breaking: Fault | None = None
    at_end: bool = False
    late: float = 0.0
    is_split: bool = False


UNHARMED: Final = Fate()


class Fates:
    """Draws what each attempt meets with: the same for the same seed, reader and number of strikes before."""

    def __init__(self, seed: int, rates: Rates) -> None:
        self._seed = seed
        self._rates = {fault: rate for fault, rate in rates.items() if rate > 0}
        self._strikes: dict[bytes, int] = {}

    def draw(self, recipient: bytes) -> Fate:
        """Tell what the next attempt for a recipient meets with."""
        if not self._rates:
            return UNHARMED
        strikes = self._strikes.get(recipient, 0)
        if self._numbers(recipient, b"for good")[0] < self._rates.get(Fault.REJECTED, 0.0):
            return Fate(Fault.REJECTED)
        chance, lateness, seconds, pieces = self._numbers(recipient, b"%d" % strikes)
        breaking = self._breaking(chance, strikes)
        if breaking is not None:
            self._strikes[recipient] = strikes + 1
        least, most = LATE_SECONDS
        late = least + (most - least) * seconds if lateness < self._rates.get(Fault.LATE, 0.0) else 0.0
        return Fate(breaking, seconds < 0.5, late, pieces < self._rates.get(Fault.SPLIT, 0.0))

    def _breaking(self, chance: float, strikes: int) -> Fault | None:
        if strikes >= MOST_STRIKES:
            return None
        for fault in BREAKING:
            # Who was refused for now, or told to come again, is let in the next time.
            if strikes and fault in (Fault.DEFERRED, Fault.REFUSED):
                continue
            chance -= self._rates.get(fault, 0.0)
            if chance < 0:
                return fault
        return None

    def _numbers(self, recipient: bytes, what: bytes) -> tuple[float, float, float, float]:
        """Give four numbers from 0 up to 1."""
        drawn = hashlib.blake2b(b"%d\0%s\0%s" % (self._seed, what, recipient), digest_size=16).digest()
        one, two, three, four = (number / 2**32 for number in struct.unpack(">4I", drawn))
        return one, two, three, four
