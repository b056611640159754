"""Applies everything that was reported anew, as after a change of the rules."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

import sqlalchemy as sa

from newsletter.feedback.applying import Applied, apply
from newsletter.feedback.ingest import Policy
from newsletter.store import Database, tables
from newsletter.subscribers.holding import hold_suppressions

PAGE: Final = 500

_feedback = tables.feedback_events


def count_reported(connection: sa.Connection) -> int:
    """Count the people of whom anything was ever reported."""
    return connection.scalar(sa.select(sa.func.count(_feedback.c.subscriber_id.distinct()))) or 0


def replay_all(
    database: Database, policy: Policy, now: datetime, progress: Callable[[int], None] = lambda _: None
) -> Applied:
    """Bring everybody into line with what was reported of them, in small transactions; safe to repeat."""
    applied, last = Applied(), 0
    while True:
        with database.writing() as connection:
            hold_suppressions(connection)
            page = connection.scalars(
                sa.select(_feedback.c.subscriber_id)
                .where(_feedback.c.subscriber_id > last)
                .distinct()
                .order_by(_feedback.c.subscriber_id)
                .limit(PAGE)
            ).all()
            if not page:
                return applied
            applied += apply(connection, page, policy.rules, now)
        last = page[-1]
        progress(len(page))
