"""The database: engine, transactions, tables, migrations."""

from newsletter.store import tables
from newsletter.store.engine import (
    Database,
    DatabaseAway,
    DatabaseBusy,
    DatabaseState,
    has_collided,
    inspect_database,
    open_database,
    open_to_read,
)
from newsletter.store.patience import insist
from newsletter.store.revisions import read_revisions
from newsletter.store.size import database_bytes
from newsletter.store.standing import StandingConnection
from newsletter.store.types import UtcDateTime

__all__ = [
    "Database",
    "DatabaseAway",
    "DatabaseBusy",
    "DatabaseState",
    "StandingConnection",
    "UtcDateTime",
    "database_bytes",
    "has_collided",
    "insist",
    "inspect_database",
    "open_database",
    "open_to_read",
    "read_revisions",
    "tables",
]
