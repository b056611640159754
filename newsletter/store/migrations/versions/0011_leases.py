"""Let several processes share a dispatch: each under a lease of its own, which its deliveries name."""

import sqlalchemy as sa
from alembic import op

from newsletter.store.types import BigIdentifier, UtcDateTime

revision = "0011"
down_revision = "0010"

_IN_HAND = "lease_number IS NOT NULL OR (state <> 'claimed' AND state <> 'submitting')"


def upgrade() -> None:
    """Put down what was in the hands of processes of the version before, and make the table."""
    _put_down()
    _count_anew()
    op.execute(
        "ALTER TABLE deliveries ADD COLUMN lease_number BIGINT "
        f"CONSTRAINT ck_deliveries_lease_number CHECK ({_IN_HAND})"
    )
    op.create_table(
        "leases",
        sa.Column("number", BigIdentifier, primary_key=True),
        sa.Column("dispatch_id", sa.String(16), sa.ForeignKey("dispatches.id"), nullable=False),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("until", UtcDateTime, nullable=False),
        sa.Column("is_shared", sa.Boolean, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_leases_dispatch_id", "leases", ["dispatch_id"])
    alone = ~sa.column("is_shared", sa.Boolean)
    op.create_index(
        "uq_leases_alone", "leases", ["dispatch_id"], unique=True, sqlite_where=alone, postgresql_where=alone
    )
    for name in ("lease_number", "lease_owner", "lease_until"):
        op.execute(f"ALTER TABLE dispatches DROP COLUMN {name}")


def _put_down() -> None:
    """Whose message may have left is uncertain; who was only claimed is planned again."""
    op.execute(
        "INSERT INTO delivery_events (dispatch_id, subscriber_id, at, state, reply) "
        "SELECT dispatch_id, subscriber_id, changed_at, 'uncertain', 'the program was brought up to date meanwhile' "
        "FROM deliveries WHERE state = 'submitting'"
    )
    op.execute(
        "UPDATE deliveries SET state = 'uncertain', reply = 'the program was brought up to date meanwhile' "
        "WHERE state = 'submitting'"
    )
    op.execute("UPDATE deliveries SET state = 'planned' WHERE state = 'claimed'")


def _count_anew() -> None:
    op.execute("DELETE FROM delivery_counts")
    op.execute(
        "INSERT INTO delivery_counts (dispatch_id, state, reason, count) "
        "SELECT dispatch_id, state, coalesce(reason, ''), count(*) FROM deliveries GROUP BY 1, 2, 3"
    )
