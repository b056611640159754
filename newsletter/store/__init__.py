"""The database: engine, transactions, tables, migrations."""

from newsletter.store import tables
from newsletter.store.engine import Database, open_database
from newsletter.store.types import UtcDateTime

__all__ = ["Database", "UtcDateTime", "open_database", "tables"]
