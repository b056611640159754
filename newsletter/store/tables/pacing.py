"""The table of rate limits: one row for each thing that has one, shared by all processes.

Times are nanoseconds since 1970, as the arithmetic of rates wants them; a rate of 30,000 in a second leaves no
room for less.
"""

import sqlalchemy as sa

from newsletter.store.tables.base import metadata
from newsletter.store.types import UtcDateTime

rate_limits = sa.Table(
    "rate_limits",
    metadata,
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("tat", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("used", sa.JSON, nullable=False, server_default="{}"),
    sa.Column("paused_until", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("slow_rate", sa.Float),
    sa.Column("slowed_at", sa.BigInteger),
    sa.Column("override", sa.Text),
    sa.Column("overridden_at", UtcDateTime),
    sa.CheckConstraint("(slow_rate IS NULL) = (slowed_at IS NULL)", name="slow"),
    sa.CheckConstraint("(override IS NULL) = (overridden_at IS NULL)", name="override"),
)
