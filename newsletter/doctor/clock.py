"""The clock of this machine is right.

It stands in every message, and in the tokens and deadlines of a dispatch. It is compared with those of the web
site, the provider and the database, as far as these tell.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from typing import Final

from newsletter.doctor.base import Observation, Surroundings, fine, problem, unknown, warning
from newsletter.errors import NewsletterError
from newsletter.store import inspect_database

NEEDS_NETWORK: Final = True

_NOTICEABLE: Final = timedelta(seconds=30)
_TOO_MUCH: Final = timedelta(minutes=5)


async def examine(surroundings: Surroundings) -> Sequence[Observation]:
    """Compare our clock with all others that answer."""
    found = [_judge(whose, theirs - ours) async for whose, theirs, ours in _clocks(surroundings)]
    return found or [
        unknown("no other clock could be asked", "Compare the clock of this machine with another one: timedatectl.")
    ]


async def _clocks(surroundings: Surroundings) -> AsyncIterator[tuple[str, datetime, datetime]]:
    """Give whose clock it is, its time, and ours at that moment. Who does not answer is left to other checks."""
    asked = surroundings.now()
    try:
        inspection = await surroundings.inspect()
    except NewsletterError:
        inspection = None
    if inspection is not None and inspection.clock is not None:
        yield "the provider", inspection.clock, asked
    url = surroundings.settings.public_url
    try:
        theirs = (await surroundings.web.ask("HEAD", url)).clock
    except NewsletterError:
        theirs = None
    if theirs is not None:
        yield "the web site", theirs, surroundings.now()
    try:
        state = await asyncio.to_thread(
            inspect_database, surroundings.settings.database.url, surroundings.workspace.root
        )
        theirs = state.clock
    except NewsletterError:
        theirs = None
    if theirs is not None:
        yield "the database", theirs, surroundings.now()


def _judge(whose: str, ahead: timedelta) -> Observation:
    """Judge by how much another clock is ahead of ours."""
    apart = abs(ahead)
    if apart <= _NOTICEABLE:
        return fine(f"this machine and {whose} agree on the time")
    message = f"the clock of this machine is {apart.total_seconds():,.0f} seconds {_word(ahead)} that of {whose}"
    remedy = "Set it by the network: timedatectl set-ntp true."
    return problem(message, remedy) if apart > _TOO_MUCH else warning(message, remedy)


def _word(ahead: timedelta) -> str:
    return "behind" if ahead > timedelta(0) else "ahead of"
