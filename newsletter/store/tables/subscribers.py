"""Tables of people: who they are, what they are subscribed to, and whom nobody may mail.

Attributes that a workspace declares are columns of `subscribers` too, named `attribute_<name>`; they are added
when they are declared, and so stand in no migration.

What hangs on a person names them by a foreign key. On PostgreSQL triggers see to the same (migration 0015), once for
each statement: a key is looked up row by row, which took a third of an import.
"""

import sqlalchemy as sa

from newsletter.store.tables.base import metadata
from newsletter.store.types import BigIdentifier, UtcDateTime

SUBSCRIPTION_STATES = ("subscribed", "unsubscribed")

subscribers = sa.Table(
    "subscribers",
    metadata,
    sa.Column("id", BigIdentifier, primary_key=True),
    sa.Column("address", sa.Text, nullable=False),
    sa.Column("address_key", sa.Text, nullable=False, unique=True),
    sa.Column("address_hash", sa.LargeBinary(32), nullable=False, index=True),
    sa.Column("first_name", sa.Text),
    sa.Column("last_name", sa.Text),
    sa.Column("language", sa.Text),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("changed_at", UtcDateTime, nullable=False),
    sa.Column("tracking_since", UtcDateTime),
    sa.CheckConstraint("address <> '' AND address_key <> ''", name="address"),
    sqlite_autoincrement=True,
)

subscriptions = sa.Table(
    "subscriptions",
    metadata,
    sa.Column("subscriber_id", sa.ForeignKey("subscribers.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("list", sa.Text, primary_key=True),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("subscribed_at", UtcDateTime, nullable=False),
    sa.Column("unsubscribed_at", UtcDateTime),
    sa.Column("paused_until", UtcDateTime),
    sa.Column("frequency", sa.Text),
    sa.CheckConstraint(sa.column("status").in_(SUBSCRIPTION_STATES), name="status"),
    sa.CheckConstraint("(status = 'unsubscribed') = (unsubscribed_at IS NOT NULL)", name="unsubscribed"),
    sa.Index("ix_subscriptions_list", "list", "status", "subscriber_id"),
    # Those who pause are few, and asked for by every count of a list.
    sa.Index(
        "ix_subscriptions_paused",
        "list",
        "subscriber_id",
        sqlite_where=sa.column("paused_until").is_not(None),
        postgresql_where=sa.column("paused_until").is_not(None),
    ),
)

subscriber_topics = sa.Table(
    "subscriber_topics",
    metadata,
    sa.Column("subscriber_id", sa.ForeignKey("subscribers.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("topic", sa.Text, primary_key=True),
    sa.Index("ix_subscriber_topics_topic", "topic", "subscriber_id"),
)

subscriber_tags = sa.Table(
    "subscriber_tags",
    metadata,
    sa.Column("subscriber_id", sa.ForeignKey("subscribers.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("tag", sa.Text, primary_key=True),
    sa.Index("ix_subscriber_tags_tag", "tag", "subscriber_id"),
)
"""What staff call people by, for their own use; readers choose topics, not tags."""

departures = sa.Table(
    "departures",
    metadata,
    sa.Column("address_hash", sa.LargeBinary(32), primary_key=True),
    sa.Column("list", sa.Text, primary_key=True),
    sa.Column("at", UtcDateTime, nullable=False),
)
"""Lists that only the person may put an address on; see `newsletter.subscribers.departures`."""

former_people = sa.Table(
    "former_people",
    metadata,
    sa.Column("subscriber_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("address_hash", sa.LargeBinary(32), nullable=False),
    sa.Column("into", sa.BigInteger, index=True),
    sa.Column("at", UtcDateTime, nullable=False),
)
"""Where the numbers of people have gone who were mailed and are not kept any more."""

suppressions = sa.Table(
    "suppressions",
    metadata,
    sa.Column("address_hash", sa.LargeBinary(32), primary_key=True),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("detail", sa.Text),
)
