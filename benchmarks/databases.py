"""The databases that are measured on: SQLite, and a PostgreSQL server of our own that is as durable as a real one."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from newsletter.store import Database, open_database
from support.postgresql import Cluster, Unavailable, find_binaries

SQLITE: Final = "sqlite"
ABSENT: Final = "there is no PostgreSQL here"
"""Why something is not measured."""

New = Callable[[], str]
"""Makes an empty database and tells where it is, for `opened`."""


@contextmanager
def databases() -> Iterator[dict[str, New | None]]:
    """Give what makes an empty database of each kind; None where there is none of that kind."""
    try:
        cluster = Cluster.start(durable=True)
    except Unavailable:
        yield {"SQLite": lambda: SQLITE, "PostgreSQL": None}
        return
    try:
        yield {"SQLite": lambda: SQLITE, "PostgreSQL": cluster.new_database}
    finally:
        cluster.stop()


@contextmanager
def opened(where: str, root: Path) -> Iterator[Database]:
    """Open a database.

    Args:
        where: Its URL, or `SQLITE` for one in the workspace.
        root: Where the workspace is.
    """
    database = open_database("sqlite:///var/newsletter.db" if where == SQLITE else where, root)
    try:
        yield database
    finally:
        database.close()


def postgres() -> Path | None:
    """Find the server's program."""
    try:
        return Path(find_binaries()) / "postgres"
    except Unavailable:
        return None
