"""Let dispatches begin at a moment, and with a first part that is looked at before the rest follows."""

import sqlalchemy as sa
from alembic import op

from newsletter.store.types import UtcDateTime

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Add the columns; dispatches of before began at once, and whole."""
    op.add_column("dispatches", sa.Column("start", sa.Text))
    op.add_column("dispatches", sa.Column("start_at", UtcDateTime))
    op.add_column("dispatches", sa.Column("canary", sa.Integer))
    op.add_column("dispatches", sa.Column("canary_until", UtcDateTime))
