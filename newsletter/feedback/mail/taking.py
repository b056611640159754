"""Takes mail out of a mailbox: read, stored, and only then noted as kept, so that a kill loses nothing."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

from newsletter.errors import FeedbackError
from newsletter.feedback.mail.mailboxes import Incoming, Mailbox
from newsletter.feedback.mail.reading import MailKind, read_mail
from newsletter.providers.base.feedback import FeedbackEvent

TOGETHER: Final = 100
"""So many messages are stored at once; a kill lets as many be read again."""


@dataclass(slots=True)
class MailTally:
    """What was taken.

    Attributes:
        kinds: How many messages of each kind.
        refused: Where the messages stand that could not be read, with why; they still wait.
    """

    kinds: Counter[MailKind] = field(default_factory=Counter)
    refused: list[tuple[str, FeedbackError]] = field(default_factory=list)


def take_mail(
    mailbox: Mailbox,
    return_path: str,
    store: Callable[[Sequence[FeedbackEvent]], object],
    progress: Callable[[int], None] = lambda _: None,
) -> MailTally:
    """Take everything that waits in a mailbox.

    Args:
        return_path: The workspace's, such as `bounces+{key}@example.org`; empty where it has none.
        store: Stores events, each once however often it is given; what it is given is safe once it returns.
        progress: Is told how many more messages are done.

    Raises:
        FeedbackError: The mailbox cannot be read or changed; what was stored before stays stored.
    """
    tally = MailTally()
    waiting = mailbox.waiting()
    while several := list(islice(waiting, TOGETHER)):
        events = [event for incoming in several for event in _read(incoming, return_path, tally)]
        if events:
            store(events)
        unread = {place for place, _ in tally.refused}
        for incoming in several:
            if incoming.place not in unread:
                mailbox.keep(incoming)
        progress(len(several))
    return tally


def _read(incoming: Incoming, return_path: str, tally: MailTally) -> Iterator[FeedbackEvent]:
    try:
        report = read_mail(incoming.content, incoming.received_at, return_path)
    except FeedbackError as error:
        tally.refused.append((incoming.place, error))
        return
    tally.kinds[report.kind] += 1
    yield from report.events
