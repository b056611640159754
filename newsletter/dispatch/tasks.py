"""Lets any number of workers on any machines share what is due: Procrastinate hands out turns, as jobs.

A job says that a dispatch is worth a turn, and nothing else. What is left to do, and whose it is, stands in the ledger
alone: a job that is lost is made anew from there, and one too many finds nothing to do. So no more than one job for
each dispatch waits at any time, and whoever takes it leaves another for the next worker who is free.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from importlib.metadata import version
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa

from newsletter import event_loop
from newsletter.dispatch import notices
from newsletter.dispatch.notices import Notice
from newsletter.dispatch.runner import MOMENT
from newsletter.dispatch.working import LATER, TURN, Worker
from newsletter.errors import DispatchError, NewsletterError
from newsletter.store import Database

if TYPE_CHECKING:
    import procrastinate

QUEUE: Final = "newsletter"
HEARTBEAT: Final = timedelta(seconds=2)
STALLED: Final = timedelta(seconds=10)
"""How long after its last sign of life a worker's job is taken from it; its readers are its lease's concern."""
MOST_OFF: Final = timedelta(seconds=5)
"""How far a worker's clock may be from the database's; a lease is renewed 15 seconds before its end."""

_TALKATIVE: Final = ("procrastinate", "psycopg.pool")
"""They log tracebacks of what is told here in words."""
_TASK: Final = "newsletter.take_turn"
_LOCK: Final = 6_394_862_017
"""The number of our advisory lock in PostgreSQL while the tables of jobs are made."""


def share_work(worker: Worker, every: timedelta, tell: Callable[[Notice], None]) -> None:
    """Take turns at what is due, with others who do so too, until the worker is to end.

    Args:
        every: How often to look in the ledger for work that no job stands for.
        tell: Told what comes of it.

    Raises:
        DispatchError: Procrastinate is not installed, or the clock of this machine is wrong.
        StoreError: The database does not let the tables of jobs be made.
    """
    _assert_installed()
    _assert_on_time(worker)
    with _quiet(_TALKATIVE):
        schema = prepare(worker.surroundings.database)
        event_loop.run(_Turns(worker, every, tell, schema).take())


@contextmanager
def _quiet(names: Sequence[str]) -> Iterator[None]:
    loggers = [logging.getLogger(name) for name in names]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


def prepare(database: Database) -> str:
    """Make the tables of jobs where they are missing, in a schema of their own, and give its name.

    Each version of Procrastinate has its own schema, so that workers of two versions do not meet in one table: they
    meet in the ledger.
    """
    import procrastinate

    name = "newsletter_jobs_" + version("procrastinate").replace(".", "_")
    with database.writing() as connection:
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
        if not sa.inspect(connection).has_schema(name):
            connection.exec_driver_sql(f"CREATE SCHEMA {name}")
            connection.exec_driver_sql(f"SET LOCAL search_path TO {name}")
            # Many statements at once, which only the driver itself takes.
            connection.connection.cursor().execute(procrastinate.schema.SchemaManager.get_schema())
    return name


def _assert_installed() -> None:
    if find_spec("procrastinate") is None:
        raise DispatchError(
            "workers that share a database need the task engine Procrastinate, which is not installed",
            remedy="Install it: pip install 'newsletter[postgres]'.",
        )


def _assert_on_time(worker: Worker) -> None:
    """Refuse to go on where this machine would take the leases of others for ended, or be taken for it."""
    with worker.surroundings.database.reading() as connection:
        there = connection.execute(sa.select(sa.func.clock_timestamp())).scalar_one()
        off = (worker.surroundings.clock() - there).total_seconds()
    if abs(off) > MOST_OFF.total_seconds():
        where = "ahead of" if off > 0 else "behind"
        raise DispatchError(
            f"the clock of this machine is {abs(off):,.0f} seconds {where} the database's",
            remedy="Set both by NTP: workers tell by their clocks whether another one has died.",
        )


@dataclass
class _Turns:
    """One worker's part."""

    worker: Worker
    every: timedelta
    tell: Callable[[Notice], None]
    schema: str
    _app: "procrastinate.App" = field(init=False)

    async def take(self) -> None:
        """Take turns, also after the database was away for a while."""
        import procrastinate
        import psycopg

        while not self.worker.stop.asked:
            try:
                self._app = self._open()
                async with self._app.open_async():
                    await self._attend()
            except (procrastinate.exceptions.ConnectorException, psycopg.Error, NewsletterError) as error:
                self.tell(notices.waiting(error, LATER))
                await self._wait(LATER)

    def _open(self) -> "procrastinate.App":
        import procrastinate

        url = self.worker.surroundings.database.engine.url.set(drivername="postgresql")
        connector = procrastinate.PsycopgConnector(
            conninfo=url.render_as_string(hide_password=False),
            kwargs={"options": f"-c search_path={self.schema}"},
            min_size=1,
            max_size=4,
        )
        app = procrastinate.App(connector=connector)
        app.task(name=_TASK, queue=QUEUE)(self._take_turn)
        return app

    async def _attend(self) -> None:
        """Do jobs, and see to it that there is one for whatever is due."""
        working = asyncio.create_task(
            self._app.run_worker_async(
                queues=[QUEUE],
                install_signal_handlers=False,
                update_heartbeat_interval=HEARTBEAT.total_seconds(),
                stalled_worker_timeout=STALLED.total_seconds(),
                fetch_job_polling_interval=self.every.total_seconds(),
                delete_jobs="always",
            )
        )
        try:
            while not (self.worker.stop.asked or working.done()):
                await asyncio.to_thread(_assert_on_time, self.worker)
                await self._drop_stalled()
                await self._leave_turns(one.id for one in await asyncio.to_thread(self.worker.due))
                await self._wait(self.every, working)
        finally:
            working.cancel()
            with suppress(asyncio.CancelledError):
                await working

    async def _take_turn(self, dispatch: str) -> None:
        try:
            due = [one.id for one in await asyncio.to_thread(self.worker.due)]
            await asyncio.to_thread(_assert_on_time, self.worker)
            if dispatch in due and not self.worker.stop.asked:
                # Whoever is free joins in at once; who comes too late finds nothing left.
                await self._leave_turns([dispatch])
                await asyncio.to_thread(self._drive, dispatch)
        except NewsletterError as error:
            fields = {"dispatch": dispatch, "error": type(error).__name__}
            self.tell(Notice("dispatch.failed", f"{dispatch}: {error}", fields, "error"))

    def _drive(self, dispatch: str) -> None:
        for notice in self.worker.take_turn(dispatch, TURN):
            self.tell(notice)

    async def _leave_turns(self, due: Iterable[str]) -> None:
        """Let a job wait for each dispatch, if none does."""
        import procrastinate

        waiting = {job.queueing_lock for job in await self._app.job_manager.list_jobs_async(queue=QUEUE, status="todo")}
        for dispatch in set(due) - waiting:
            job = self._app.configure_task(_TASK, queue=QUEUE, queueing_lock=dispatch)
            with suppress(procrastinate.exceptions.AlreadyEnqueued):
                await job.defer_async(dispatch=dispatch)

    async def _drop_stalled(self) -> None:
        """Drop the jobs of workers that have died: the ledger knows what is left of them."""
        import procrastinate

        manager = self._app.job_manager
        for job in await manager.get_stalled_jobs(queue=QUEUE, seconds_since_heartbeat=STALLED.total_seconds()):
            with suppress(procrastinate.exceptions.ConnectorException):  # another worker was first
                await manager.finish_job(job, procrastinate.jobs.Status.FAILED, delete_job=True)

    async def _wait(self, length: timedelta, working: "asyncio.Task[Any] | None" = None) -> None:
        ends = asyncio.get_running_loop().time() + length.total_seconds()
        while asyncio.get_running_loop().time() < ends:
            if self.worker.stop.asked or (working is not None and working.done()):
                return
            await asyncio.sleep(MOMENT)
