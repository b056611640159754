"""Why a server refuses a message, by its codes and by the words that servers are known to use.

The kind of a refusal for now tells how long to wait; that of one for good, whom it blames: see `replies`.

Source: RFC 3463 §3, RFC 5248's registry, RFC 6647 §2 (greylisting); the replies of Postfix, Exim, Exchange, Gmail,
Yahoo, Postgrey, milter-greylist and rspamd.
"""

import re
from collections.abc import Mapping
from datetime import timedelta
from enum import Enum
from typing import Final

from newsletter.providers.base import phrases
from newsletter.providers.smtp.protocol import Reply, own_words


class Kind(Enum):
    """Why a message was refused, in words that fit after "because of"."""

    GREYLISTING = "greylisting"
    MAILBOX_FULL = "a full mailbox"
    UNKNOWN_USER = "an unknown user"
    BLOCKED = "a block of this sender"
    POLICY = "a rule of the server"
    OTHER = "something else"


CODES: Final[Mapping[Kind, tuple[str, ...]]] = {
    Kind.GREYLISTING: (),
    Kind.MAILBOX_FULL: ("2.2",),
    Kind.UNKNOWN_USER: ("1.1", "1.6", "1.10", "2.1"),
    # The sender's address and domain, DKIM, SPF, reverse DNS; Google's 28 to 40 are about floods, TLS and DMARC.
    Kind.BLOCKED: (
        *("1.7", "1.8", "7.20", "7.21", "7.22", "7.23", "7.24", "7.25", "7.26", "7.27", "7.28", "7.29", "7.30"),
        *("7.32", "7.40", "7.515", "7.606", "7.650", "7.750"),
    ),
    Kind.POLICY: (),
    Kind.OTHER: (),
}
"""Enhanced codes without their class, which is 4 or 5. Of those about rules the general ones tell least."""

WORDS: Final[tuple[tuple[str, Kind], ...]] = (
    (phrases.GREYLISTED, Kind.GREYLISTING),
    (f"{phrases.MAILBOX_FULL}|{phrases.ACCOUNT_FULL}", Kind.MAILBOX_FULL),
    (phrases.UNKNOWN, Kind.UNKNOWN_USER),
    (f"{phrases.NO_SUCH}|{phrases.NOT_EXISTING}", Kind.UNKNOWN_USER),
    (phrases.BLOCK_LIST, Kind.BLOCKED),
    (f"{phrases.SLOWED}|{phrases.TOO_MANY}", Kind.BLOCKED),
    (f"{phrases.CLIENT}|{phrases.YOUR_HOST}", Kind.BLOCKED),
    (phrases.UNPROVEN, Kind.BLOCKED),
    # A limit may ask for the same, so it stands before this.
    (phrases.ASKED_TO_WAIT, Kind.GREYLISTING),
    (f"{phrases.POLICY}|{phrases.CONTENT}", Kind.POLICY),
)
"""What words speak of, as patterns; the first that is found decides."""

GREYLISTED_FOR: Final = timedelta(minutes=5)
"""What most greylists ask for. Source: RFC 6647 §5."""
SHORTEST: Final = timedelta(minutes=1)
LONGEST: Final = timedelta(minutes=30)

_BY_CODE: Final = {code: kind for kind, codes in CODES.items() for code in codes}
_BY_WORDS: Final = tuple((re.compile(pattern, re.IGNORECASE), kind) for pattern, kind in WORDS)
_CLOCK: Final = re.compile(r"\b(\d{1,2}):(\d{2}):(\d{2})\b")
_SPAN: Final = re.compile(r"\b(\d{1,5}) ?(s|sec|second|m|min|minute)s?\b", re.IGNORECASE)


def kind(reply: Reply) -> Kind:
    """Tell why a message was refused.

    Greylisting is only for now; a refusal for good that speaks of it is something else.
    """
    detail = reply.enhanced.partition(".")[2]
    if detail in _BY_CODE:
        return _BY_CODE[detail]
    otherwise = Kind.POLICY if detail.startswith("7.") else Kind.OTHER
    said = own_words(reply)
    found = next((named for pattern, named in _BY_WORDS if pattern.search(said)), otherwise)
    return otherwise if found is Kind.GREYLISTING and reply.code // 100 != 4 else found


def wait_for(reply: Reply) -> timedelta | None:
    """Tell how soon it pays to try again after a refusal for now, where the usual time is too long."""
    if reply.code // 100 != 4 or kind(reply) is not Kind.GREYLISTING:
        return None
    text = own_words(reply)
    asked = GREYLISTED_FOR
    if clock := _CLOCK.search(text):
        hours, minutes, seconds = map(int, clock.groups())
        asked = timedelta(hours=hours, minutes=minutes, seconds=seconds)
    elif span := _SPAN.search(text):
        unit = "minutes" if span[2].lower().startswith("m") else "seconds"
        asked = timedelta(**{unit: int(span[1])})
    return min(max(asked, SHORTEST), LONGEST)
