"""Let a million people be imported at less cost: whom an import adds is noted as spans, and keys are seen to at once.

PostgreSQL checks a foreign key row by row, which took a third of an import. Triggers see to the same, once for each
statement: what hangs on a person needs that person, stays with them, and goes with them.
"""

import sqlalchemy as sa
from alembic import op

from newsletter.store.types import BigIdentifier

revision = "0015"
down_revision = "0014"

_HANGING = ("subscriptions", "subscriber_topics", "subscriber_tags", "consents", "changed_people")
_GONE = "\n".join(f"DELETE FROM {table} WHERE subscriber_id IN (SELECT id FROM gone);" for table in _HANGING)  # noqa: S608 - our own names

_FUNCTIONS = (
    """
    CREATE FUNCTION hangs_on_a_person() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        -- Each is held, so that nobody takes them out before these rows can be seen. LATERAL keeps to their index
        -- whatever the number of rows was when the plan was made.
        IF EXISTS (
            SELECT FROM fresh
            LEFT JOIN LATERAL (SELECT id FROM subscribers WHERE id = fresh.subscriber_id FOR KEY SHARE) person ON true
            WHERE person.id IS NULL
        ) THEN
            RAISE foreign_key_violation USING MESSAGE = TG_TABLE_NAME || ': there is no such person';
        END IF;
        RETURN NULL;
    END $$
    """,
    """
    CREATE FUNCTION stays_with_its_person() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE foreign_key_violation USING MESSAGE = TG_TABLE_NAME || ': what hangs on a person stays with them';
    END $$
    """,
    f"""
    CREATE FUNCTION takes_along_what_hangs_on_it() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        {_GONE}
        RETURN NULL;
    END $$
    """,
    """
    CREATE TRIGGER takes_along_what_hangs_on_it AFTER DELETE ON subscribers
    REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION takes_along_what_hangs_on_it()
    """,
    """
    CREATE TRIGGER people_keep_their_number BEFORE UPDATE OF id ON subscribers
    FOR EACH STATEMENT EXECUTE FUNCTION stays_with_its_person()
    """,
)


def upgrade() -> None:
    """Add the table, and see to what hangs on people by triggers; whom earlier imports added stays noted one by one."""
    op.create_table(
        "changed_spans",
        sa.Column("change_id", BigIdentifier, sa.ForeignKey("changes.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("first_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("last_id", sa.BigInteger, nullable=False),
    )
    if op.get_bind().dialect.name != "postgresql":
        return
    for statement in _FUNCTIONS:
        op.execute(statement)
    for table in _HANGING:
        op.execute(f"ALTER TABLE {table} DROP CONSTRAINT fk_{table}_subscriber_id")
        op.execute(
            f"CREATE TRIGGER hangs_on_a_person AFTER INSERT ON {table} "
            "REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION hangs_on_a_person()"
        )
        if table == "consents":
            continue  # of which nothing is changed at all
        op.execute(
            f"CREATE TRIGGER stays_with_its_person BEFORE UPDATE OF subscriber_id ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION stays_with_its_person()"
        )
