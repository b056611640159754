"""Brings a database's tables up to date, one process at a time."""

from typing import Final

import sqlalchemy as sa
from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Engine

from newsletter.store.revisions import MIGRATIONS
from newsletter.store.tables import metadata

_LOCK: Final = 6_394_862_015
"""The number of our advisory lock in PostgreSQL."""


def upgrade(engine: Engine) -> None:
    """Run the migrations that a database has not seen yet."""
    scripts = script_directory()
    with engine.connect() as connection:
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


def script_directory() -> ScriptDirectory:
    """Give the migrations, as Alembic reads them."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    return ScriptDirectory.from_config(config)


def _run(scripts: ScriptDirectory, connection: sa.Connection) -> None:
    with EnvironmentContext(
        Config(),
        scripts,
        fn=lambda revision, _context: scripts._upgrade_revs("head", revision),  # noqa: SLF001
    ) as environment:
        environment.configure(
            connection=connection, target_metadata=metadata, render_as_batch=True, transactional_ddl=False
        )
        environment.run_migrations()
