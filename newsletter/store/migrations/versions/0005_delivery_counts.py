"""Keep beside the deliveries how many are in each state."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0003"


def upgrade() -> None:
    """Make the table, and count what there is."""
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
