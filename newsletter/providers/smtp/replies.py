"""What a reply means: for one message, for its reader, or for us as a sender.

A permanent refusal in answer to RCPT, DATA or the end of a message may be anybody's fault. Its enhanced code tells
where the tables know it; its words tell where the code says nothing. Whom neither names, the server's other replies
must tell: see `streak`.

Source: RFC 5321 §4.2 and §4.3.2; the registry of enhanced codes (RFC 5248) with RFC 3463, 4954, 7372, 7504, 7505;
Microsoft's and Google's own pages of codes.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final

from newsletter.message import DeliveryKey
from newsletter.providers.base import Accepted, Deferred, Outcome, Rejected, Uncertain, phrases
from newsletter.providers.smtp.kinds import Kind, kind, wait_for
from newsletter.providers.smtp.protocol import CLOSING, Phase, Reply, own_words


class Verdict(Enum):
    """What a reply means."""

    GO_ON = "as hoped for"
    LATER = "refused for now"
    NEVER = "refused for good"
    REFUSED = "we are refused, and nobody whom we write to"
    CLOSED = "the server hangs up"
    UNCLEAR = "no answer to what was asked"


class Blame(Enum):
    """Whom a permanent refusal speaks of."""

    SENDER = "us: the next reader would be refused too"
    READER = "this reader's address or mailbox"
    MESSAGE = "this message: its size or its form"
    UNSAID = "it does not tell"


NOT_LET_IN: Final = frozenset({530, 534, 535, 538})
"""We are to log in, or to log in otherwise. Source: RFC 4954 §6."""
NOT_UNDERSTOOD: Final = frozenset({500, 502, 503, 504})
"""The server lost the thread of the conversation, which says nothing of the reader."""


def _numbers(start: str, first: int, last: int) -> str:
    return " ".join(f"{start}.{number}" for number in range(first, last + 1))


_CODES: Final[Mapping[Blame, tuple[str, ...]]] = {
    Blame.SENDER: (
        # The sender's address and its domain; 5.1.90, 5.2.252 and 5.4.5 are limits and rights of the sender.
        "5.1.7 5.1.8 5.1.90 5.2.252 5.4.5",
        # Login and encryption.
        "5.5.6 5.7.8 5.7.9 5.7.10 5.7.11 5.7.12 5.7.13 5.7.14",
        # DKIM, SPF, reverse DNS, both, null MX, flood, ARC; RFC 7372 and 7505. Google: 27 SPF, 29 TLS, 30 DKIM.
        _numbers("5.7", 20, 30),
        # Google: alignment of From, and no DMARC record.
        "5.7.32 5.7.40",
        # Microsoft: client not authenticated, may not send as this sender.
        "5.7.57 5.7.60",
        # Microsoft: spam from here, banned sender, bad HELO, limits, DMARC, block lists, authentication (515).
        "5.7.501 5.7.502 5.7.503 5.7.506 5.7.508 5.7.509 5.7.511 5.7.513 5.7.514 5.7.515",
        # Microsoft: banned addresses of machines, and tenants over their threshold.
        _numbers("5.7", 606, 649),
        _numbers("5.7", 700, 750),
    ),
    Blame.READER: (
        "5.1.1 5.1.2 5.1.3 5.1.4 5.1.6 5.1.10 5.2.0 5.2.1 5.2.2 5.2.4",
        "5.6.7 5.7.2 5.7.17 5.7.18",
        # Microsoft: who may write to a closed group; banned or restricted recipients.
        "5.7.124 5.7.133 5.7.134 5.7.135 5.7.136 5.7.504 5.7.505 5.7.507",
    ),
    Blame.MESSAGE: ("5.2.3 5.3.4 5.6.0 5.6.1 5.6.2 5.6.3 5.6.4 5.6.5 5.6.6 5.6.8 5.6.9 5.6.10 5.7.16",),
    Blame.UNSAID: (
        "5.0.0 5.1.0 5.1.5 5.1.9",
        "5.3.0 5.3.1 5.3.2 5.3.3 5.3.5 5.3.6",
        "5.4.0 5.4.1 5.4.2 5.4.3 5.4.4 5.4.6 5.4.7",
        "5.5.0 5.5.1 5.5.2 5.5.3 5.5.4 5.5.5",
        "5.7.0 5.7.1 5.7.3 5.7.4 5.7.5 5.7.6 5.7.7 5.7.15 5.7.19",
    ),
}

CODES: Final[Mapping[str, Blame]] = {
    code: blame for blame, lines in _CODES.items() for line in lines for code in line.split()
}
"""Every permanent enhanced code of the registry, and those of large receivers, with whom it speaks of."""

WORDS: Final[tuple[tuple[str, Blame], ...]] = (
    # A reply about the sender's address may say that it was not found, as one about the reader's does.
    (phrases.SENDER_ADDRESS, Blame.SENDER),
    (phrases.CLIENT, Blame.SENDER),
    (phrases.YOUR_HOST, Blame.SENDER),
    (f"{phrases.UNKNOWN}|{phrases.SWITCHED_OFF}", Blame.READER),
    (phrases.NO_SUCH, Blame.READER),
    (phrases.NOT_EXISTING, Blame.READER),
    (phrases.MAILBOX_FULL, Blame.READER),
    (phrases.SIZE, Blame.MESSAGE),
    (f"{phrases.RELAYING}|{phrases.LOGIN}", Blame.SENDER),
    (phrases.BLOCK_LIST, Blame.SENDER),
    (phrases.BLOCKED, Blame.SENDER),
    (phrases.UNPROVEN, Blame.SENDER),
    (phrases.SENDING_LIMIT, Blame.SENDER),
    (f"{phrases.LIMIT_IN_TIME}|{phrases.TOO_MANY}", Blame.SENDER),
)
"""What words speak of, as patterns; the first that is found decides."""

_WORDS: Final = tuple((re.compile(pattern, re.IGNORECASE), blame) for pattern, blame in WORDS)
_REFERENCE: Final = re.compile(r"(?:queued as|\bid=)\s*([\w.-]+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Ending:
    """What became of a message.

    Args:
        likeness: Of a permanent refusal that may not be this reader's: equal where the refusals are. Else empty.
        against_policy: A rule of the server's refused the content.
        in_doubt: A lost process would leave it in doubt: it was intended.
    """

    outcome: Outcome
    likeness: str = ""
    against_policy: bool = False
    in_doubt: bool = False


def judge(phase: Phase, reply: Reply) -> Verdict:
    """Tell what a reply means.

    421 before the end of a message says that nothing was taken; in answer to its end it is a refusal for now.

    Source: RFC 5321 §4.2.1, §4.2.2 and §4.3.2.
    """
    kind = reply.code // 100
    if reply.code == CLOSING and phase is not Phase.END:
        return Verdict.CLOSED
    if kind == (3 if phase is Phase.DATA else 2):
        return Verdict.GO_ON
    if kind == 4:
        return Verdict.LATER
    return _judge_refusal(phase, reply) if kind == 5 else Verdict.UNCLEAR


def blame(reply: Reply) -> Blame:
    """Tell whom a permanent refusal speaks of.

    Only the server's own words count: an address or a host's name that it repeats may hold any word.
    """
    if reply.code in NOT_LET_IN:
        return Blame.SENDER
    by_code = CODES.get(reply.enhanced, Blame.UNSAID)
    if by_code is not Blame.UNSAID:
        return by_code
    said = own_words(reply)
    return next((named for pattern, named in _WORDS if pattern.search(said)), Blame.UNSAID)


def end(key: DeliveryKey, phase: Phase, verdict: Verdict, reply: Reply, *, intended: bool = False) -> Ending:
    """Write a verdict about one message as what became of it.

    Args:
        intended: Its intent is written down; it always is once the end is reached.
    """
    intended = intended or phase is Phase.END
    if verdict is Verdict.GO_ON:
        return Ending(_outcome(key, verdict, reply), in_doubt=intended)
    return Ending(
        _outcome(key, verdict, reply),
        likeness=f"{reply.code} {reply.enhanced}".strip() if _may_be_about_us(verdict, reply) else "",
        against_policy=phase is Phase.END and verdict is Verdict.NEVER and _is_policy(reply),
        in_doubt=intended,
    )


def remedy_for(phase: Phase, reply: Reply, *, logged_in: bool) -> str:
    """Say what a person can do when the server refuses us."""
    if phase is Phase.LOGIN:
        return "Check username and password; some servers want a password made for this program."
    if phase is Phase.SENDER and logged_in:
        return "Check the sender's address, the size of the issue, and what this login may send."
    if not logged_in and (phase is Phase.SENDER or reply.code in NOT_LET_IN or _wants_login(reply)):
        return "The server may want a login: set username and password."
    if phase in (Phase.RECIPIENT, Phase.DATA, Phase.END):
        return (
            "Look for a block list, a limit, or SPF, DKIM and DMARC of the sender's domain in what it says, "
            "or ask the server's keeper; then run the same command again."
        )
    return "Ask the server's keeper what this sender may do, and look at [providers.smtp]."


def _judge_refusal(phase: Phase, reply: Reply) -> Verdict:
    if phase is Phase.SENDER:
        # 5.6.7: a recipient's address needs SMTPUTF8. RFC 6531 §3.5. Too large: RFC 1870 §6.1. All else is about us.
        return Verdict.NEVER if reply.enhanced == "5.6.7" or blame(reply) is Blame.MESSAGE else Verdict.REFUSED
    if phase not in (Phase.RECIPIENT, Phase.DATA, Phase.END):
        return Verdict.REFUSED
    named = blame(reply)
    if named is Blame.SENDER:
        return Verdict.REFUSED
    if phase is Phase.RECIPIENT and reply.code == 552:
        return Verdict.LATER  # what old servers say for 452; RFC 5321 §4.5.3.1.10
    if named is Blame.UNSAID and reply.code in NOT_UNDERSTOOD:
        return Verdict.LATER
    return Verdict.NEVER


def _may_be_about_us(verdict: Verdict, reply: Reply) -> bool:
    if verdict not in (Verdict.LATER, Verdict.NEVER):
        return False
    if reply.code // 100 == 4:
        return kind(reply) is Kind.BLOCKED
    return blame(reply) is not Blame.READER


def _is_policy(reply: Reply) -> bool:
    """Tell whether a rule refused the content, which it then may do to every message."""
    return reply.enhanced.startswith("5.7.") and blame(reply) is not Blame.READER


def _wants_login(reply: Reply) -> bool:
    return re.search("relay|authenticat|rcpthosts", " ".join(reply.lines), re.IGNORECASE) is not None


def _outcome(key: DeliveryKey, verdict: Verdict, reply: Reply) -> Outcome:
    if verdict is Verdict.GO_ON:
        found = _REFERENCE.search(" ".join(reply.lines))
        return Accepted(key, found[1] if found else "", reply.words)
    if verdict in (Verdict.LATER, Verdict.REFUSED):
        return Deferred(key, reply.words, wait_for(reply))
    if verdict is Verdict.NEVER:
        return Rejected(key, reply.words)
    return Uncertain(key, reply.words)
