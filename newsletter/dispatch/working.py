"""Goes on with every dispatch that a process can go on with now, one after the other."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from newsletter.clock import HARDLY, ClockWatch, steady
from newsletter.dispatch import dispatches, notices, scheduling
from newsletter.dispatch.dispatches import Dispatch
from newsletter.dispatch.driving import drive
from newsletter.dispatch.notices import Notice
from newsletter.dispatch.receipt import keep_receipt
from newsletter.dispatch.runner import Stop
from newsletter.dispatch.surroundings import Surroundings
from newsletter.errors import NewsletterError, StoreError

FIRST_REST: Final = timedelta(minutes=1)
LONGEST_REST: Final = timedelta(minutes=15)
"""How long a dispatch that could not go on is left alone: twice as long each time."""
TURN: Final = timedelta(seconds=30)
"""How long a worker is at one of several dispatches before it looks after the others."""

LATER: Final = timedelta(seconds=5)
"""How long to wait for a database that cannot be used."""


@dataclass(frozen=True, slots=True)
class _Rest:
    until: datetime
    length: timedelta


@dataclass
class Worker:
    """Does what is due, again and again; on PostgreSQL it shares each dispatch with other workers.

    Args:
        stop: Ends it as soon as what is under way is settled.
        seconds: Gives seconds that nobody sets.
    """

    surroundings: Surroundings
    stop: Stop
    seconds: Callable[[], float] = steady
    _resting: dict[str, _Rest] = field(default_factory=dict)

    @property
    def shared(self) -> bool:
        """Whether others may work on the same dispatches: a file is one process's, a server is everybody's."""
        return not self.surroundings.database.is_sqlite

    def work(self) -> Iterator[Notice]:
        """Drive each dispatch that is due, keep its receipt beside its issue, and tell what came of it.

        What is wrong with one does not keep the others waiting; it is left alone for a while.

        Raises:
            StoreError: The database cannot be read.
        """
        for dispatch in self.due():
            if self.stop.asked:
                return
            yield from self._go_on(dispatch, self.stop)

    def keep_working(self, every: timedelta, tell: Callable[[Notice], None]) -> None:
        """Do what is due, again and again, until somebody asks to end; a database that is away is waited for.

        Args:
            every: How often to look for work.
            tell: Told what comes of it.
        """
        watch, jump = ClockWatch(self.surroundings.clock, self.seconds), timedelta()
        while not self.stop.asked:
            try:
                jump += watch.jump()
                for notice in self._heed(jump, watch.ahead):
                    tell(notice)
                jump = timedelta()
                for notice in self.work():
                    tell(notice)
            except StoreError as error:
                tell(notices.waiting(error, LATER))
                self.stop.wait(LATER.total_seconds())
            self.stop.wait(every.total_seconds())

    def _heed(self, jump: timedelta, ahead: timedelta) -> Iterator[Notice]:
        """Let nothing begin that is due only because the clock was set ahead; one put right again is not ahead."""
        if not jump:
            return
        surroundings, now = self.surroundings, self.surroundings.clock()
        paused: Sequence[Dispatch] = ()
        if jump > timedelta() and ahead > HARDLY:
            why = "its time has come only because the clock was set ahead"
            with surroundings.database.writing() as connection:
                paused = scheduling.pause_skipped(connection, now - ahead, now, surroundings.by, why)
        yield notices.clock_set(jump, paused)

    def due(self) -> Sequence[Dispatch]:
        """Name the dispatches that this worker could go on with now, the oldest first.

        Raises:
            StoreError: The database cannot be read.
        """
        surroundings = self.surroundings
        now, pace = surroundings.clock(), scheduling.pace_of(surroundings.settings)
        with surroundings.database.reading() as connection:
            found = scheduling.due(connection, now, pace, shared=self.shared)
        return [one for one in found if (rest := self._resting.get(one.id)) is None or rest.until <= now]

    def take_turn(self, dispatch_id: str, length: timedelta = TURN) -> Iterator[Notice]:
        """Drive one dispatch for a while, and tell what came of it.

        Raises:
            StoreError: The database cannot be read.
        """
        with self.surroundings.database.reading() as connection:
            dispatch = dispatches.read_dispatch(connection, dispatch_id)
        yield from self._go_on(dispatch, Stop(self.stop, time.monotonic() + length.total_seconds()))

    def _go_on(self, dispatch: Dispatch, stop: Stop) -> Iterator[Notice]:
        surroundings = self.surroundings
        began = time.monotonic()
        yield notices.continued(dispatch)
        try:
            receipt, failure = drive(surroundings, dispatch, lambda _outcome: None, stop, shared=self.shared)
            if receipt.complete or not self.shared:
                # As long as others are at work on it, theirs may be newer, and may be there already.
                keep_receipt(receipt, surroundings.workspace.issues / dispatch.issue / f"receipt-{dispatch.id}.json")
            yield notices.rested(receipt, timedelta(seconds=time.monotonic() - began))
        except NewsletterError as error:
            failure = error
        except Exception as error:  # noqa: BLE001 - a mistake in the program shall not walk through a list unseen
            self._stand_still(dispatch, error)
            yield notices.broken(dispatch, error)
            return
        if failure is None:
            self._resting.pop(dispatch.id, None)
            return
        rest = self._rest(dispatch)
        yield notices.failed(dispatch, failure)
        yield notices.put_off(dispatch, rest.until)

    def _stand_still(self, dispatch: Dispatch, error: Exception) -> None:
        """Pause a dispatch that the program fails at, until a person has looked."""
        surroundings, why = self.surroundings, f"a mistake in the program: {type(error).__name__}"
        with surroundings.database.writing() as connection:
            scheduling.pause(connection, dispatch, surroundings.clock(), surroundings.by, why)

    def _rest(self, dispatch: Dispatch) -> _Rest:
        before = self._resting.get(dispatch.id)
        length = min(2 * before.length, LONGEST_REST) if before else FIRST_REST
        rest = self._resting[dispatch.id] = _Rest(self.surroundings.clock() + length, length)
        return rest
