"""Make room for consent, confirmations by mail, tags, pauses, changes that can be undone, and feedback."""

import sqlalchemy as sa
from alembic import op

from newsletter.store.types import BigIdentifier, UtcDateTime

revision = "0014"
down_revision = "0013"

_COLUMNS = {
    "subscribers": (("tracking_since", UtcDateTime),),
    "subscriptions": (("paused_until", UtcDateTime), ("frequency", sa.Text)),
    "suppressions": (("detail", sa.Text),),
}
_COUNT = "ALTER TABLE dispatches ADD COLUMN refusals_taken INTEGER NOT NULL DEFAULT 0"
_FIXED = "id, subscriber_id, at, act, list, topics, text_id, language, method, basis, source, requested_at, by, detail"
"""All columns but where it came from on the network, which is forgotten in time."""

_SQLITE = (
    f"""
    CREATE TRIGGER consents_are_not_changed BEFORE UPDATE OF {_FIXED} ON consents
    BEGIN SELECT RAISE(ABORT, 'consent is added and never changed'); END
    """,
    """
    CREATE TRIGGER consents_keep_their_place BEFORE UPDATE ON consents WHEN NEW.rowid <> OLD.rowid
    BEGIN SELECT RAISE(ABORT, 'consent is added and never changed'); END
    """,
    """
    CREATE TRIGGER consents_are_not_replaced BEFORE INSERT ON consents
    WHEN EXISTS (SELECT 1 FROM consents WHERE id = NEW.id)
    BEGIN SELECT RAISE(ABORT, 'consent is added and never changed'); END
    """,
    """
    CREATE TRIGGER consent_texts_are_not_replaced BEFORE INSERT ON consent_texts
    WHEN EXISTS (SELECT 1 FROM consent_texts WHERE id = NEW.id AND text <> NEW.text)
    BEGIN SELECT RAISE(ABORT, 'a text that was shown is never changed'); END
    """,
    """
    CREATE TRIGGER consents_only_forget BEFORE UPDATE OF network ON consents WHEN NEW.network IS NOT NULL
    BEGIN SELECT RAISE(ABORT, 'consent is added and never changed'); END
    """,
    """
    CREATE TRIGGER consents_go_with_the_person BEFORE DELETE ON consents
    WHEN EXISTS (SELECT 1 FROM subscribers WHERE id = OLD.subscriber_id)
    BEGIN SELECT RAISE(ABORT, 'consent is added and never changed'); END
    """,
    """
    CREATE TRIGGER consent_texts_are_not_changed BEFORE UPDATE ON consent_texts
    BEGIN SELECT RAISE(ABORT, 'a text that was shown is never changed'); END
    """,
)
_POSTGRESQL = (
    """
    CREATE FUNCTION consents_are_not_changed() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'consent is added and never changed';
    END $$
    """,
    """
    CREATE FUNCTION consents_go_with_the_person() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF EXISTS (SELECT FROM subscribers WHERE id = OLD.subscriber_id) THEN
            RAISE EXCEPTION 'consent is added and never changed';
        END IF;
        RETURN OLD;
    END $$
    """,
    f"""
    CREATE TRIGGER consents_are_not_changed BEFORE UPDATE OF {_FIXED} ON consents
    FOR EACH ROW EXECUTE FUNCTION consents_are_not_changed()
    """,
    """
    CREATE TRIGGER consents_only_forget BEFORE UPDATE OF network ON consents
    FOR EACH ROW WHEN (NEW.network IS NOT NULL) EXECUTE FUNCTION consents_are_not_changed()
    """,
    """
    CREATE TRIGGER consents_go_with_the_person BEFORE DELETE ON consents
    FOR EACH ROW EXECUTE FUNCTION consents_go_with_the_person()
    """,
    """
    CREATE TRIGGER consent_texts_are_not_changed BEFORE UPDATE ON consent_texts
    FOR EACH ROW EXECUTE FUNCTION consents_are_not_changed()
    """,
    """
    CREATE TRIGGER consents_are_not_emptied BEFORE TRUNCATE ON consents
    FOR EACH STATEMENT EXECUTE FUNCTION consents_are_not_changed()
    """,
    """
    CREATE TRIGGER consent_texts_are_not_emptied BEFORE TRUNCATE ON consent_texts
    FOR EACH STATEMENT EXECUTE FUNCTION consents_are_not_changed()
    """,
)


def upgrade() -> None:
    """Add the columns and tables; of consent that was given before, subscriptions still tell the source and the day."""
    dialect = op.get_bind().dialect
    for table, columns in _COLUMNS.items():
        for name, kind in columns:
            written = sa.types.to_instance(kind).compile(dialect=dialect)
            op.execute(f"ALTER TABLE {table} ADD COLUMN {name} {written}")
    op.execute(_COUNT)
    _departures()
    pauses = sa.column("paused_until").is_not(None)
    op.create_index(
        "ix_subscriptions_paused",
        "subscriptions",
        ["list", "subscriber_id"],
        sqlite_where=pauses,
        postgresql_where=pauses,
    )
    _tags()
    _consents()
    _confirmations()
    _changes()
    _feedback()
    for statement in _SQLITE if dialect.name == "sqlite" else _POSTGRESQL:
        op.execute(statement)


def _person(*, primary_key: bool = False, nullable: bool = False) -> sa.Column[int]:
    key = sa.ForeignKey("subscribers.id", ondelete="CASCADE")
    return sa.Column("subscriber_id", BigIdentifier, key, primary_key=primary_key, nullable=nullable)


def _departures() -> None:
    op.create_table(
        "departures",
        sa.Column("address_hash", sa.LargeBinary(32), primary_key=True),
        sa.Column("list", sa.Text, primary_key=True),
        sa.Column("at", UtcDateTime, nullable=False),
    )
    op.create_table(
        "former_people",
        sa.Column("subscriber_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("address_hash", sa.LargeBinary(32), nullable=False),
        sa.Column("into", sa.BigInteger),
        sa.Column("at", UtcDateTime, nullable=False),
    )
    op.create_index("ix_former_people_into", "former_people", ["into"])


def _tags() -> None:
    op.create_table("subscriber_tags", _person(primary_key=True), sa.Column("tag", sa.Text, primary_key=True))
    op.create_index("ix_subscriber_tags_tag", "subscriber_tags", ["tag", "subscriber_id"])


def _consents() -> None:
    op.create_table(
        "consent_texts",
        sa.Column("id", sa.String(16), primary_key=True),
        sa.Column("language", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("first_shown_at", UtcDateTime, nullable=False),
    )
    op.create_table(
        "consents",
        sa.Column("id", BigIdentifier, primary_key=True),
        _person(),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.Column("act", sa.Text, nullable=False),
        sa.Column("list", sa.Text),
        sa.Column("topics", sa.Text),
        sa.Column("text_id", sa.String(16), sa.ForeignKey("consent_texts.id")),
        sa.Column("language", sa.Text),
        sa.Column("method", sa.Text, nullable=False),
        sa.Column("basis", sa.Text),
        sa.Column("source", sa.Text),
        sa.Column("requested_at", UtcDateTime),
        sa.Column("network", sa.Text),
        sa.Column("by", sa.Text),
        sa.Column("detail", sa.Text),
    )
    op.create_index("ix_consents_subscriber_id", "consents", ["subscriber_id", "id"])


def _confirmations() -> None:
    op.create_table(
        "confirmations",
        sa.Column("id", BigIdentifier, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        _person(nullable=True),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("address_key", sa.Text, nullable=False),
        sa.Column("address_hash", sa.LargeBinary(32), nullable=False),
        sa.Column("wish", sa.Text, nullable=False),
        sa.Column("language", sa.Text, nullable=False),
        sa.Column("text_id", sa.String(16), sa.ForeignKey("consent_texts.id")),
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
        sa.CheckConstraint("kind IN ('join', 'address', 'moved', 'link')", name="kind"),
        sa.CheckConstraint("kind = 'join' OR subscriber_id IS NOT NULL", name="subscriber_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_confirmations_address_hash", "confirmations", ["address_hash", "requested_at"])
    for column in ("mail_due", "subscriber_id", "expires_at"):
        op.create_index(f"ix_confirmations_{column}", "confirmations", [column])


def _changes() -> None:
    op.create_table(
        "changes",
        sa.Column("id", BigIdentifier, primary_key=True),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("detail", sa.Text, nullable=False, server_default=""),
        sa.Column("list", sa.Text),
        sa.Column("count", sa.Integer, nullable=False, server_default="0"),
        sa.Column("finished_at", UtcDateTime),
        sa.Column("undone_at", UtcDateTime),
        sa.Column("identity", sa.LargeBinary(32)),
        sa.Column("progress", sa.Text),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "changed_people",
        sa.Column("change_id", BigIdentifier, sa.ForeignKey("changes.id", ondelete="CASCADE"), primary_key=True),
        _person(primary_key=True),
        sa.Column("fate", sa.Text, nullable=False),
        sa.Column("before", sa.Text),
    )
    op.create_index("ix_changed_people_subscriber_id", "changed_people", ["subscriber_id"])


def _feedback() -> None:
    op.create_table(
        "feedback_events",
        sa.Column("id", BigIdentifier, primary_key=True),
        sa.Column("identity", sa.LargeBinary(16), nullable=False, unique=True),
        sa.Column("received_at", UtcDateTime, nullable=False),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("fault", sa.Text),
        *(
            sa.Column(name, sa.Text, nullable=False, server_default="")
            for name in ("status", "reply", "detail", "reference")
        ),
        sa.Column("key", sa.String(26)),
        sa.Column("dispatch_id", sa.String(16)),
        sa.Column("subscriber_id", sa.BigInteger),
    )
    op.create_index("ix_feedback_events_subscriber_id", "feedback_events", ["subscriber_id", "at"])
    op.create_index("ix_feedback_events_dispatch_id", "feedback_events", ["dispatch_id", "kind"])
    for column in ("received_at", "key"):
        op.create_index(f"ix_feedback_events_{column}", "feedback_events", [column])
