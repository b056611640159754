"""Tables of what was done to many people at once, so that it can be undone."""

import sqlalchemy as sa

from newsletter.store.tables.base import metadata
from newsletter.store.types import BigIdentifier, UtcDateTime

changes = sa.Table(
    "changes",
    metadata,
    sa.Column("id", BigIdentifier, primary_key=True),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Column("by", sa.Text, nullable=False),
    sa.Column("action", sa.Text, nullable=False),
    sa.Column("detail", sa.Text, nullable=False, server_default=""),
    sa.Column("list", sa.Text),
    sa.Column("count", sa.Integer, nullable=False, server_default="0"),
    sa.Column("finished_at", UtcDateTime),
    sa.Column("undone_at", UtcDateTime),
    sa.Column("identity", sa.LargeBinary(32)),
    sa.Column("progress", sa.Text),
    sqlite_autoincrement=True,
)
"""Bulk edits and imports, in their order; of an import also what tells it from others, and how far it has come."""

changed_people = sa.Table(
    "changed_people",
    metadata,
    sa.Column("change_id", sa.ForeignKey("changes.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("subscriber_id", sa.ForeignKey("subscribers.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("fate", sa.Text, nullable=False),
    sa.Column("before", sa.Text),
    sa.Index("ix_changed_people_subscriber_id", "subscriber_id"),
)
"""Whom a change touched, how, and as JSON what was kept of them before, where that was not nothing."""

changed_spans = sa.Table(
    "changed_spans",
    metadata,
    sa.Column("change_id", sa.ForeignKey("changes.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("first_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("last_id", sa.BigInteger, nullable=False),
)
"""Whom an import has added, as the numbers of the first and the last of people who all are of them.

Numbers are never given twice, so that whoever is gone since leaves nothing behind here.
"""
