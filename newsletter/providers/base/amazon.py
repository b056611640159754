"""What Amazon SES calls a bounce, for itself and for those that send by way of it.

Source: Amazon's developer guide of SES, "Contents of event data that Amazon SES publishes to Amazon SNS": bounce types.
"""

from collections.abc import Mapping
from typing import Final

from newsletter.providers.base.faults import fault_of
from newsletter.providers.base.feedback import EventKind, Fault
from newsletter.providers.base.webhooks import Meaning

BOUNCES: Final[Mapping[tuple[str, str], Meaning]] = {
    ("permanent", "general"): Meaning(EventKind.BOUNCED, Fault.ADDRESS),
    ("permanent", "noemail"): Meaning(EventKind.BOUNCED, Fault.ADDRESS),
    ("permanent", "suppressed"): Meaning(EventKind.BOUNCED, Fault.ADDRESS),
    ("permanent", "onaccountsuppressionlist"): Meaning(EventKind.DROPPED, Fault.UNKNOWN),
    ("permanent", "unsubscribedrecipient"): Meaning(EventKind.DROPPED, Fault.UNKNOWN),
    ("transient", "general"): Meaning(EventKind.BOUNCED, Fault.UNKNOWN),
    ("transient", "mailboxfull"): Meaning(EventKind.BOUNCED, Fault.MAILBOX),
    ("transient", "messagetoolarge"): Meaning(EventKind.BOUNCED, Fault.MESSAGE),
    ("transient", "contentrejected"): Meaning(EventKind.BOUNCED, Fault.MESSAGE),
    ("transient", "attachmentrejected"): Meaning(EventKind.BOUNCED, Fault.MESSAGE),
    ("transient", "customtimeoutexceeded"): Meaning(EventKind.BOUNCED, Fault.NETWORK),
    ("undetermined", "undetermined"): Meaning(EventKind.BOUNCED, Fault.UNKNOWN),
}
"""A bounce's type and the type below it, in small letters; what is not here is a bounce of which nothing is known."""
_UNKNOWN: Final = Meaning(EventKind.BOUNCED, Fault.UNKNOWN)


def judge_bounce(kind: str, detail: str, status: str, reply: str) -> Meaning:
    """Say what a bounce means.

    An address is blamed only where Amazon calls the bounce permanent, and what the server said does not speak of
    something else.

    Args:
        kind: Its type, such as "Permanent".
        detail: The type below that, such as "NoEmail".
        status: The server's enhanced status code, if any.
        reply: What the server said, if anything.
    """
    known = BOUNCES.get((kind.lower(), detail.lower()), _UNKNOWN)
    told = fault_of(status, reply)
    if known.fault is Fault.ADDRESS and detail.lower() == "general" and told is not Fault.UNKNOWN:
        # Of the other types Amazon knows more than the server said.
        return Meaning(known.kind, told)
    if known.kind is EventKind.BOUNCED and known.fault is Fault.UNKNOWN and told is not Fault.ADDRESS:
        return Meaning(known.kind, told)
    return known
