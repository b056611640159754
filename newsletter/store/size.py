"""Tells how large a database is."""

import sqlalchemy as sa


def database_bytes(connection: sa.Connection) -> int:
    """Give the size of a database on its disk, in bytes; of an SQLite file without what waits beside it."""
    if connection.dialect.name == "postgresql":
        return int(connection.scalar(sa.text("SELECT pg_database_size(current_database())")) or 0)
    pages, size = (int(connection.scalar(sa.text(f"PRAGMA {name}")) or 0) for name in ("page_count", "page_size"))
    return pages * size
