"""Let dispatches be paused and cancelled, followed by others, and keep who did what with each."""

import sqlalchemy as sa
from alembic import op

from newsletter.store.types import BigIdentifier, UtcDateTime

revision = "0004"
down_revision = "0003"

_STATES = "state IN ('open', 'paused', 'cancelled', 'finished')"
_FINISHED = (
    "(state <> 'finished' OR finished_at IS NOT NULL) AND (finished_at IS NULL OR state IN ('finished', 'cancelled'))"
)
_KINDS = "kind IN ('first', 'retry', 'top-up', 'correction')"
_FOLLOWS = "(kind = 'first') = (follows IS NULL)"
_ON_UNCERTAIN = "on_uncertain IN ('hold', 'resend')"


def upgrade() -> None:
    """Dispatches get more states and kinds; deliveries count how often they were sent again; a log begins."""
    if op.get_bind().dialect.name == "sqlite":
        _renew_dispatches()
    else:
        _change_dispatches()
    first = sa.text("kind = 'first'")
    op.create_index(
        "uq_dispatches_audience",
        "dispatches",
        ["issue", "list", "segment"],
        unique=True,
        sqlite_where=first,
        postgresql_where=first,
    )
    op.create_index("ix_dispatches_follows", "dispatches", ["follows"])
    op.execute(
        "ALTER TABLE deliveries ADD COLUMN resends INTEGER DEFAULT '0' NOT NULL "
        "CONSTRAINT ck_deliveries_resends CHECK (resends BETWEEN 0 AND 1)"
    )
    op.create_table(
        "dispatch_events",
        sa.Column("id", BigIdentifier, primary_key=True),
        sa.Column("dispatch_id", sa.String(16), sa.ForeignKey("dispatches.id"), nullable=False),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("detail", sa.Text, nullable=False, server_default=""),
    )
    op.create_index("ix_dispatch_events_dispatch_id", "dispatch_events", ["dispatch_id", "id"])


def _change_dispatches() -> None:
    for name in ("ck_dispatches_state", "ck_dispatches_finished", "uq_dispatches_issue"):
        op.drop_constraint(op.f(name), "dispatches")
    op.add_column("dispatches", sa.Column("kind", sa.Text, nullable=False, server_default="first"))
    op.add_column("dispatches", sa.Column("follows", sa.String(16), sa.ForeignKey("dispatches.id")))
    op.add_column("dispatches", sa.Column("on_uncertain", sa.Text, nullable=False, server_default="hold"))
    for name, condition in _conditions().items():
        op.create_check_constraint(op.f(f"ck_dispatches_{name}"), "dispatches", condition)


def _renew_dispatches() -> None:
    """SQLite cannot change a table's constraints: the table is made anew.

    Source: SQLite's documentation of ALTER TABLE, section 7.
    """
    op.create_table(
        "dispatches_new",
        sa.Column("id", sa.String(16), primary_key=True),
        sa.Column("issue", sa.Text, nullable=False),
        sa.Column("list", sa.Text, nullable=False),
        sa.Column("segment", sa.Text, nullable=False, server_default=""),
        sa.Column("provider", sa.Text, nullable=False),
        sa.Column("content_hash", sa.String(64), sa.ForeignKey("compiled_issues.content_hash"), nullable=False),
        sa.Column("letterhead", sa.Text, nullable=False),
        sa.Column("secret", sa.LargeBinary(32), nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("selected", sa.Integer, nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("deadline", UtcDateTime, nullable=False, server_default="1970-01-01 00:00:00+00:00"),
        sa.Column("finished_at", UtcDateTime),
        sa.Column("override", sa.Text),
        sa.Column("kind", sa.Text, nullable=False, server_default="first"),
        sa.Column("follows", sa.String(16), sa.ForeignKey("dispatches.id")),
        sa.Column("on_uncertain", sa.Text, nullable=False, server_default="hold"),
        sa.Column("lease_number", sa.Integer, nullable=False, server_default="0"),
        sa.Column("lease_owner", sa.Text),
        sa.Column("lease_until", UtcDateTime),
        *(
            sa.CheckConstraint(condition, name=op.f(f"ck_dispatches_{name}"))
            for name, condition in _conditions().items()
        ),
    )
    kept = (
        "id, issue, list, segment, provider, content_hash, letterhead, secret, state, selected, created_at, deadline, "
        "finished_at, override, lease_number, lease_owner, lease_until"
    )
    op.execute(f"INSERT INTO dispatches_new ({kept}) SELECT {kept} FROM dispatches")  # noqa: S608
    op.drop_table("dispatches")
    op.rename_table("dispatches_new", "dispatches")


def _conditions() -> dict[str, str]:
    return {
        "state": _STATES,
        "finished": _FINISHED,
        "kind": _KINDS,
        "follows": _FOLLOWS,
        "on_uncertain": _ON_UNCERTAIN,
    }
