"""Keep who approved what, and with a dispatch by whose approval it was sent."""

import sqlalchemy as sa
from alembic import op

from newsletter.store.types import BigIdentifier, UtcDateTime

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Make the table; dispatches of before have no approval."""
    op.create_table(
        "approvals",
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
    )
    op.create_index("ix_approvals_issue", "approvals", ["issue", "list", "segment"])
    op.add_column("dispatches", sa.Column("approval", sa.Text))
