"""Opens the database: SQLite in a file, or PostgreSQL; brings its tables up to date; gives transactions."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import URL, Engine, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, OperationalError

from newsletter.errors import Place, StoreError
from newsletter.store.revisions import Revisions, read_revisions
from newsletter.store.types import SQLITE_LOWER

BUSY_TIMEOUT_MILLISECONDS: Final = 10_000


class DatabaseBusy(StoreError):
    """Another process was in the way: nothing was written, and the same again may go well."""


class DatabaseAway(StoreError):
    """The server does not answer, or has cut the connection: the same again may go well in a moment.

    Nothing was written, unless the connection was cut in the very moment of a commit.
    """


class Database:
    """An open database, with its tables up to date.

    Args:
        engine: Owned by this object.
        name: The database as it may be shown: without a password.
    """

    def __init__(self, engine: Engine, name: str) -> None:
        self.engine = engine
        self.name = name

    @property
    def is_sqlite(self) -> bool:
        """Whether it is a file that one process at a time writes to."""
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """Give a connection that sees one state of the database and changes nothing."""
        with explained(self.name), self.engine.connect() as connection:
            try:
                yield connection
            finally:
                connection.rollback()

    @contextmanager
    def snapshot(self) -> Iterator[sa.Connection]:
        """Give a connection for many questions that all see the database as it was at the first of them."""
        with self.reading() as connection:
            if self.is_sqlite:
                connection.exec_driver_sql("BEGIN")
            else:
                connection.execution_options(isolation_level="REPEATABLE READ")
            yield connection

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """Give a connection with a transaction that is committed when the block ends well."""
        with self.connected() as connection, self.transaction(connection):
            yield connection

    @contextmanager
    def connected(self) -> Iterator[sa.Connection]:
        """Give a connection for several steps, of which only some may write: those within `transaction`."""
        with explained(self.name), self.engine.connect() as connection:
            yield connection

    @contextmanager
    def transaction(self, connection: sa.Connection) -> Iterator[None]:
        """Let a connection write: all of the block is committed when it ends well, and nothing otherwise."""
        if self.is_sqlite:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            connection.rollback()
            raise
        connection.commit()

    def close(self) -> None:
        """Let go of the database."""
        self.engine.dispose()


def open_database(url: str, root: Path) -> Database:
    """Open a database and bring its tables up to date.

    Args:
        url: `sqlite:///var/newsletter.db`, the path relative to `root`; or `postgresql://user@host/name`.
        root: The workspace's folder.

    Raises:
        StoreError: It cannot be reached, read or written, or a newer version of this program has made it.
    """
    database = _open(_parse(url, root))
    try:
        with explained(database.name):
            _bring_up_to_date(database.engine)
    except BaseException:
        database.close()
        raise
    return database


def open_to_read(url: str, root: Path) -> Database:
    """Open a database that is there already so that nothing of it can be changed, by mistake neither.

    Args:
        url: As for `open_database`.
        root: Likewise.

    Raises:
        StoreError: There is none, it cannot be reached or read, or its tables are of another version.
    """
    parsed = _parse(url, root)
    if parsed.get_backend_name() == "sqlite" and not _is_there(Path(str(parsed.database))):
        raise StoreError(
            "there is no database yet",
            where=Place(str(parsed.database)),
            remedy="Import subscribers first: newsletter subscribers import FILE --list LIST.",
        )
    database = _protected(_open(parsed))
    try:
        with database.reading() as connection:
            revisions = read_revisions(connection)
    except BaseException:
        database.close()
        raise
    if revisions.current != revisions.wanted:
        database.close()
        raise StoreError(
            "the tables of the database are of another version of this program",
            where=Place(database.name),
            remedy="Bring them up to date with a command that writes, such as 'newsletter lists list'.",
        )
    return database


def _protected(database: Database) -> Database:
    """Let a database refuse every change."""
    if database.is_sqlite:
        sa.event.listen(database.engine, "connect", lambda connection, _: connection.execute("PRAGMA query_only = ON"))
        return database
    return Database(database.engine.execution_options(postgresql_readonly=True), database.name)


def _bring_up_to_date(engine: Engine) -> None:
    with engine.connect() as connection:
        revisions = read_revisions(connection)
    if not revisions.is_known:
        raise StoreError(
            f"a newer version of this program has made the database (its version is {revisions.current})",
            remedy="Update this program: pip install --upgrade newsletter.",
        )
    if revisions.current != revisions.wanted:
        from newsletter.store.migrate import upgrade  # takes long to load, and is needed once

        upgrade(engine)


def inspect_database(url: str, root: Path) -> "DatabaseState":
    """Look whether a database can be read and written, and how far its tables are; change nothing.

    Args:
        url: As for `open_database`.
        root: Likewise.

    Raises:
        StoreError: It cannot be reached, read or written.
    """
    parsed = _parse(url, root)
    if parsed.get_backend_name() == "sqlite" and not _is_there(Path(str(parsed.database))):
        return DatabaseState(str(parsed.database))
    database = _open(parsed)
    try:
        with database.writing() as connection:
            revisions = read_revisions(connection)
            clock = None if database.is_sqlite else connection.scalar(sa.select(sa.func.clock_timestamp()))
        return DatabaseState(database.name, revisions, clock)
    finally:
        database.close()


@dataclass(frozen=True, slots=True)
class DatabaseState:
    """What a look at a database shows.

    Attributes:
        name: As it may be shown: without a password.
        revisions: How far its tables are; None where there is no file yet.
        clock: What its server believes the time to be; a file has no clock.
    """

    name: str
    revisions: Revisions | None = None
    clock: datetime | None = None


def _is_there(file: Path) -> bool:
    try:
        return file.exists()
    except OSError:  # what is wrong shows, and is explained, when it is opened
        return True


def _open(url: URL) -> Database:
    # Options may hold passwords too, and tell nobody which database it is.
    name = url.set(query={}).render_as_string(hide_password=True)
    return Database(_sqlite(url) if url.get_backend_name() == "sqlite" else _postgresql(url, name), name)


@contextmanager
def explained(name: str) -> Iterator[None]:
    """Turn what a database driver raises into an error that a person can do something about.

    Raises:
        DatabaseBusy: It is locked, or the transaction lost against another one.
        DatabaseAway: The server does not answer, or has cut the connection.
        StoreError: In the place of any other error of the driver.
    """
    try:
        yield
    except DBAPIError as error:
        message = str(error.orig).strip().split("\n")[0] if error.orig else type(error).__name__
        kind = _kind(message, error)
        raise kind(f"the database says: {message}", where=Place(name), remedy=_remedy(message, error)) from error


def _kind(message: str, error: DBAPIError) -> type[StoreError]:
    code = getattr(error.orig, "sqlstate", None)
    said = str(error.orig or message).lower()
    if code in _LOST or "database is locked" in said:
        return DatabaseBusy
    if error.connection_invalidated or code in _ENDING:
        return DatabaseAway
    # A server that cannot be asked gives no code; one that turns us away mostly gives none either, but says why.
    is_mute = code is None and type(error.orig).__module__.startswith("psycopg") and isinstance(error, OperationalError)
    return DatabaseAway if is_mute and not any(sign in said for sign in _TURNED_AWAY) else StoreError


def has_collided(error: DBAPIError) -> bool:
    """Tell whether a transaction has lost against another one that has written the same rows."""
    return getattr(error.orig, "sqlstate", None) in {*_LOST, _DUPLICATE}


_DUPLICATE: Final = "23505"
_LOST: Final = frozenset({"40001", "40P01", "55P03"})
"""Serialization failure, deadlock, lock not available. Source: PostgreSQL's documentation, appendix A."""
_ENDING: Final = frozenset({"57P01", "57P02", "57P03", "25P03", "53300"})
"""The server ends, has crashed, or begins; we stood still for too long; too many connections. Source: likewise."""
_TURNED_AWAY: Final = ("authentication", "does not exist", "pg_hba", "ssl", "no password", "certificate")
"""What waiting does not mend."""


def _remedy(message: str, error: DBAPIError) -> str:
    for sign, remedy in _REMEDIES.items():
        if sign in message.lower():
            return remedy
    return "Check that it runs and may be written." if isinstance(error, OperationalError) else "Please report this."


_REMEDIES: Final = {
    "full": "Make room on the disk; nothing of this step was written.",
    "locked": "Another process is writing to it; wait until it has finished.",
    "deadlock": "Another process was in the way. Run the same command again.",
    "serialize access": "Another process was in the way. Run the same command again.",
    "not a database": "The file is something else; name another in database.url.",
    "malformed": "The file is damaged; restore it from a backup.",
    "readonly": "Give yourself the right to write to the file and its folder.",
    "unable to open": "Check that the folder exists and may be written.",
    "password authentication": "Set the right password in NEWSLETTER_DATABASE__URL.",
    "permission denied": "Let its owner grant what is missing: the user needs all rights on the tables, and a worker "
    "the right to make a schema (GRANT CREATE ON DATABASE).",
    "does not exist": "Create the database, or correct database.url.",
}


def _parse(url: str, root: Path) -> URL:
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise StoreError(
            "this is no database URL",
            where=Place(field="database.url"),
            remedy="Write sqlite:///var/newsletter.db or postgresql://user@host/name.",
        ) from None
    backend = parsed.get_backend_name()
    if backend == "sqlite":
        if parsed.database in (None, "", ":memory:"):
            raise StoreError(
                "the database needs a file",
                where=Place(field="database.url"),
                remedy="Name one: sqlite:///var/newsletter.db.",
            )
        # Options of the driver are not ours to pass on: a wrong one would end as a mistake of the program.
        return parsed.set(database=str(root / str(parsed.database)), query={})
    if backend == "postgresql":
        return parsed.set(drivername="postgresql+psycopg")
    raise StoreError(
        f"databases of the kind {backend!r} are not supported",
        where=Place(field="database.url"),
        remedy="Use sqlite:/// or postgresql://.",
    )


def _sqlite(url: URL) -> Engine:
    file = Path(str(url.database))
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        # Made before SQLite does, so that nobody else can read people's addresses for a moment.
        os.close(os.open(file, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as error:
        raise StoreError(
            f"the file cannot be opened: {error.strerror}",
            where=Place(str(file)),
            remedy="Check that its folder exists and may be written.",
        ) from error
    engine = sa.create_engine(url, hide_parameters=True, connect_args={"timeout": BUSY_TIMEOUT_MILLISECONDS / 1000})
    sa.event.listen(engine, "connect", _configure_sqlite)
    return engine


def _configure_sqlite(connection: Any, _record: Any) -> None:
    # Transactions are begun by us: the driver's own would begin too late to hold the write lock.
    connection.isolation_level = None
    for statement in (
        "PRAGMA journal_mode = WAL",
        "PRAGMA synchronous = FULL",
        "PRAGMA foreign_keys = ON",
        # What is erased is not to stay in the file.
        "PRAGMA secure_delete = ON",
        f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MILLISECONDS}",
    ):
        connection.execute(statement)
    connection.create_function(SQLITE_LOWER, 1, _lower, deterministic=True)


def _lower(text: str | None) -> str | None:
    return text.lower() if text is not None else None


def _postgresql(url: URL, name: str) -> Engine:
    try:
        engine = sa.create_engine(url, hide_parameters=True, pool_pre_ping=True, connect_args=_ALIVE)
    except (ModuleNotFoundError, NoSuchModuleError) as error:
        raise StoreError(
            "the driver for PostgreSQL is not installed",
            where=Place(name),
            remedy="Install it: pip install 'newsletter[postgres]'.",
        ) from error
    sa.event.listen(engine, "connect", _configure_postgresql)
    return engine


_ALIVE: Final = {"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 2, "tcp_user_timeout": 20_000}
"""How soon we see that a server is gone: in seconds, and the last in milliseconds.

Source: PostgreSQL's documentation of libpq, parameter key words.
"""
_LET_GO: Final = (
    "SET idle_in_transaction_session_timeout = '30s'",
    "SET tcp_keepalives_idle = 10",
    "SET tcp_keepalives_interval = 5",
    "SET tcp_keepalives_count = 2",
)
"""How soon a server lets go of what we hold when we are gone, or stand still in the midst of a transaction."""


_WAY: Final = (
    # Of all that is asked here, nothing takes as long as to compile how it is answered.
    "SET jit = off",
    # What locks and triggers rely on, whatever the server's own default is.
    "SET default_transaction_isolation = 'read committed'",
)
"""How a server is to work for us."""


def _configure_postgresql(connection: Any, _record: Any) -> None:
    connection.autocommit = True
    for statement in (*_LET_GO, *_WAY):
        connection.execute(statement)
    connection.autocommit = False
