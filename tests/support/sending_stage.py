"""A frozen dispatch to many made-up readers, a sink with a journal, and worker processes that can be killed.

Workers are forked from a process that has loaded everything, so that hundreds of them can begin and die in a minute.
Whoever forks them must have no other thread and no open connection to the database.
"""

import ctypes
import importlib
import os
import shutil
import signal
import smtplib
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import sqlalchemy as sa

from newsletter.audience import Selection
from newsletter.clock import now
from newsletter.dispatch import Controls, Dispatch, Surroundings, accept, propose, write_receipt
from newsletter.dispatch.dispatches import read_dispatch
from newsletter.dispatch.rehearsal.faults import Rates
from newsletter.dispatch.rehearsal.journal import Journal, read_journal
from newsletter.dispatch.rehearsal.processes import SinkProcess
from newsletter.dispatch.rehearsal.proof import Circumstances, prove
from newsletter.dispatch.rehearsal.running import deliveries
from newsletter.dispatch.rehearsal.sink import Orders
from newsletter.settings import load, secret_keys
from newsletter.starter import begin
from newsletter.store import Database, open_database, tables
from newsletter.subscribers import Definitions, read_definitions, synchronise_attributes
from newsletter.tokens import Signer
from newsletter.workspace import Workspace

SLUG = "2024-02-20-nieuwsbrief-12"
LIST = "leden"
BY = "a test"
ROWS = 5000
END_SECONDS = 60.0
PATIENCE = 180.0
LOOK_EACH = 0.01
_PR_SET_PDEATHSIG = 1


@dataclass
class Stage:
    """Where a dispatch is sent, and what it is judged by.

    Args:
        url: The database, which may be another one for each run.
        in_flight: How many messages one worker may have under way or intended.
    """

    workspace: Workspace
    sink: SinkProcess
    journal: Path
    url: str
    in_flight: int
    dispatch: str = ""

    @property
    def complaints(self) -> Path:
        """What workers print."""
        return self.journal.with_name("complaints.txt")

    @contextmanager
    def open(self) -> Iterator[Database]:
        """Open the database for a while."""
        database = open_database(self.url, self.workspace.root)
        try:
            yield database
        finally:
            database.close()

    def surroundings(self, database: Database) -> Surroundings:
        """Give what sending needs."""
        settings = load(self.workspace, {"NEWSLETTER_DATABASE__URL": self.url})
        return Surroundings(self.workspace, settings, self.definitions, self.signer, database, now, BY)

    @property
    def definitions(self) -> Definitions:
        return read_definitions(self.workspace)

    @property
    def signer(self) -> Signer:
        return Signer.of(secret_keys(self.workspace, {}))

    def freeze(self, readers: int, on_uncertain: str = "hold") -> Dispatch:
        """Put so many people on the list, and freeze a dispatch to them."""
        with self.open() as database:
            synchronise_attributes(database, self.definitions)
            _add_readers(database, self.signer, readers)
            surroundings = self.surroundings(database)
            proposal = propose(surroundings, SLUG, Selection(LIST), "smtp", on_uncertain=on_uncertain)
            frozen = accept(surroundings, proposal)
        self.dispatch = frozen.id
        return frozen

    def controls(self, database: Database) -> Controls:
        return Controls(database, self.dispatch, BY, now)

    def warm_up(self) -> None:
        """Let one worker run to its end without a dispatch, and load what it has loaded."""
        names = self.journal.with_name("modules.txt")
        nothing = f"sqlite:///{names.with_name('nothing.db')}"

        def work() -> None:
            try:
                _work(self.workspace, nothing, lambda: None, ("--once",))
            finally:
                names.write_text("\n".join(sys.modules), encoding="utf-8")

        assert wait_for(fork(work, self.complaints)) == 0, self.complaints.read_text(encoding="utf-8")
        wanted = ("newsletter.", "sqlalchemy.", "psycopg", "asyncio", "click", "rich")
        more = ("newsletter.providers.smtp.provider", "newsletter.dispatch.working", "newsletter.dispatch.driving")
        for name in (*names.read_text(encoding="utf-8").splitlines(), *more):
            if name.startswith(wanted):
                importlib.import_module(name)

    @contextmanager
    def worker(self, *options: str) -> "Iterator[subprocess.Popen[bytes]]":
        """Run `newsletter worker` as anybody would, and end it in order at the end."""
        ours = {name: value for name, value in os.environ.items() if not name.startswith("NEWSLETTER_")}
        with self._told.open("w", encoding="utf-8") as told:
            process = subprocess.Popen(
                [sys.executable, "-m", "newsletter", "worker", *(options or ("--every", "0.2"))],
                env={**ours, **_environment(self.workspace, self.url), "PYTHONWARNINGS": "ignore"},
                stdout=told,
                stderr=subprocess.STDOUT,
            )
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(END_SECONDS)
            finally:
                process.kill()

    @property
    def said(self) -> str:
        """What the last worker has printed that was run as anybody would."""
        return self._told.read_text(encoding="utf-8")

    @property
    def _told(self) -> Path:
        return self.journal.with_name("told.txt")

    def start_worker(self, before: Callable[[], None] = lambda: None, *options: str) -> int:
        """Start `newsletter worker` as a process of its own, and give its number.

        Args:
            before: What the process does before anything else.
        """
        return fork(lambda: _work(self.workspace, self.url, before, options or ("--once",)), self.complaints)

    def taken(self) -> int:
        """Tell how many messages the sink has taken."""
        return self.read_journal().messages

    def read_journal(self) -> Journal:
        with self.journal.open(encoding="ascii") as lines:
            return read_journal(lines)

    def now(self) -> Dispatch:
        """Read the dispatch as it is now."""
        with self.open() as database, database.reading() as connection:
            return read_dispatch(connection, self.dispatch)

    def wait_until(self, holds: Callable[[], bool], seconds: float = PATIENCE) -> None:
        """Wait until something holds.

        Raises:
            TimeoutError: It does not.
        """
        deadline = time.monotonic() + seconds
        while not holds():
            if time.monotonic() > deadline:
                raise TimeoutError(self.said)
            time.sleep(LOOK_EACH)

    def broken_promises(self, circumstances: Circumstances) -> list[str]:
        """Hold the dispatch against the journal, and say which promises of a rehearsal are broken."""
        self.settle()
        with self.open() as database:
            with database.reading() as connection:
                dispatch = read_dispatch(connection, self.dispatch)
            balance = write_receipt(database, dispatch).balance
            claims = prove(balance, deliveries(database, dispatch), self.read_journal(), circumstances)
        return [f"{claim.promise}: {claim.detail}" for claim in claims if not claim.holds]

    def settle(self) -> None:
        """Wait until the sink has dealt with all that came to it before."""
        with smtplib.SMTP("127.0.0.1", self.sink.port) as client:
            for _ in range(3):
                client.noop()


@contextmanager
def stage(
    folder: Path, url: str = "", *, connections: int = 2, depth: int = 2, intents: int = 4, rates: Rates | None = None
) -> Iterator[Stage]:
    """Make a workspace whose newsletter goes to a sink of its own.

    Args:
        url: A database of PostgreSQL; by default it is SQLite's, in the workspace.
        rates: How probable each fault of the sink is.
    """
    begin(folder / "workspace", {})
    made = Workspace(folder / "workspace")
    journal, complaints = folder / "journal", folder / "complaints.txt"
    complaints.touch()
    sink = SinkProcess(Orders(journal, rates=rates), complaints)
    try:
        with made.settings_file.open("a", encoding="utf-8") as settings:
            settings.write(
                f'\n[providers.smtp]\nhost = "127.0.0.1"\ntls = "none"\nport = {sink.port}\n'
                f"connections = {connections}\npipeline_depth = {depth}\nintents_per_connection = {intents}\n"
            )
        yield Stage(made, sink, journal, url or f"sqlite:///{made.state}/newsletter.db", connections * intents)
    finally:
        sink.close()


@dataclass
class Copies:
    """A database as it was when it was frozen, of which each run gets a copy of its own."""

    made: Stage
    number: int = 0
    origin: str = ""

    def keep(self) -> None:
        """Keep the database and the workspace's state as they are now."""
        self.origin = self.made.url
        shutil.copytree(self.made.workspace.state, self._kept, dirs_exist_ok=True)

    def renew(self) -> None:
        """Let the next run find everything as it was kept."""
        state = self.made.workspace.state
        shutil.rmtree(state)
        shutil.copytree(self._kept, state)
        if self.origin.startswith("postgresql"):
            before, self.number = self.made.url, self.number + 1
            base, _, name = self.origin.rpartition("/")
            with psycopg.connect(f"{base}/postgres", autocommit=True) as connection:
                if before != self.origin:
                    connection.execute(f"DROP DATABASE {before.rpartition('/')[2]} WITH (FORCE)")  # type: ignore[arg-type]
                connection.execute(f"CREATE DATABASE {name}_{self.number} TEMPLATE {name}")  # type: ignore[arg-type]
            self.made.url = f"{base}/{name}_{self.number}"

    @property
    def _kept(self) -> Path:
        return self.made.journal.with_name("kept")


def fork(work: Callable[[], None], complaints: Path) -> int:
    """Do something in a process of its own, and give its number; what it prints goes into a file."""
    number = os.fork()
    if number:
        return number
    code = 1
    try:
        _die_with_parent()
        told = os.open(complaints, os.O_WRONLY | os.O_APPEND)
        os.dup2(told, 1)
        os.dup2(told, 2)
        work()
        code = 0
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _die_with_parent() -> None:
    """Let this process be killed when the one that forked it has ended. Source: prctl(2)."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def wait_for(number: int) -> int:
    """Wait until a process that was forked has ended, and give its exit code; that of a signal is negative."""
    return os.waitstatus_to_exitcode(os.waitpid(number, 0)[1])


def kill(number: int) -> int:
    """Kill a process that was forked, if it still lives, and tell how it ended."""
    os.kill(number, signal.SIGKILL)
    return wait_for(number)


def _work(workspace: Workspace, url: str, before: Callable[[], None], options: Sequence[str]) -> None:
    """Be `newsletter worker`."""
    from newsletter.__main__ import run

    os.environ |= {**_environment(workspace, url), "PGAPPNAME": f"worker {os.getpid()}"}
    sys.argv = ["newsletter", "worker", *options]
    before()
    run()


def _environment(workspace: Workspace, url: str) -> dict[str, str]:
    return {"NEWSLETTER_WORKSPACE": str(workspace.root), "NEWSLETTER_DATABASE__URL": url}


def _add_readers(database: Database, signer: Signer, count: int) -> None:
    moment = now()
    with database.writing() as connection:
        for first in range(1, count + 1, ROWS):
            numbers = range(first, min(first + ROWS, count + 1))
            people = [
                {
                    "id": number,
                    "address": address_of(number),
                    "address_key": address_of(number),
                    "address_hash": signer.hash_address(address_of(number)),
                    "created_at": moment,
                    "changed_at": moment,
                }
                for number in numbers
            ]
            connection.execute(sa.insert(tables.subscribers), people)
            subscribed = {"list": LIST, "status": "subscribed", "source": "test", "subscribed_at": moment}
            connection.execute(
                sa.insert(tables.subscriptions), [{"subscriber_id": number, **subscribed} for number in numbers]
            )


def address_of(number: int) -> str:
    """Give the address of a made-up reader."""
    return f"reader{number}@example.org"
