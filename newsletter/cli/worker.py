"""`newsletter worker`: sends whatever is due, for as long as it runs."""

import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import timedelta
from time import monotonic
from typing import TYPE_CHECKING

import click

from newsletter.cli.base import EXIT_FAULT, Face, pass_face
from newsletter.cli.dispatch.opening import opened
from newsletter.errors import NewsletterError, Problems

if TYPE_CHECKING:
    from newsletter.dispatch import Stop, Surroundings
    from newsletter.telemetry import LogFormat


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
@click.option(
    "--log",
    "log_format",
    type=click.Choice(["text", "json"]),
    help="Write what it does in words, or as JSON; by default as log.format says.",
)
@click.option(
    "--metrics",
    "metrics_at",
    metavar="[HOST:]PORT",
    help="Serve metrics for Prometheus there, at /metrics; without a host for this machine only.",
)
@pass_face
def command(face: Face, once: bool, every: float, log_format: "LogFormat | None", metrics_at: str | None) -> None:
    """Send what is due, for as long as it runs.

    These are dispatches whose time has come, readers who are to be tried again, and mails by which people confirm
    something. Goes on where others were stopped or killed. On PostgreSQL any number of workers share what is due, on
    any machines. A signal ends a worker in order: what is under way is settled first.
    """
    from newsletter import dispatch as sending
    from newsletter import telemetry, upkeep
    from newsletter.dispatch import confirmation

    stop = sending.Stop()
    with (
        _journal(face, log_format),
        opened(face) as surroundings,
        _ending(stop),
        _watched(face, surroundings, metrics_at) as (watched, served_at),
    ):
        worker = sending.Worker(watched, stop)
        with _presence(every, served_at, shown=not once):
            if once:
                confirmation.mail_once(surroundings, stop, telemetry.tell)
                for notice in worker.work():
                    telemetry.tell(notice)
                upkeep.do_chores(surroundings, telemetry.tell)
                return
            with (
                upkeep.keeping_house(surroundings, telemetry.tell),
                confirmation.mailing_beside(surroundings, stop, telemetry.tell),
            ):
                if worker.shared:
                    sending.share_work(worker, timedelta(seconds=every), telemetry.tell)
                else:
                    worker.keep_working(timedelta(seconds=every), telemetry.tell)


@contextmanager
def _journal(face: Face, log_format: "LogFormat | None") -> Iterator[None]:
    """Keep the log; in JSON, what ends the worker is a line of it too."""
    from newsletter import telemetry

    chosen = log_format or face.settings.log.format
    with telemetry.keeping_journal(chosen):
        try:
            yield
        except NewsletterError as error:
            if chosen == "text":
                raise
            for one in error.errors if isinstance(error, Problems) else (error,):
                _tell_end(one, str(one))
            raise SystemExit(error.exit_code) from error
        except Exception as error:
            if chosen == "text":
                raise
            _tell_end(error, f"a mistake in the program: {type(error).__name__}: {error}")
            raise SystemExit(EXIT_FAULT) from error


def _tell_end(error: Exception, message: str) -> None:
    from newsletter import dispatch as sending
    from newsletter import telemetry

    telemetry.tell(sending.Notice("worker.failed", message, {"error": type(error).__name__}, "error"))


@contextmanager
def _watched(
    face: Face, surroundings: "Surroundings", metrics_at: str | None
) -> "Iterator[tuple[Surroundings, str | None]]":
    """Have what is sent watched by those who are to watch it, and tell where the metrics are."""
    from newsletter import dispatch as sending
    from newsletter import telemetry

    with ExitStack() as ending:
        observers, address = [ending.enter_context(telemetry.traced(face.settings, face.environ))], None
        if metrics_at is not None:
            with telemetry.needing("metrics", "metrics"):
                read = telemetry.LedgerMetrics(surroundings.database, surroundings.settings, surroundings.clock)
                served = telemetry.serving_metrics(metrics_at, read)
            counting, address = ending.enter_context(served)
            observers.append(counting)
        yield replace(surroundings, observer=sending.Observers(observers)), address


@contextmanager
def _presence(every: float, served_at: str | None, *, shown: bool) -> Iterator[None]:
    """Tell when a worker that stays begins and ends."""
    from newsletter import __version__, telemetry
    from newsletter.dispatch import Notice

    began = monotonic()
    if shown:
        where = f" Metrics are at {served_at}." if served_at else ""
        waiting = f"Waiting for what is due. Ctrl-C ends the worker.{where}"
        fields = {"version": __version__, "every": every, "metrics": served_at}
        telemetry.tell(Notice("worker.started", waiting, fields))
    yield
    if shown:
        lasted = round(monotonic() - began, 3)
        telemetry.tell(Notice("worker.stopped", "Stopped; nothing is under way.", {"seconds": lasted}))


@contextmanager
def _ending(stop: "Stop") -> Iterator[None]:
    def end(_number: int, _frame: object) -> None:
        stop.ask()

    before = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
