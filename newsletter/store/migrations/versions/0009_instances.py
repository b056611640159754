"""Know the workspaces that send from a database, so that a restored or copied one is noticed."""

import sqlalchemy as sa
from alembic import op

from newsletter.store.types import UtcDateTime

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Make the table; it is empty until something is sent."""
    op.create_table(
        "instances",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("machine", sa.String(64), nullable=False),
        sa.Column("epoch", sa.Integer, nullable=False),
        sa.Column("seen_at", UtcDateTime, nullable=False),
    )
