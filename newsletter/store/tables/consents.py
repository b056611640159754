"""Tables of consent: what people agreed to and when, in which words; and what they still have to confirm by mail."""

import sqlalchemy as sa

from newsletter.store.tables.base import metadata
from newsletter.store.types import BigIdentifier, UtcDateTime

CONFIRMATION_KINDS = ("join", "address", "moved", "link")

consent_texts = sa.Table(
    "consent_texts",
    metadata,
    sa.Column("id", sa.String(16), primary_key=True),
    sa.Column("language", sa.Text, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("first_shown_at", UtcDateTime, nullable=False),
)
"""Every wording that was ever shown to somebody who agreed to it, by its hash; never changed, never taken away."""

consents = sa.Table(
    "consents",
    metadata,
    sa.Column("id", BigIdentifier, primary_key=True),
    sa.Column("subscriber_id", sa.ForeignKey("subscribers.id", ondelete="CASCADE"), nullable=False),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Column("act", sa.Text, nullable=False),
    sa.Column("list", sa.Text),
    sa.Column("topics", sa.Text),
    sa.Column("text_id", sa.ForeignKey("consent_texts.id")),
    sa.Column("language", sa.Text),
    sa.Column("method", sa.Text, nullable=False),
    sa.Column("basis", sa.Text),
    sa.Column("source", sa.Text),
    sa.Column("requested_at", UtcDateTime),
    sa.Column("network", sa.Text),
    sa.Column("by", sa.Text),
    sa.Column("detail", sa.Text),
    sa.Index("ix_consents_subscriber_id", "subscriber_id", "id"),
)
"""The consent ledger: rows are added and never changed, which triggers see to; they go with the person, and only so."""

confirmations = sa.Table(
    "confirmations",
    metadata,
    sa.Column("id", BigIdentifier, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("subscriber_id", sa.ForeignKey("subscribers.id", ondelete="CASCADE")),
    sa.Column("address", sa.Text, nullable=False),
    sa.Column("address_key", sa.Text, nullable=False),
    sa.Column("address_hash", sa.LargeBinary(32), nullable=False),
    sa.Column("wish", sa.Text, nullable=False),
    sa.Column("language", sa.Text, nullable=False),
    sa.Column("text_id", sa.ForeignKey("consent_texts.id")),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("network", sa.Text),
    sa.Column("requested_at", UtcDateTime, nullable=False),
    sa.Column("expires_at", UtcDateTime, nullable=False),
    sa.Column("mail_due", UtcDateTime),
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
    sa.Column("doubts", sa.Integer, nullable=False, server_default="0"),
    sa.Column("reply", sa.Text),
    sa.Column("mailed_at", UtcDateTime),
    sa.Column("confirmed_at", UtcDateTime),
    sa.CheckConstraint(sa.column("kind").in_(CONFIRMATION_KINDS), name="kind"),
    sa.CheckConstraint("kind = 'join' OR subscriber_id IS NOT NULL", name="subscriber_id"),
    sa.Index("ix_confirmations_address_hash", "address_hash", "requested_at"),
    sa.Index("ix_confirmations_mail_due", "mail_due"),
    sa.Index("ix_confirmations_subscriber_id", "subscriber_id"),
    sa.Index("ix_confirmations_expires_at", "expires_at"),
    sqlite_autoincrement=True,
)
"""What somebody asked for with an address that may not be theirs, until whoever reads its mail says yes.

Nobody is a subscriber because of a row here. `wish` is what was asked for, as JSON. `mail_due` is when its mail is due,
also while a process has it in hand; `doubts` is how often it was handed over without an answer that was read; `reply`
is what was said of it last, without an address.
"""
