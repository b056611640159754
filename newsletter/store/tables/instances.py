"""Table of the workspaces that send from a database; see `newsletter.dispatch.instance`."""

import sqlalchemy as sa

from newsletter.store.tables.base import metadata
from newsletter.store.types import UtcDateTime

instances = sa.Table(
    "instances",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("machine", sa.String(64), nullable=False),
    sa.Column("epoch", sa.Integer, nullable=False),
    sa.Column("seen_at", UtcDateTime, nullable=False),
)
