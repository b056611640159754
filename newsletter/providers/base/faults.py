"""Whom a bounce, a drop or a delay blames, by its enhanced status code and by what was said.

Source: RFC 3463 §3, the registry of RFC 5248, RFC 7505 §4.
"""

from collections.abc import Mapping
from typing import Final

from newsletter.providers.base.feedback import Fault
from newsletter.providers.smtp.kinds import Kind, kind
from newsletter.providers.smtp.protocol import Reply

CODES: Final[Mapping[str, Fault]] = {
    # No such mailbox, no such domain, moved away, the domain takes no mail.
    **dict.fromkeys(("1.1", "1.2", "1.6", "1.10"), Fault.ADDRESS),
    **dict.fromkeys(("2.0", "2.1", "2.2", "2.4"), Fault.MAILBOX),
    **dict.fromkeys(("1.7", "1.8"), Fault.SENDER),
    **dict.fromkeys(("2.3", "3.4"), Fault.MESSAGE),
}
"""Codes that tell, without their class; of those that are not here, each server makes its own use."""
SUBJECTS: Final[Mapping[str, Fault]] = {
    "2": Fault.MAILBOX,
    "3": Fault.NETWORK,
    "4": Fault.NETWORK,
    "6": Fault.MESSAGE,
    "7": Fault.SENDER,
}
"""What the middle number of a code speaks of, where nothing else tells."""
KINDS: Final[Mapping[Kind, Fault]] = {
    Kind.UNKNOWN_USER: Fault.ADDRESS,
    Kind.MAILBOX_FULL: Fault.MAILBOX,
    Kind.BLOCKED: Fault.SENDER,
    Kind.POLICY: Fault.SENDER,
}
"""What the words of servers speak of."""


def fault_of(status: str, words: str) -> Fault:
    """Tell whom a refusal blames; an address only for good.

    Args:
        status: An enhanced status code, or nothing.
        words: What was said.
    """
    detail = status.partition(".")[2]
    found = CODES.get(detail) or KINDS.get(kind(Reply(550, (words,)))) or SUBJECTS.get(detail.partition(".")[0])
    if found is None or (found is Fault.ADDRESS and status.startswith("4")):
        return Fault.UNKNOWN
    return found
