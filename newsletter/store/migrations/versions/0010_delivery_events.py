"""Keep what became of deliveries before they were accepted, so that a reader's whole story can be told."""

import sqlalchemy as sa
from alembic import op

from newsletter.store.types import BigIdentifier, UtcDateTime

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Make the table; of what was before, the last reply stands with each delivery."""
    op.create_table(
        "delivery_events",
        sa.Column("id", BigIdentifier, primary_key=True),
        sa.Column("dispatch_id", sa.String(16), sa.ForeignKey("dispatches.id"), nullable=False),
        sa.Column("subscriber_id", BigIdentifier, nullable=False),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("reply", sa.Text),
    )
    op.create_index("ix_delivery_events_subscriber_id", "delivery_events", ["subscriber_id", "id"])
    op.create_index("ix_delivery_events_dispatch_id", "delivery_events", ["dispatch_id"])
