"""Takes people off lists, several that are waiting in one step: each is told so once that is on disk.

A mail system that unsubscribes thousands at once would otherwise wait for the disk thousands of times.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from starlette.concurrency import run_in_threadpool

from newsletter.store import Database
from newsletter.subscribers import Method, leave, leave_together

MOST_AT_ONCE: Final = 200
SOURCE: Final = "leave"


@dataclass(slots=True)
class _Leaver:
    subscriber: int
    list: str | None
    method: Method
    done: "asyncio.Future[None]"


@dataclass
class Departures:
    """Those who are leaving.

    Args:
        clock: Gives the moment.
    """

    database: Database
    clock: Callable[[], datetime]
    _waiting: list[_Leaver] = field(default_factory=list)
    _work: "asyncio.Task[None] | None" = None

    async def leave(self, subscriber: int, list_name: str | None, method: Method) -> None:
        """Take somebody off a list; returns when that is kept, and holds even if whoever asked is gone by then.

        Raises:
            StoreError: It could not be kept.
        """
        leaver = _Leaver(subscriber, list_name, method, asyncio.get_running_loop().create_future())
        self._waiting.append(leaver)
        if self._work is None or self._work.done():
            self._work = asyncio.create_task(self._keep_going())
        await asyncio.shield(leaver.done)

    async def finish(self) -> None:
        """Wait until nobody waits any more."""
        while self._work is not None and not self._work.done():
            with suppress(Exception):
                await self._work

    async def _keep_going(self) -> None:
        while self._waiting:
            together, self._waiting = self._waiting[:MOST_AT_ONCE], self._waiting[MOST_AT_ONCE:]
            try:
                await run_in_threadpool(self._take_off, together)
            except Exception as error:  # noqa: BLE001 - each of them is told, and raises it where it is waited for
                _tell(together, error)
            else:
                _tell(together, None)

    def _take_off(self, together: list[_Leaver]) -> None:
        now = self.clock()
        for method in sorted({one.method for one in together}):
            mine = [one for one in together if one.method is method]
            named = {(one.subscriber, one.list) for one in mine if one.list is not None}
            left: list[tuple[int, str | None]] = [(one.subscriber, None) for one in mine if one.list is None]
            if named:
                with self.database.writing() as connection:
                    left += leave_together(connection, named, method, now, SOURCE)
            for subscriber, list_name in left:
                with self.database.writing() as connection:
                    leave(connection, subscriber, list_name, method, now, source=SOURCE)


def _tell(together: list[_Leaver], error: Exception | None) -> None:
    for one in together:
        if one.done.done():
            continue
        if error is None:
            one.done.set_result(None)
        else:
            one.done.set_exception(error)
            one.done.exception()  # whoever asked may be gone: nobody shall be told then that nobody heard it
