"""What somebody who watches runs is told while they go on; what they make of it is theirs.

Everything is told from the event loop of a run, for every single message, so it must be quick. Nothing that is told
may change what a run does.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from newsletter.dispatch.dispatches import Dispatch
from newsletter.message import DeliveryKey
from newsletter.providers.base import Outcome


class Watch:
    """Watches one run of one dispatch. This one does nothing; others do something about what concerns them."""

    def claimed(self, messages: int, excluded: int, seconds: float) -> None:
        """Hear that a batch was claimed.

        Args:
            messages: How many were made.
            excluded: For how many there was none to make.
            seconds: How long it took.
        """

    def taken(self) -> None:
        """Hear that the provider has taken the last message of the batch that was claimed first of those left."""

    def intended(self, keys: frozenset[DeliveryKey]) -> None:
        """Hear that messages may be handed over from now on."""

    def heard(self, outcome: Outcome) -> None:
        """Hear what a provider has said about a message."""

    def wrote(self, outcomes: Sequence[Outcome]) -> None:
        """Hear that outcomes are in the ledger."""

    def worked(self, seconds: float) -> None:
        """Hear that the ledger has done something, how long it took, and how long it was waited for."""

    def ended(self, failure: BaseException | None) -> None:
        """Hear that the run is over, and what ended it early, if anything did."""


class Observer:
    """Watches the runs of a process. This one does not look."""

    def watch(self, dispatch: Dispatch) -> Watch:  # noqa: ARG002 (what others tell it apart by)
        """Begin to watch a run that is about to begin."""
        return Watch()


NOBODY: Final = Observer()


class Observers(Observer):
    """Several who watch the same."""

    def __init__(self, observers: Sequence[Observer]) -> None:
        self._observers = observers

    def watch(self, dispatch: Dispatch) -> Watch:
        return _Watches([one.watch(dispatch) for one in self._observers])


class _Watches(Watch):
    def __init__(self, watches: Sequence[Watch]) -> None:
        self._watches = watches

    def claimed(self, messages: int, excluded: int, seconds: float) -> None:
        for one in self._watches:
            one.claimed(messages, excluded, seconds)

    def taken(self) -> None:
        for one in self._watches:
            one.taken()

    def intended(self, keys: frozenset[DeliveryKey]) -> None:
        for one in self._watches:
            one.intended(keys)

    def heard(self, outcome: Outcome) -> None:
        for one in self._watches:
            one.heard(outcome)

    def wrote(self, outcomes: Sequence[Outcome]) -> None:
        for one in self._watches:
            one.wrote(outcomes)

    def worked(self, seconds: float) -> None:
        for one in self._watches:
            one.worked(seconds)

    def ended(self, failure: BaseException | None) -> None:
        for one in self._watches:
            one.ended(failure)


@contextmanager
def watching(observer: Observer, dispatch: Dispatch) -> Iterator[Watch]:
    """Have a run watched until the block ends."""
    watch, failure = observer.watch(dispatch), None
    try:
        yield watch
    except BaseException as error:
        failure = error
        raise
    finally:
        watch.ended(failure)
