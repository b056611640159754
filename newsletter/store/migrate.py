"""Brings a database's tables up to date, one process at a time."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import sqlalchemy as sa
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Engine

from newsletter.errors import StoreError
from newsletter.store.tables import metadata

_LOCK: Final = 6_394_862_015
"""The number of our advisory lock in PostgreSQL."""


@dataclass(frozen=True, slots=True)
class Revisions:
    """How far the tables of a database are.

    Attributes:
        current: The last migration that it has seen; None where it holds no tables of ours.
        wanted: The last one that there is.
        is_known: Whether this version of the program has the current one.
    """

    current: str | None
    wanted: str | None
    is_known: bool


def read_revisions(connection: sa.Connection) -> Revisions:
    """Tell how far a database is, and change nothing."""
    scripts = _scripts()
    current = MigrationContext.configure(connection).get_current_revision()
    known = {script.revision for script in scripts.walk_revisions()}
    return Revisions(current, scripts.get_current_head(), current is None or current in known)


def upgrade(engine: Engine) -> None:
    """Run the migrations that a database has not seen yet.

    Raises:
        StoreError: A newer version of this program has made the database.
    """
    scripts = _scripts()
    head = scripts.get_current_head()
    with engine.connect() as connection:
        current = MigrationContext.configure(connection).get_current_revision()
        connection.rollback()
        if current == head:
            return
        _assert_known(scripts, current)
        if engine.dialect.name == "sqlite":
            # Tables are made anew by some migrations, which foreign keys would not let happen.
            connection.exec_driver_sql("PRAGMA foreign_keys = OFF")
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            connection.execute(sa.text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        try:
            _run(scripts, connection)
            connection.commit()
        finally:
            connection.rollback()
            if engine.dialect.name == "sqlite":
                connection.exec_driver_sql("PRAGMA foreign_keys = ON")


def _scripts() -> ScriptDirectory:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")))
    config.set_main_option("path_separator", "os")
    return ScriptDirectory.from_config(config)


def _assert_known(scripts: ScriptDirectory, current: str | None) -> None:
    if current is not None and current not in {script.revision for script in scripts.walk_revisions()}:
        raise StoreError(
            f"a newer version of this program has made the database (its version is {current})",
            remedy="Update this program: pip install --upgrade newsletter.",
        )


def _run(scripts: ScriptDirectory, connection: sa.Connection) -> None:
    with EnvironmentContext(
        scripts.config if hasattr(scripts, "config") else Config(),
        scripts,
        fn=lambda revision, _context: scripts._upgrade_revs("head", revision),  # noqa: SLF001
    ) as environment:
        environment.configure(
            connection=connection, target_metadata=metadata, render_as_batch=True, transactional_ddl=False
        )
        environment.run_migrations()
