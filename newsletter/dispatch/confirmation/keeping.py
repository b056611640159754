"""Goes on mailing what is due for as long as a process runs, whatever happens to the database or the provider."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import Thread
from typing import Final

from newsletter import event_loop
from newsletter.dispatch import notices
from newsletter.dispatch.confirmation.mailing import Mailed, mail_due, mail_some
from newsletter.dispatch.notices import Notice
from newsletter.dispatch.runner import MOMENT, Stop
from newsletter.dispatch.surroundings import Surroundings
from newsletter.errors import NewsletterError, StoreError

EVERY: Final = timedelta(seconds=1)
FIRST_REST: Final = timedelta(seconds=5)
LONGEST_REST: Final = timedelta(minutes=5)
"""How long to wait after something has kept all mails back: twice as long each time."""

Tell = Callable[[Notice], None]


async def keep_mailing(surroundings: Surroundings, stop: Stop, tell: Tell, every: timedelta = EVERY) -> None:
    """Mail what is due, again and again, until somebody asks to end.

    May be cancelled too: what is under way then goes again later. Any number of processes may do so at a time.

    Args:
        stop: Ends it as soon as what is under way is settled.
        tell: Told what comes of it, without anybody's address.
        every: How often to look.
    """
    rest = timedelta()
    while not stop.asked:
        try:
            turn = await mail_some(surroundings, stop)
            for notice in told(turn):
                tell(notice)
            rest = timedelta()
        except NewsletterError as error:
            rest = _longer(rest)
            tell(notices.mails_waiting(error, rest))
        except Exception as error:  # noqa: BLE001 - a mistake in the program must not end what others wait for
            rest = _longer(rest)
            tell(notices.mails_broken(error, rest))
        await _wait(rest or every, stop)


@contextmanager
def mailing_beside(surroundings: Surroundings, stop: Stop, tell: Tell, every: timedelta = EVERY) -> Iterator[None]:
    """Do so in a thread beside what the block does; what is under way is settled at the end."""
    own = Stop(stop)
    thread = Thread(target=lambda: event_loop.run(keep_mailing(surroundings, own, tell, every)), name="confirmations")
    thread.start()
    try:
        yield
    finally:
        own.ask()
        thread.join()


def mail_once(surroundings: Surroundings, stop: Stop, tell: Tell) -> None:
    """Mail what is due now; what keeps it back is told, and ends nothing else.

    Raises:
        StoreError: The database cannot be used.
    """
    try:
        for notice in told(mail_due(surroundings, stop)):
            tell(notice)
    except StoreError:
        raise
    except NewsletterError as error:
        tell(notices.mails_waiting(error, timedelta()))


def told(turn: Mailed) -> Iterator[Notice]:
    """Say what came of a turn, where anything did."""
    for error in turn.failures[:1]:
        yield notices.mail_not_made(error, len(turn.failures))
    if turn.counts.total():
        yield notices.mails_settled(turn.counts)


def _longer(rest: timedelta) -> timedelta:
    return min(rest * 2, LONGEST_REST) if rest else FIRST_REST


async def _wait(length: timedelta, stop: Stop) -> None:
    clock = asyncio.get_running_loop().time
    until = clock() + length.total_seconds()
    while clock() < until:
        if stop.asked:
            return
        await asyncio.sleep(min(MOMENT, max(until - clock(), 0)))
