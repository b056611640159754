"""How workers share one dispatch on one PostgreSQL: messages a second with one, two and four of them, beside one alone.

They are real processes of `newsletter worker`, and the server that they send to is 20 ms away: with few connections the
network is the limit and not this machine's processors. And whether a limit of 50 a second holds for four of them.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import sqlalchemy as sa

from benchmarks.contest import Speed, against
from benchmarks.databases import ABSENT, New, databases, opened
from benchmarks.figures import Figure, missing, within
from benchmarks.ledger_path import Bench
from benchmarks.receiving import counting_sink, far_away, has_postfix
from benchmarks.samples import SMALL, workspace
from newsletter.settings import load, secret_keys
from newsletter.store import Database, tables
from newsletter.tokens import Signer
from newsletter.workspace import Workspace

READERS: Final = 1_000
"""For each worker, so that all of them have as long to do."""
WORKERS: Final = (1, 2, 4)
CONNECTIONS: Final = 2
ROUND_TRIP: Final = 0.02
LIMITED_CONNECTIONS: Final = 4
LIMIT: Final = 50
SHARE: Final = 0.05
"""How far off the limit may be."""
SETTLING: Final = timedelta(seconds=1)
WINDOW: Final = timedelta(seconds=10)
LIMITED_READERS: Final = LIMIT * 13
PATIENCE: Final = 240.0


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of one dispatch.

    Args:
        moments: When each message was accepted, in order.
        shares: How many each lease had; a worker has one for every half a minute.
        arrived: How many messages the server has counted.
    """

    readers: int
    moments: list[datetime]
    shares: list[int]
    arrived: int

    def speed(self) -> Speed:
        """Tell how fast they went, from the first one to the last."""
        return Speed(len(self.moments) / (self.moments[-1] - self.moments[0]).total_seconds())

    def once(self, who: str) -> Figure:
        """Tell whether everybody was accepted once, by the ledger and by the server."""
        figure = f"{len(self.moments):,} of {self.readers:,}"
        return Figure(f"{who}, accepted", figure, f"messages that the server counted, {self.arrived:,}")


def run() -> Iterator[Figure]:
    """Measure speed and shares with each number of workers, and a limit with the most."""
    if not has_postfix():
        yield missing("workers", "smtp-sink is missing: install Postfix")
        return
    with databases() as kinds:
        new = kinds["PostgreSQL"]
        if new is None:
            yield missing("workers", ABSENT)
            return
        yield from _speeds(new)
        yield from _limited(new)


def _speeds(new: New) -> Iterator[Figure]:
    alone = None
    for count in WORKERS:
        sent = _send(new(), count, READERS * count, CONNECTIONS, ROUND_TRIP)
        who = f"{count} worker{'s' if count > 1 else ''}"
        if alone is None:
            alone = sent.speed()
            yield Figure(f"{who}, {CONNECTIONS} connections each", str(alone))
        else:
            yield against(f"{who}, {CONNECTIONS} connections each", sent.speed(), "one alone", alone)
            shares = [share / sent.readers for share in sent.shares]
            most = f"largest, {max(shares):.0%}, of {len(shares)} leases"
            yield Figure(f"{who}, smallest share", f"{min(shares):.0%}", most)
        yield sent.once(who)


def _limited(new: New) -> Iterator[Figure]:
    limits = f"\n[limits.smtp]\nper_second = {LIMIT}\n"
    sent = _send(new(), WORKERS[-1], LIMITED_READERS, LIMITED_CONNECTIONS, 0, limits)
    begin = sent.moments[0] + SETTLING
    rate = sum(begin <= moment < begin + WINDOW for moment in sent.moments) / WINDOW.total_seconds()
    who = f"{WORKERS[-1]} workers at a limit"
    what = f"{who}, over {WINDOW.seconds} s"
    yield Figure(what, f"{rate:.1f}/s", f"the limit, {LIMIT}/s", rate / LIMIT, within(rate, LIMIT, SHARE))
    yield sent.once(who)


def _send(where: str, count: int, readers: int, connections: int, distance: float, limits: str = "") -> Sent:
    """Let so many workers wait, give them a dispatch, and tell what became of it when everybody was accepted.

    Args:
        distance: How far away the server is, there and back, in seconds.
    """
    with (
        counting_sink() as (port, arrived),
        far_away(port, distance) as far,
        workspace() as made,
        opened(where, made.root) as database,
    ):
        _write_settings(made.settings_file, where, f"port = {far}\nconnections = {connections}\n{limits}")
        bench = Bench(made, database, readers)
        signer = Signer.of(secret_keys(made, {}))
        bench.surroundings = replace(bench.surroundings, signer=signer, settings=load(made, {}))
        with _workers(made, count):
            _wait_for_workers(database, count)
            _freeze(bench)
            _wait_for_end(database)
        moments, shares = _accepted(database)
        sent = Sent(readers, moments, shares, arrived())
        assert len(moments) == readers == sent.arrived, sent.once("workers")
        return sent


def _freeze(bench: Bench) -> None:
    from newsletter.dispatch import accept

    accept(bench.surroundings, bench.propose("smtp", SMALL))


@contextmanager
def _workers(made: Workspace, count: int) -> Iterator[None]:
    """Let so many workers run, and end them in order."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("NEWSLETTER_")}
    arguments = [sys.executable, "-m", "newsletter", "--workspace", str(made.root), "worker", "--every", "0.5"]
    started = [subprocess.Popen(arguments, env=environment, stderr=subprocess.DEVNULL) for _ in range(count)]
    try:
        yield
        for worker in started:
            worker.send_signal(signal.SIGTERM)
        codes = [worker.wait(PATIENCE) for worker in started]
        assert not any(codes), f"workers ended with {codes}"
    finally:
        for worker in started:
            worker.kill()
            worker.wait()


def _wait_for_workers(database: Database, count: int) -> None:
    from newsletter.dispatch.tasks import prepare

    waiting = sa.text(f"SELECT count(*) FROM {prepare(database)}.procrastinate_workers")  # noqa: S608
    _wait_until(database, waiting, count)


def _wait_for_end(database: Database) -> None:
    open_ones = sa.select(sa.func.count()).where(tables.dispatches.c.state != "finished")
    _wait_until(database, open_ones.select_from(tables.dispatches), 0)


def _wait_until(database: Database, query: sa.TextClause | sa.Select[int], wanted: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while True:
        with database.reading() as connection:
            if connection.scalar(query) == wanted:
                return
        assert time.monotonic() < deadline, f"nothing came of it in {PATIENCE:.0f} s: {query}"
        time.sleep(0.2)


def _accepted(database: Database) -> tuple[list[datetime], list[int]]:
    """Give when each was accepted, and how many each lease had."""
    row = tables.deliveries.c
    moments = sa.select(row.changed_at).where(row.state == "accepted").order_by(row.changed_at)
    shares = sa.select(sa.func.count()).where(row.state == "accepted").group_by(row.lease_number)
    with database.reading() as connection:
        return list(connection.scalars(moments)), list(connection.scalars(shares))


def _write_settings(file: Path, where: str, more: str) -> None:
    text = file.read_text(encoding="utf-8").replace("sqlite:///var/newsletter.db", where, 1)
    file.write_text(f'{text}\n[providers.smtp]\nhost = "127.0.0.1"\ntls = "none"\n{more}', encoding="utf-8")
