"""Table of what came back about messages: bounces, complaints and what else providers report, each thing once."""

import sqlalchemy as sa

from newsletter.store.tables.base import metadata
from newsletter.store.types import BigIdentifier, UtcDateTime

feedback_events = sa.Table(
    "feedback_events",
    metadata,
    sa.Column("id", BigIdentifier, primary_key=True),
    sa.Column("identity", sa.LargeBinary(16), nullable=False, unique=True),
    sa.Column("received_at", UtcDateTime, nullable=False),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("fault", sa.Text),
    sa.Column("status", sa.Text, nullable=False, server_default=""),
    sa.Column("reply", sa.Text, nullable=False, server_default=""),
    sa.Column("detail", sa.Text, nullable=False, server_default=""),
    sa.Column("reference", sa.Text, nullable=False, server_default=""),
    sa.Column("key", sa.String(26)),
    sa.Column("dispatch_id", sa.String(16)),
    sa.Column("subscriber_id", sa.BigInteger),
    sa.Index("ix_feedback_events_subscriber_id", "subscriber_id", "at"),
    sa.Index("ix_feedback_events_dispatch_id", "dispatch_id", "kind"),
    sa.Index("ix_feedback_events_received_at", "received_at"),
    sa.Index("ix_feedback_events_key", "key"),
)
"""No address stands here. A row names its subscriber by number, as a delivery does, and outlives the person."""
