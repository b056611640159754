"""`newsletter worker`: sends whatever is due, for as long as it runs."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import Event
from typing import TYPE_CHECKING

import click

from newsletter.cli.base import Face, pass_face
from newsletter.cli.dispatch.opening import opened

if TYPE_CHECKING:
    from newsletter.dispatch import Notice, Stop


@click.command(name="worker")
@click.option("--once", is_flag=True, help="Do what is due now, and end; for a timer of the system.")
@click.option(
    "--every",
    type=click.FloatRange(0.1, 3600),
    default=1.0,
    show_default=True,
    metavar="SECONDS",
    help="How often to look for work.",
)
@pass_face
def command(face: Face, once: bool, every: float) -> None:
    """Send what is due, for as long as it runs.

    These are dispatches whose time has come, and readers who are to be tried again. Goes on where others were stopped
    or killed. On PostgreSQL any number of workers share what is due, on any machines. A signal ends a worker in order:
    what is under way is settled first.
    """
    from newsletter import dispatch as sending

    stop, asked = sending.Stop(), Event()
    with opened(face) as surroundings, _ending(stop, asked):
        worker = sending.Worker(surroundings, stop)
        if not once:
            click.echo("Waiting for what is due. Ctrl-C ends the worker.", err=True)
        if worker.shared and not once:
            sending.share_work(worker, timedelta(seconds=every), _tell)
            return
        while not asked.is_set():
            for notice in worker.work():
                _tell(notice)
            if once:
                return
            asked.wait(every)


def _tell(notice: "Notice") -> None:
    click.echo(notice.message, err=True)


@contextmanager
def _ending(stop: "Stop", asked: Event) -> Iterator[None]:
    def end(_number: int, _frame: object) -> None:
        stop.ask()
        asked.set()

    before = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
