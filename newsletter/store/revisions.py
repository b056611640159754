"""Tells how far a database's tables are, without what brings them up to date: that takes long to load."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import sqlalchemy as sa

MIGRATIONS: Final = Path(__file__).with_name("migrations")

_VERSION: Final = sa.table("alembic_version", sa.column("version_num", sa.String))


@dataclass(frozen=True, slots=True)
class Revisions:
    """How far the tables of a database are.

    Attributes:
        current: The last migration that it has seen; None where it holds no tables of ours.
        wanted: The last one that there is.
        is_known: Whether this version of the program has the current one.
    """

    current: str | None
    wanted: str
    is_known: bool


def read_revisions(connection: sa.Connection) -> Revisions:
    """Tell how far a database is, and change nothing."""
    known = known_revisions()
    has_table = sa.inspect(connection).has_table(_VERSION.name)
    current = connection.scalar(sa.select(_VERSION.c.version_num)) if has_table else None
    return Revisions(current, known[-1], current is None or current in known)


def known_revisions() -> list[str]:
    """Give the migrations that this version of the program has, the oldest first, as their files begin."""
    return sorted(file.name.partition("_")[0] for file in (MIGRATIONS / "versions").glob("[0-9]*.py"))
