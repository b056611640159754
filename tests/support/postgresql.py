"""A PostgreSQL server of the tests' own: made in a temporary folder, on loopback, gone afterwards."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from time import monotonic

import psycopg
import sqlalchemy as sa

from newsletter.store import Database

PATIENCE = 20.0


class Unavailable(Exception):
    """PostgreSQL is not installed here."""


@dataclass
class Cluster:
    """A running server."""

    folder: Path
    binaries: Path
    port: int
    numbers: "count[int]" = field(default_factory=count)

    @classmethod
    def start(cls, *, durable: bool = False) -> "Cluster":
        """Start a server.

        Args:
            durable: Whether what is committed is on disk, as on a real server; tests are quicker without.

        Raises:
            Unavailable: There is no PostgreSQL.
        """
        binaries = find_binaries()
        folder = Path(tempfile.mkdtemp(prefix="newsletter-postgresql-"))
        cluster = cls(folder, binaries, _free_port())
        if os.getuid() == 0:
            shutil.chown(folder, "postgres", "postgres")
        cluster.run("initdb", "--no-sync", "-A", "trust", "-U", "postgres", "-E", "UTF8", "-D", str(folder / "data"))
        options = f"-p {cluster.port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync={'on' if durable else 'off'}"
        cluster.run("pg_ctl", "-D", str(folder / "data"), "-o", options, "-l", str(folder / "log"), "-w", "start")
        return cluster

    def new_database(self) -> str:
        """Make a database and give its URL."""
        name = f"test_{next(self.numbers)}"
        with psycopg.connect(host="127.0.0.1", port=self.port, user="postgres", autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")  # type: ignore[arg-type]
        return f"postgresql://postgres@127.0.0.1:{self.port}/{name}"

    def restart(self) -> None:
        """Stop the server, which ends all connections, and start it again."""
        self.run(
            "pg_ctl", "-D", str(self.folder / "data"), "-m", "fast", "-l", str(self.folder / "log"), "-w", "restart"
        )

    def stop(self) -> None:
        """Stop the server and delete everything."""
        self.run("pg_ctl", "-D", str(self.folder / "data"), "-m", "immediate", "-w", "stop")
        shutil.rmtree(self.folder, ignore_errors=True)

    def run(self, program: str, *arguments: str) -> None:
        """Run one of PostgreSQL's own programs, which refuse to be root."""
        prefix = ["runuser", "-u", "postgres", "--"] if os.getuid() == 0 else []
        subprocess.run(
            [*prefix, str(self.binaries / program), *arguments],
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=self.folder,
        )


def find_binaries() -> Path:
    """Find the folder of PostgreSQL's own programs.

    Raises:
        Unavailable: There is no PostgreSQL.
    """
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    initdb = str(found[-1]) if found else shutil.which("initdb")
    if initdb is None:
        raise Unavailable("PostgreSQL is not installed")
    return Path(initdb).parent


def wait_for_lock(database: Database, otherwise: Callable[[], bool] = lambda: False) -> bool:
    """Wait until some connection waits for another one's lock, or something else has happened; tell which it was.

    Raises:
        TimeoutError: Neither has happened.
    """
    deadline = monotonic() + PATIENCE
    waiting = sa.text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    while monotonic() < deadline:
        with database.reading() as connection:
            if connection.scalar(waiting):
                return True
        if otherwise():
            return False
    raise TimeoutError("nobody waits for a lock")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
