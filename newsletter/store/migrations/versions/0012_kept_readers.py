"""Keep what a message was merged from that may have to be handed over again."""

import sqlalchemy as sa
from alembic import op

from newsletter.store.types import BigIdentifier, UtcDateTime

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Make the table; what was handed over before is not known any more."""
    op.create_table(
        "kept_readers",
        sa.Column("dispatch_id", sa.String(16), sa.ForeignKey("dispatches.id"), primary_key=True),
        sa.Column(
            "subscriber_id", BigIdentifier, sa.ForeignKey("subscribers.id", ondelete="CASCADE"), primary_key=True
        ),
        sa.Column("reader", sa.Text, nullable=False),
        sa.Column("kept_at", UtcDateTime, nullable=False),
    )
    op.create_index("ix_kept_readers_subscriber_id", "kept_readers", ["subscriber_id"])
