"""Keep beside the deliveries how many are in each state, and write them at less cost."""

import sqlalchemy as sa
from alembic import op

from newsletter.store.types import BigIdentifier, UtcDateTime

revision = "0005"
down_revision = "0004"

_STATES = ("planned", "claimed", "submitting", "deferred", "uncertain", "accepted", "rejected", "excluded")


def upgrade() -> None:
    """Make the table and count what there is."""
    op.drop_index("ix_deliveries_key", "deliveries")
    if op.get_bind().dialect.name == "sqlite":
        _check_states_one_by_one()
    has_key = sa.column("key").is_not(None)
    op.create_index(
        "ix_deliveries_key", "deliveries", ["key"], unique=True, sqlite_where=has_key, postgresql_where=has_key
    )
    op.create_table(
        "delivery_counts",
        sa.Column("dispatch_id", sa.String(16), nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("count", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("dispatch_id", "state", "reason"),
        sa.ForeignKeyConstraint(["dispatch_id"], ["dispatches.id"]),
    )
    op.execute(
        "INSERT INTO delivery_counts (dispatch_id, state, reason, count) "
        "SELECT dispatch_id, state, coalesce(reason, ''), count(*) FROM deliveries GROUP BY 1, 2, 3"
    )


def _check_states_one_by_one() -> None:
    """Make the deliveries anew: SQLite makes a table of an IN list for every row that is written."""
    deliveries = sa.Table(
        "deliveries",
        sa.MetaData(naming_convention=op.get_context().opts["target_metadata"].naming_convention),
        sa.Column("dispatch_id", sa.String(16), nullable=False),
        sa.Column("subscriber_id", BigIdentifier, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("key", sa.String(26)),
        sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
        sa.Column("deferrals", sa.Integer, nullable=False, server_default="0"),
        sa.Column("resends", sa.Integer, nullable=False, server_default="0"),
        sa.Column("due", UtcDateTime),
        sa.Column("reference", sa.Text),
        sa.Column("reply", sa.Text),
        sa.Column("changed_at", UtcDateTime, nullable=False),
        sa.CheckConstraint(sa.or_(*(sa.column("state") == state for state in _STATES)), name="state"),
        sa.CheckConstraint("(state = 'excluded') = (reason IS NOT NULL)", name="reason"),
        sa.CheckConstraint("(state = 'deferred') = (due IS NOT NULL)", name="due"),
        sa.CheckConstraint("resends BETWEEN 0 AND 1", name="resends"),
        sa.PrimaryKeyConstraint("dispatch_id", "subscriber_id"),
        sa.ForeignKeyConstraint(["dispatch_id"], ["dispatches.id"]),
        sa.Index("ix_deliveries_work", "dispatch_id", "state", "due", "subscriber_id"),
        sa.Index("ix_deliveries_subscriber", "subscriber_id"),
    )
    with op.batch_alter_table("deliveries", copy_from=deliveries, recreate="always"):
        pass
