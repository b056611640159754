"""Keep how fast messages may go, and how fast they went, where all processes see it."""

import sqlalchemy as sa
from alembic import op

from newsletter.store.types import UtcDateTime

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "rate_limits",
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("tat", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("used", sa.JSON, nullable=False, server_default="{}"),
        sa.Column("paused_until", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("slow_rate", sa.Float),
        sa.Column("slowed_at", sa.BigInteger),
        sa.Column("override", sa.Text),
        sa.Column("overridden_at", UtcDateTime),
        sa.CheckConstraint("(slow_rate IS NULL) = (slowed_at IS NULL)", name="slow"),
        sa.CheckConstraint("(override IS NULL) = (overridden_at IS NULL)", name="override"),
        sa.PrimaryKeyConstraint("key"),
    )
