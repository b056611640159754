"""A witness in the database: triggers that write down every step of every delivery, and let nobody rewrite history."""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from newsletter.store import Database

_SQLITE = """
CREATE TABLE witness (
    id INTEGER PRIMARY KEY AUTOINCREMENT, subscriber INTEGER, since TEXT, state TEXT, attempts INTEGER, process TEXT
);
CREATE TRIGGER witness_steps AFTER UPDATE ON deliveries WHEN OLD.state <> NEW.state BEGIN
    INSERT INTO witness (subscriber, since, state, attempts, process)
    VALUES (NEW.subscriber_id, OLD.state, NEW.state, NEW.attempts, '');
END;
CREATE TRIGGER witness_deliveries BEFORE DELETE ON deliveries BEGIN SELECT RAISE(ABORT, 'a delivery is gone'); END;
CREATE TRIGGER witness_story BEFORE UPDATE ON delivery_events BEGIN SELECT RAISE(ABORT, 'history changes'); END;
CREATE TRIGGER witness_story_whole BEFORE DELETE ON delivery_events BEGIN SELECT RAISE(ABORT, 'history is gone'); END;
CREATE TRIGGER witness_log BEFORE UPDATE ON dispatch_events BEGIN SELECT RAISE(ABORT, 'the log changes'); END;
CREATE TRIGGER witness_log_whole BEFORE DELETE ON dispatch_events BEGIN SELECT RAISE(ABORT, 'the log is gone'); END;
"""
_POSTGRESQL = """
CREATE TABLE witness (
    id BIGSERIAL PRIMARY KEY, subscriber BIGINT, since TEXT, state TEXT, attempts INTEGER, process TEXT
);
CREATE FUNCTION witness_step() RETURNS trigger AS $$ BEGIN
    INSERT INTO witness (subscriber, since, state, attempts, process)
    VALUES (NEW.subscriber_id, OLD.state, NEW.state, NEW.attempts, current_setting('application_name'));
    RETURN NULL;
END $$ LANGUAGE plpgsql;
CREATE FUNCTION witness_history() RETURNS trigger AS $$ BEGIN RAISE 'history changes'; END $$ LANGUAGE plpgsql;
CREATE TRIGGER witness_steps AFTER UPDATE ON deliveries FOR EACH ROW WHEN (OLD.state <> NEW.state)
    EXECUTE FUNCTION witness_step();
CREATE TRIGGER witness_deliveries BEFORE DELETE ON deliveries FOR EACH ROW EXECUTE FUNCTION witness_history();
CREATE TRIGGER witness_story BEFORE UPDATE OR DELETE ON delivery_events FOR EACH ROW
    EXECUTE FUNCTION witness_history();
CREATE TRIGGER witness_log BEFORE UPDATE OR DELETE ON dispatch_events FOR EACH ROW EXECUTE FUNCTION witness_history();
"""


@dataclass(frozen=True)
class Seen:
    """One step of one delivery, in the order in which they were taken.

    Args:
        attempts: How often it had been handed over by then.
        process: Who took it; PostgreSQL only.
    """

    id: int
    subscriber: int
    since: str
    state: str
    attempts: int
    process: str


def install(database: Database) -> None:
    """Let a witness watch a database."""
    raw = database.engine.raw_connection()
    try:
        if database.is_sqlite:
            raw.driver_connection.executescript(_SQLITE)  # type: ignore[union-attr]
        else:
            raw.cursor().execute(_POSTGRESQL)
            raw.commit()
    finally:
        raw.close()


def testimony(connection: sa.Connection) -> Sequence[Seen]:
    """Read all steps that were taken and committed."""
    told = "SELECT id, subscriber, since, state, attempts, process FROM witness WHERE state IS NOT NULL ORDER BY id"
    rows = connection.execute(sa.text(told))
    return [Seen(*row) for row in rows]


def last(connection: sa.Connection) -> int:
    """Put a mark behind all steps so far, within a transaction, and give it: later steps have higher numbers."""
    found = connection.execute(sa.text("INSERT INTO witness (attempts) VALUES (0) RETURNING id")).scalar_one()
    return int(found)
