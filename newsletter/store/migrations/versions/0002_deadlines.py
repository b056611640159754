"""Give every dispatch a deadline, and count how often each delivery was put off."""

from datetime import timedelta

import sqlalchemy as sa
from alembic import op

from newsletter.store.types import UtcDateTime

revision = "0002"
down_revision = "0001"

_LASTING = timedelta(days=4)


def upgrade() -> None:
    """Add the columns; a dispatch that there is already gets its deadline from when it was frozen."""
    # SQLite adds a column that is never empty only with a default. This one has passed: who forgets to set a
    # deadline sends nothing.
    op.add_column(
        "dispatches", sa.Column("deadline", UtcDateTime, nullable=False, server_default="1970-01-01 00:00:00+00:00")
    )
    op.add_column("deliveries", sa.Column("deferrals", sa.Integer, nullable=False, server_default="0"))
    dispatches = sa.table(
        "dispatches", sa.column("id"), sa.column("created_at", UtcDateTime), sa.column("deadline", UtcDateTime)
    )
    connection = op.get_bind()
    for identifier, frozen in connection.execute(sa.select(dispatches.c.id, dispatches.c.created_at)).all():
        connection.execute(
            sa.update(dispatches).where(dispatches.c.id == identifier).values(deadline=frozen + _LASTING)
        )
