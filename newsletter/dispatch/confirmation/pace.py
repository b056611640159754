"""Keeps the limits of speed that issues are held to: places are taken from the same buckets.

A run of an issue waits for its turn in a queue. Here nobody waits: who gets no place at once goes back into the
database until there is one, so that a slow mail system keeps nobody else's mail.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import timedelta

from newsletter.dispatch.confirmation.letters import ConfirmationMail
from newsletter.dispatch.pacing import Buckets
from newsletter.dispatch.pacing.buckets import Wish
from newsletter.dispatch.pacing.hints import Scope, hint_of
from newsletter.dispatch.pacing.rows import Complaint
from newsletter.message import DeliveryKey, ascii_domain
from newsletter.providers.base import Outcome


class Pace:
    """The limits of one turn.

    Args:
        buckets: As all processes share them.
    """

    def __init__(self, buckets: Buckets) -> None:
        self._buckets = buckets

    def ask(
        self, mails: Sequence[ConfirmationMail]
    ) -> tuple[Sequence[ConfirmationMail], Mapping[DeliveryKey, timedelta]]:
        """Take places for mails.

        Returns:
            Those that may go now, and for how long each of the others is put off.

        Raises:
            StoreError: The database cannot be read or written.
        """
        by_domain: dict[str, list[ConfirmationMail]] = defaultdict(list)
        for mail in mails:
            by_domain[self._domain(mail)].append(mail)
        standing = self._buckets.standing() if mails else {}
        keys = {domain: self._buckets.rules.keys(domain, standing.keys()) for domain in by_domain}
        limited = [domain for domain in by_domain if keys[domain]]
        put_off: dict[DeliveryKey, timedelta] = {}
        if limited:
            grants = self._buckets.reserve([Wish(keys[domain], len(by_domain[domain])) for domain in limited])
            for domain, grant in zip(limited, grants, strict=True):
                wait = timedelta(seconds=max(grant.again, 1.0))
                put_off |= {mail.key: wait for mail in by_domain[domain][len(grant.delays) :]}
        return [mail for mail in mails if mail.key not in put_off], put_off

    def hear(self, outcome: Outcome, mail: ConfirmationMail) -> Complaint | None:
        """Learn from what a provider says whether it, or a mail system, finds us too fast."""
        hint = hint_of(outcome)
        if hint is None:
            return None
        key = self._buckets.rules.provider if hint.scope is Scope.PROVIDER else self._domain(mail)
        return Complaint(key, hint, 0.0)

    def slow_down(self, complaint: Complaint) -> None:
        """Let everybody know.

        Raises:
            StoreError: The database cannot be read or written.
        """
        self._buckets.slow_down([complaint])

    def _domain(self, mail: ConfirmationMail) -> str:
        return self._buckets.rules.domain(ascii_domain(mail.recipient.address.rpartition("@")[2]).lower())
