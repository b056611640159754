"""Whom a bounce, a drop or a delay blames, by its enhanced status code and by what was said.

A code that names the fault decides, unless the words say plainly that it is another's: servers put 5.1.1 before a
block list. Where the code says little, the words decide. An address is only blamed by a refusal for good.

Source: RFC 3463 §3 and its registry (RFC 5248), RFC 7505 (null MX); Microsoft's and Google's pages of codes.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from newsletter.providers.base import phrases, phrases_abroad
from newsletter.providers.base.feedback import Fault

LONGEST_REPLY: Final = 2_000
"""How many characters of what was said are read; no server says more that matters."""

_NAMED: Final[Mapping[Fault, str]] = {
    Fault.ADDRESS: "1.1 1.2 1.3 1.6 1.10 4.310",
    Fault.MAILBOX: "2.2 2.4 6.7 7.2 7.17 7.18 7.124 7.133 7.134 7.135 7.136 7.504 7.505 7.507",
    Fault.SENDER: "1.7 1.8 1.90 2.252",
    Fault.MESSAGE: "2.3 3.4 6.0 6.1 6.2 6.3 6.4 6.5 6.6 6.8 6.9 6.10 7.16",
}
CODES: Final[Mapping[str, Fault]] = {code: fault for fault, codes in _NAMED.items() for code in codes.split()}
"""Codes without their class that name the fault."""

SUBJECTS: Final[Mapping[str, Fault]] = {
    "1": Fault.UNKNOWN,
    "2": Fault.MAILBOX,
    "3": Fault.NETWORK,
    "4": Fault.NETWORK,
    "6": Fault.MESSAGE,
    "7": Fault.SENDER,
}
"""What the second number of a code means where neither the whole code nor the words tell more. Source: RFC 3463 §3."""

_NOT_ABOUT_ADDRESSES: Final = frozenset({"3", "6"})
"""Of a mail system's failure and of a message's form some servers say "unknown user" too, and nobody can tell then."""

WORDS: Final[tuple[tuple[str, Fault], ...]] = (
    (phrases.SENDER_ADDRESS, Fault.SENDER),
    (phrases.SENDER_OTHERWISE, Fault.SENDER),
    (phrases.CLIENT, Fault.SENDER),
    (phrases.YOUR_HOST, Fault.SENDER),
    (phrases.PROOF_MISSING, Fault.SENDER),
    (phrases_abroad.SENDER_UNKNOWN, Fault.SENDER),
    (phrases.HEADER_MISSING, Fault.MESSAGE),
    (phrases.GREYLISTED, Fault.SENDER),
    (phrases.UNKNOWN, Fault.ADDRESS),
    (phrases.NO_SUCH, Fault.ADDRESS),
    (phrases.NOT_EXISTING, Fault.ADDRESS),
    (phrases.UNKNOWN_OTHERWISE, Fault.ADDRESS),
    (phrases_abroad.UNKNOWN, Fault.ADDRESS),
    (phrases.MAILBOX_FULL, Fault.MAILBOX),
    (phrases.SENDING_LIMIT, Fault.SENDER),
    (phrases.ACCOUNT_FULL, Fault.MAILBOX),
    (phrases.FULL_OTHERWISE, Fault.MAILBOX),
    (phrases_abroad.FULL, Fault.MAILBOX),
    (phrases.SWITCHED_OFF, Fault.MAILBOX),
    (phrases.OFF_OTHERWISE, Fault.MAILBOX),
    (phrases_abroad.SWITCHED_OFF, Fault.MAILBOX),
    (phrases.UNKNOWN_DOMAIN, Fault.ADDRESS),
    (phrases_abroad.UNKNOWN_DOMAIN, Fault.ADDRESS),
    (phrases.SIZE, Fault.MESSAGE),
    (phrases.RELAYING, Fault.SENDER),
    (phrases.BLOCK_LIST, Fault.SENDER),
    (phrases.BLOCKED, Fault.SENDER),
    (phrases.UNPROVEN, Fault.SENDER),
    (phrases.LOGIN, Fault.SENDER),
    (phrases.CONTENT, Fault.MESSAGE),
    (phrases.LIMIT_IN_TIME, Fault.SENDER),
    (phrases.TOO_MANY, Fault.SENDER),
    (phrases.SLOWED, Fault.SENDER),
    (phrases.POLICY, Fault.SENDER),
    (phrases.REFUSED_ACCESS, Fault.SENDER),
    (phrases.OUT_OF_REACH, Fault.NETWORK),
)
"""What words speak of, as patterns; the first that is found decides."""

# Texts are folded instead: half of the time that patterns take goes into ignoring case.
_WORDS: Final = tuple((re.compile(pattern), fault) for pattern, fault in WORDS)
_REFUSED_NAME: Final = re.compile(r"(?<!\d)553[ -]")
"""A mailbox's name is not allowed, which is about an address whatever the status says. Source: RFC 5321 §4.2.3."""
_AGAIN: Final = re.compile(r"try again|server failure|temporar|timed out|servfail")
_SIZE: Final = re.compile(phrases.SIZE)
_REPLY: Final = re.compile(r"(?<![\d.])([45])\d\d(?=[ :;,-]|$)")


def fault_of(status: str, words: str) -> Fault:
    """Tell whom a refusal blames.

    Args:
        status: An enhanced status code, or nothing.
        words: What was said, as it was; it may begin with a reply's code.
    """
    said = words[:LONGEST_REPLY]
    spoken = fault_in_words(said)
    detail = status.partition(".")[2]
    named = CODES.get(detail)
    found = _weigh(named, spoken, said) if named else spoken or SUBJECTS.get(detail.partition(".")[0], Fault.UNKNOWN)
    if found is not Fault.ADDRESS:
        return found
    if detail == "2.0":
        return Fault.MAILBOX  # RFC 3463 §3.3: the mailbox exists
    if detail.partition(".")[0] in _NOT_ABOUT_ADDRESSES and not (detail == "3.0" and _REFUSED_NAME.search(said)):
        return SUBJECTS[detail.partition(".")[0]]
    if is_for_now(status, said):
        return Fault.NETWORK if detail.startswith("4.") else Fault.UNKNOWN
    return found


def fault_in_words(words: str) -> Fault | None:
    """Tell whom words blame, or None where they say nothing that is known."""
    return _fault_in(phrases.own_words(words[:LONGEST_REPLY]).lower())


@lru_cache(maxsize=1024)
def _fault_in(said: str) -> Fault | None:
    """Look through a server's own words, which are the same for many readers."""
    for pattern, fault in _WORDS:
        if pattern.search(said):
            # A name that cannot be looked up for now is no wrong name.
            return Fault.NETWORK if pattern is _UNKNOWN_DOMAIN and _AGAIN.search(said) else fault
    return None


def is_for_now(status: str, words: str) -> bool:
    """Tell whether a refusal is one for now: by the reply that is cited, or else by its status."""
    cited = _REPLY.search(words)
    if cited and (not status or status.endswith(".0.0")):
        return cited[1] == "4"
    return status.startswith("4")


def _weigh(named: Fault, spoken: Fault | None, said: str) -> Fault:
    """Let words correct a code where they say that the address is good, or that it never was."""
    if named is Fault.ADDRESS:
        tells = spoken in (Fault.SENDER, Fault.MAILBOX) or (spoken is Fault.MESSAGE and _SIZE.search(said.lower()))
        return spoken if spoken and tells else named
    return named


_UNKNOWN_DOMAIN: Final = next(
    pattern for (pattern, _), (written, _) in zip(_WORDS, WORDS, strict=True) if written == phrases.UNKNOWN_DOMAIN
)
