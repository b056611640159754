"""Tells a refusal of one reader from a refusal of us by what the server says to the next ones.

No table knows every server's words. But a server that refuses everybody says the same to everybody.
"""

from collections.abc import Callable
from typing import Final

from newsletter.providers.base import Accepted, Deferred, Outcome
from newsletter.providers.smtp.replies import Ending

EQUAL_REFUSALS: Final = 10
"""How many equal refusals in a row, without an acceptance between them, are no longer about the readers.

Fewer would stop a dispatch at a few readers whom one organisation's server refuses alike. More would take longer to
see, and blame more readers, where a refusal of the content is all there is to see it by.
"""


class Streak:
    """Passes endings on, and counts equal refusals in a row.

    A refusal that came before the message was intended is held until the next one shows what it was worth; a kill
    meanwhile loses nothing. One that came later is passed on at once: a kill would leave it in doubt.

    Args:
        report: Takes every outcome.
    """

    def __init__(self, report: Callable[[Outcome], None]) -> None:
        self._report = report
        self._likeness = ""
        self._count = 0
        self._held: list[Outcome] = []

    def holds(self, likeness: str) -> bool:
        """Tell whether refusals of this kind are held."""
        return bool(self._held) and self._likeness == likeness

    def take(self, ending: Ending) -> bool:
        """Pass an ending on, or hold it; tell whether the refusals are about us by now."""
        if isinstance(ending.outcome, Accepted):
            self._begin("")
        elif ending.likeness and ending.likeness != self._likeness:
            self._begin(ending.likeness)
        if not ending.likeness:
            self._report(ending.outcome)
            return False
        self._count += 1
        if self._count >= EQUAL_REFUSALS:
            self._held.append(ending.outcome)
            self.close(blaming=False)
            return True
        if ending.in_doubt:
            self._report(ending.outcome)
        else:
            self._held.append(ending.outcome)
        return False

    def close(self, *, blaming: bool) -> None:
        """Report what is held.

        Args:
            blaming: As it was refused; or else as waiting, since the server refuses us.
        """
        held, self._held = self._held, []
        for outcome in held:
            self._report(outcome if blaming else Deferred(outcome.key, outcome.reply))

    def _begin(self, likeness: str) -> None:
        self.close(blaming=True)
        self._likeness, self._count = likeness, 0
