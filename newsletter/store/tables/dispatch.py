"""Tables of the ledger: dispatches, what they send, and one row for each recipient.

A delivery keeps no address: it names its subscriber by number, so that a person who is erased leaves a row that
still counts and says nothing about anybody. What is kept of readers for a further attempt goes with the person.
"""

import sqlalchemy as sa

from newsletter.store.tables.base import metadata
from newsletter.store.types import BigIdentifier, UtcDateTime

DELIVERY_STATES = (
    "planned",
    "claimed",
    "submitting",
    "deferred",
    "uncertain",
    "accepted",
    "rejected",
    "excluded",
)
DISPATCH_STATES = ("open", "paused", "cancelled", "finished")
DISPATCH_KINDS = ("first", "retry", "top-up", "correction")
ON_UNCERTAIN = ("hold", "resend")

compiled_issues = sa.Table(
    "compiled_issues",
    metadata,
    sa.Column("content_hash", sa.String(64), primary_key=True),
    sa.Column("payload", sa.LargeBinary, nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
)

dispatches = sa.Table(
    "dispatches",
    metadata,
    sa.Column("id", sa.String(16), primary_key=True),
    sa.Column("issue", sa.Text, nullable=False),
    sa.Column("list", sa.Text, nullable=False),
    sa.Column("segment", sa.Text, nullable=False, server_default=""),
    sa.Column("provider", sa.Text, nullable=False),
    sa.Column("content_hash", sa.ForeignKey("compiled_issues.content_hash"), nullable=False),
    sa.Column("letterhead", sa.Text, nullable=False),
    sa.Column("secret", sa.LargeBinary(32), nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("selected", sa.Integer, nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("deadline", UtcDateTime, nullable=False, server_default="1970-01-01 00:00:00+00:00"),
    sa.Column("finished_at", UtcDateTime),
    sa.Column("override", sa.Text),
    sa.Column("approval", sa.Text),
    sa.Column("start", sa.Text),
    sa.Column("start_at", UtcDateTime),
    sa.Column("canary", sa.Integer),
    sa.Column("canary_until", UtcDateTime),
    sa.Column("kind", sa.Text, nullable=False, server_default="first"),
    sa.Column("follows", sa.ForeignKey("dispatches.id")),
    sa.Column("on_uncertain", sa.Text, nullable=False, server_default="hold"),
    sa.Column("refusals_taken", sa.Integer, nullable=False, server_default="0"),
    sa.CheckConstraint(sa.column("state").in_(DISPATCH_STATES), name="state"),
    sa.CheckConstraint(
        "(state <> 'finished' OR finished_at IS NOT NULL) AND "
        "(finished_at IS NULL OR state IN ('finished', 'cancelled'))",
        name="finished",
    ),
    sa.CheckConstraint(sa.column("kind").in_(DISPATCH_KINDS), name="kind"),
    sa.CheckConstraint("(kind = 'first') = (follows IS NULL)", name="follows"),
    sa.CheckConstraint(sa.column("on_uncertain").in_(ON_UNCERTAIN), name="on_uncertain"),
)
sa.Index(
    "uq_dispatches_audience",
    dispatches.c.issue,
    dispatches.c.list,
    dispatches.c.segment,
    unique=True,
    sqlite_where=dispatches.c.kind == "first",
    postgresql_where=dispatches.c.kind == "first",
)
sa.Index("ix_dispatches_follows", dispatches.c.follows)

dispatch_events = sa.Table(
    "dispatch_events",
    metadata,
    sa.Column("id", BigIdentifier, primary_key=True),
    sa.Column("dispatch_id", sa.ForeignKey("dispatches.id"), nullable=False),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Column("action", sa.Text, nullable=False),
    sa.Column("by", sa.Text, nullable=False),
    sa.Column("detail", sa.Text, nullable=False, server_default=""),
    sa.Index("ix_dispatch_events_dispatch_id", "dispatch_id", "id"),
)
"""What was done with each dispatch, when, and by whom; rows are added and never changed."""

leases = sa.Table(
    "leases",
    metadata,
    sa.Column("number", BigIdentifier, primary_key=True),
    sa.Column("dispatch_id", sa.ForeignKey("dispatches.id"), nullable=False),
    sa.Column("owner", sa.Text, nullable=False),
    sa.Column("until", UtcDateTime, nullable=False),
    sa.Column("is_shared", sa.Boolean, nullable=False),
    sa.Index("ix_leases_dispatch_id", "dispatch_id"),
    # A number that was used once must not come back: it is what an owner that slept is told by.
    sqlite_autoincrement=True,
)
"""Who is at work on a dispatch: one process alone, or several that share it."""
sa.Index(
    "uq_leases_alone",
    leases.c.dispatch_id,
    unique=True,
    sqlite_where=~leases.c.is_shared,
    postgresql_where=~leases.c.is_shared,
)

_HAS_KEY = sa.column("key").is_not(None)

deliveries = sa.Table(
    "deliveries",
    metadata,
    # That there is such a dispatch is seen to by triggers: a foreign key would look for it a million times.
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
    sa.Column("lease_number", sa.BigInteger),
    sa.PrimaryKeyConstraint("subscriber_id", "dispatch_id"),
    # SQLite would make a table of an IN list for every row that is written.
    sa.CheckConstraint(sa.or_(*(sa.column("state") == state for state in DELIVERY_STATES)), name="state"),
    sa.CheckConstraint("(state = 'excluded') = (reason IS NOT NULL)", name="reason"),
    sa.CheckConstraint("(state = 'deferred') = (due IS NOT NULL)", name="due"),
    sa.CheckConstraint("resends BETWEEN 0 AND 1", name="resends"),
    sa.CheckConstraint(
        "lease_number IS NOT NULL OR (state <> 'claimed' AND state <> 'submitting')", name="lease_number"
    ),
    sa.Index("ix_deliveries_work", "dispatch_id", "state", "due", "subscriber_id"),
    # Only of those that have one: a freeze writes a million that have none yet.
    sa.Index("ix_deliveries_key", "key", unique=True, sqlite_where=_HAS_KEY, postgresql_where=_HAS_KEY),
)

delivery_counts = sa.Table(
    "delivery_counts",
    metadata,
    sa.Column("dispatch_id", sa.ForeignKey("dispatches.id"), primary_key=True),
    sa.Column("state", sa.Text, primary_key=True),
    sa.Column("reason", sa.Text, primary_key=True),
    sa.Column("count", sa.Integer, nullable=False),
)
"""How many deliveries are in each state, and excluded for each reason; those that are not excluded have "" for one."""

delivery_events = sa.Table(
    "delivery_events",
    metadata,
    sa.Column("id", BigIdentifier, primary_key=True),
    sa.Column("dispatch_id", sa.ForeignKey("dispatches.id"), nullable=False),
    sa.Column("subscriber_id", BigIdentifier, nullable=False),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("reply", sa.Text),
    sa.Index("ix_delivery_events_subscriber_id", "subscriber_id", "id"),
    sa.Index("ix_delivery_events_dispatch_id", "dispatch_id"),
)
"""What became of deliveries before they were accepted, and what people decided; rows are added and never changed."""

kept_readers = sa.Table(
    "kept_readers",
    metadata,
    sa.Column("dispatch_id", sa.ForeignKey("dispatches.id"), primary_key=True),
    sa.Column("subscriber_id", sa.ForeignKey("subscribers.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("reader", sa.Text, nullable=False),
    sa.Column("kept_at", UtcDateTime, nullable=False),
    sa.Index("ix_kept_readers_subscriber_id", "subscriber_id"),
)
"""What messages were merged from that may have to be handed over again; see `newsletter.dispatch.kept`."""
