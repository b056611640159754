"""What is done every now and then beside sending: refusals are taken from the ledger, and old data is forgotten."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from newsletter.dispatch import Notice, Surroundings
from newsletter.errors import NewsletterError
from newsletter.feedback.ingest import Policy
from newsletter.feedback.submissions import take_submissions
from newsletter.subscribers import forget_due

Tell = Callable[[Notice], None]


@dataclass(frozen=True, slots=True)
class Chore:
    """One thing that is done again and again.

    Args:
        every: How long it rests; it is done once at the beginning.
        do: Does it, and tells what came of it, if anything did.
    """

    name: str
    every: timedelta
    do: Callable[[Surroundings], Notice | None]


def take_refusals(surroundings: Surroundings) -> Notice | None:
    """Take from the ledger whom mail systems have refused, so that no dispatch tries them again."""
    policy = Policy.of(surroundings.settings)
    taken = take_submissions(surroundings.database, policy, surroundings.clock())
    if not taken.new:
        return None
    message = f"{taken.new} refusals were looked at: {taken.applied.suppressed} addresses are not mailed any more"
    return Notice("feedback.taken", message, {"refused": taken.new, "suppressed": taken.applied.suppressed})


def forget(surroundings: Surroundings) -> Notice | None:
    """Forget what has been kept long enough, as [privacy] says."""
    counts = forget_due(surroundings.database, surroundings.settings.privacy, surroundings.clock())
    forgotten = {name: count for name, count in counts.items() if count}
    if not forgotten:
        return None
    told = ", ".join(f"{name} {count:,}" for name, count in forgotten.items())
    return Notice("retention.done", f"forgotten what was kept long enough: {told}", dict(forgotten))


CHORES: Final = (
    Chore("refusals", timedelta(seconds=10), take_refusals),
    Chore("retention", timedelta(days=1), forget),
)


def do_chores(surroundings: Surroundings, tell: Tell, chores: tuple[Chore, ...] = CHORES) -> None:
    """Do everything once; what fails is told, and keeps the rest from nothing."""
    for chore in chores:
        _do(chore, surroundings, tell)


@contextmanager
def keeping_house(surroundings: Surroundings, tell: Tell, chores: tuple[Chore, ...] = CHORES) -> Iterator[None]:
    """Do everything again and again, in threads of their own, until the block ends."""
    stop = threading.Event()
    threads = [
        threading.Thread(target=_keep_doing, args=(chore, surroundings, tell, stop), name=chore.name, daemon=True)
        for chore in chores
    ]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def _keep_doing(chore: Chore, surroundings: Surroundings, tell: Tell, stop: threading.Event) -> None:
    while True:
        _do(chore, surroundings, tell)
        if stop.wait(chore.every.total_seconds()):
            return


def _do(chore: Chore, surroundings: Surroundings, tell: Tell) -> None:
    try:
        notice = chore.do(surroundings)
    except NewsletterError as error:
        notice = Notice("upkeep.failed", f"{chore.name}: {error}", {"error": type(error).__name__}, "warning")
    except Exception as error:  # noqa: BLE001 - what fails here must not end the process that sends
        said = f"{chore.name}: a mistake in the program: {type(error).__name__}: {error}"
        notice = Notice("upkeep.broken", said, {"error": type(error).__name__}, "error")
    if notice is not None:
        tell(notice)
