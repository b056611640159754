"""Table of approvals: who said of what that it may be sent."""

import sqlalchemy as sa

from newsletter.store.tables.base import metadata
from newsletter.store.types import BigIdentifier, UtcDateTime

approvals = sa.Table(
    "approvals",
    metadata,
    sa.Column("id", BigIdentifier, primary_key=True),
    sa.Column("issue", sa.Text, nullable=False),
    sa.Column("list", sa.Text, nullable=False),
    sa.Column("segment", sa.Text, nullable=False, server_default=""),
    sa.Column("follows", sa.String(16)),
    sa.Column("content", sa.String(64), nullable=False),
    sa.Column("template", sa.String(64), nullable=False),
    sa.Column("audience", sa.String(64), nullable=False),
    sa.Column("sender", sa.String(64), nullable=False),
    sa.Column("by", sa.Text, nullable=False),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Column("withdrawn_at", UtcDateTime),
    sa.Index("ix_approvals_issue", "issue", "list", "segment"),
)
"""Rows are added, and withdrawn; what was approved is never changed."""
