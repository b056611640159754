"""Goes on with every dispatch that a process can go on with now, one after the other."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from newsletter.dispatch import scheduling
from newsletter.dispatch.dispatches import Dispatch
from newsletter.dispatch.driving import drive
from newsletter.dispatch.receipt import keep_receipt
from newsletter.dispatch.runner import Stop
from newsletter.dispatch.surroundings import Surroundings
from newsletter.errors import NewsletterError

FIRST_REST: Final = timedelta(minutes=1)
LONGEST_REST: Final = timedelta(minutes=15)
"""How long a dispatch that could not go on is left alone: twice as long each time."""


@dataclass(frozen=True, slots=True)
class _Rest:
    until: datetime
    length: timedelta


@dataclass
class Worker:
    """Does what is due, again and again.

    Args:
        stop: Ends it as soon as what is under way is settled.
    """

    surroundings: Surroundings
    stop: Stop
    _resting: dict[str, _Rest] = field(default_factory=dict)

    def work(self) -> Iterator[str]:
        """Drive each dispatch that is due, keep its receipt beside its issue, and tell what came of it.

        What is wrong with one does not keep the others waiting; it is left alone for a while.

        Raises:
            StoreError: The database cannot be read.
        """
        surroundings = self.surroundings
        now, pace = surroundings.clock(), scheduling.pace_of(surroundings.settings)
        with surroundings.database.reading() as connection:
            found = scheduling.due(connection, now, pace)
        for dispatch in found:
            if self.stop.asked:
                return
            if dispatch.id not in self._resting or self._resting[dispatch.id].until <= surroundings.clock():
                yield from self._go_on(dispatch)

    def _go_on(self, dispatch: Dispatch) -> Iterator[str]:
        surroundings = self.surroundings
        yield f"{dispatch.id}: going on with {dispatch.issue}"
        try:
            receipt, failure = drive(surroundings, dispatch, lambda _outcome: None, self.stop)
            keep_receipt(receipt, surroundings.workspace.issues / dispatch.issue / f"receipt-{dispatch.id}.json")
            yield f"{dispatch.id}: {receipt.equation()}"
        except NewsletterError as error:
            failure = error
        if failure is None:
            self._resting.pop(dispatch.id, None)
            return
        rest = self._rest(dispatch)
        yield f"{dispatch.id}: {failure}"
        yield f"{dispatch.id}: tried again from {rest.until:%Y-%m-%d %H:%M} UTC"

    def _rest(self, dispatch: Dispatch) -> _Rest:
        before = self._resting.get(dispatch.id)
        length = min(2 * before.length, LONGEST_REST) if before else FIRST_REST
        rest = self._resting[dispatch.id] = _Rest(self.surroundings.clock() + length, length)
        return rest
