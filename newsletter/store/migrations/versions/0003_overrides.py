"""Keep with a dispatch why it was sent in spite of what its checks found."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the column; it is empty where nothing was overridden."""
    op.add_column("dispatches", sa.Column("override", sa.Text))
