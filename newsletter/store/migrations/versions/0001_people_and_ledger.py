"""Make the tables of people and of the ledger."""

import sqlalchemy as sa
from alembic import op

from newsletter.store.types import BigIdentifier, UtcDateTime

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make them."""
    _people()
    _ledger()


def _people() -> None:
    op.create_table(
        "subscribers",
        sa.Column("id", BigIdentifier, nullable=False),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("address_key", sa.Text, nullable=False),
        sa.Column("address_hash", sa.LargeBinary(32), nullable=False),
        sa.Column("first_name", sa.Text),
        sa.Column("last_name", sa.Text),
        sa.Column("language", sa.Text),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("changed_at", UtcDateTime, nullable=False),
        sa.CheckConstraint("address <> '' AND address_key <> ''", name="address"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("address_key"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_subscribers_address_hash", "subscribers", ["address_hash"])
    op.create_table(
        "subscriptions",
        sa.Column("subscriber_id", BigIdentifier, nullable=False),
        sa.Column("list", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("subscribed_at", UtcDateTime, nullable=False),
        sa.Column("unsubscribed_at", UtcDateTime),
        sa.CheckConstraint("status IN ('subscribed', 'unsubscribed')", name="status"),
        sa.CheckConstraint("(status = 'unsubscribed') = (unsubscribed_at IS NOT NULL)", name="unsubscribed"),
        sa.PrimaryKeyConstraint("subscriber_id", "list"),
        sa.ForeignKeyConstraint(["subscriber_id"], ["subscribers.id"], ondelete="CASCADE"),
    )
    op.create_index("ix_subscriptions_list", "subscriptions", ["list", "status", "subscriber_id"])
    op.create_table(
        "subscriber_topics",
        sa.Column("subscriber_id", BigIdentifier, nullable=False),
        sa.Column("topic", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("subscriber_id", "topic"),
        sa.ForeignKeyConstraint(["subscriber_id"], ["subscribers.id"], ondelete="CASCADE"),
    )
    op.create_index("ix_subscriber_topics_topic", "subscriber_topics", ["topic", "subscriber_id"])
    op.create_table(
        "suppressions",
        sa.Column("address_hash", sa.LargeBinary(32), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("address_hash"),
    )


def _ledger() -> None:
    op.create_table(
        "compiled_issues",
        sa.Column("content_hash", sa.String(64), nullable=False),
        sa.Column("payload", sa.LargeBinary, nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("content_hash"),
    )
    op.create_table(
        "dispatches",
        sa.Column("id", sa.String(16), nullable=False),
        sa.Column("issue", sa.Text, nullable=False),
        sa.Column("list", sa.Text, nullable=False),
        sa.Column("segment", sa.Text, nullable=False, server_default=""),
        sa.Column("provider", sa.Text, nullable=False),
        sa.Column("content_hash", sa.String(64), nullable=False),
        sa.Column("letterhead", sa.Text, nullable=False),
        sa.Column("secret", sa.LargeBinary(32), nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("selected", sa.Integer, nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("finished_at", UtcDateTime),
        sa.Column("lease_number", sa.Integer, nullable=False, server_default="0"),
        sa.Column("lease_owner", sa.Text),
        sa.Column("lease_until", UtcDateTime),
        sa.CheckConstraint("state IN ('open', 'finished')", name="state"),
        sa.CheckConstraint("(state = 'finished') = (finished_at IS NOT NULL)", name="finished"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("issue", "list", "segment"),
        sa.ForeignKeyConstraint(["content_hash"], ["compiled_issues.content_hash"]),
    )
    op.create_table(
        "deliveries",
        sa.Column("dispatch_id", sa.String(16), nullable=False),
        sa.Column("subscriber_id", BigIdentifier, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("key", sa.String(26)),
        sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
        sa.Column("due", UtcDateTime),
        sa.Column("reference", sa.Text),
        sa.Column("reply", sa.Text),
        sa.Column("changed_at", UtcDateTime, nullable=False),
        sa.CheckConstraint(
            "state IN ('planned', 'claimed', 'submitting', 'deferred', 'uncertain', 'accepted', 'rejected', "
            "'excluded')",
            name="state",
        ),
        sa.CheckConstraint("(state = 'excluded') = (reason IS NOT NULL)", name="reason"),
        sa.CheckConstraint("(state = 'deferred') = (due IS NOT NULL)", name="due"),
        sa.PrimaryKeyConstraint("dispatch_id", "subscriber_id"),
        sa.ForeignKeyConstraint(["dispatch_id"], ["dispatches.id"]),
    )
    op.create_index("ix_deliveries_work", "deliveries", ["dispatch_id", "state", "due", "subscriber_id"])
    op.create_index("ix_deliveries_key", "deliveries", ["key"], unique=True)
    op.create_index("ix_deliveries_subscriber", "deliveries", ["subscriber_id"])
