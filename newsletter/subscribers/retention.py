"""Forgets what has been kept long enough: each rule by itself, and first of all how much it would be."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, TypeAlias

import sqlalchemy as sa

from newsletter.settings import PrivacySettings
from newsletter.store import Database, tables
from newsletter.subscribers.hashes import suppress_people
from newsletter.subscribers.holding import hold_people, hold_suppressions
from newsletter.subscribers.rights import forget

PAGE: Final = 500
"""How many rows go in one transaction, so that nobody else waits for long."""

_people, _subscriptions, _consents = tables.subscribers, tables.subscriptions, tables.consents
_confirmations, _feedback, _changes = tables.confirmations, tables.feedback_events, tables.changes

Ids: TypeAlias = sa.Select[int]


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing that is forgotten in time.

    Args:
        chosen: The numbers of what is due.
        forget: Forgets some of them.
    """

    what: str
    chosen: Callable[[PrivacySettings, datetime], Ids]
    forget: Callable[[sa.Connection, list[int], datetime], None]
    of_people: bool = False


def _unconfirmed(settings: PrivacySettings, now: datetime) -> Ids:  # noqa: ARG001 - their own row says when
    return sa.select(_confirmations.c.id).where(_confirmations.c.expires_at <= now)


def _networks(settings: PrivacySettings, now: datetime) -> Ids:
    before = now - timedelta(days=settings.keep_networks_days)
    return sa.select(_consents.c.id).where(_consents.c.network.is_not(None), _consents.c.at <= before)


def _left(settings: PrivacySettings, now: datetime) -> Ids:
    """Choose those who are on no list any more, and left the last one long ago."""
    before = now - timedelta(days=settings.keep_left_days)
    mine = _subscriptions.c.subscriber_id == _people.c.id
    staying = sa.exists().where(mine, sa.or_(_subscriptions.c.status == "subscribed", _later(before)))
    return sa.select(_people.c.id).where(~staying, _people.c.created_at <= before)


def _later(before: datetime) -> sa.ColumnElement[bool]:
    return _subscriptions.c.unsubscribed_at > before


def _old_feedback(settings: PrivacySettings, now: datetime) -> Ids:
    before = now - timedelta(days=settings.keep_feedback_days)
    return sa.select(_feedback.c.id).where(_feedback.c.received_at <= before)


def _old_changes(settings: PrivacySettings, now: datetime) -> Ids:
    before = now - timedelta(days=settings.keep_changes_days)
    return sa.select(_changes.c.id).where(_changes.c.at <= before)


def _forget_networks(connection: sa.Connection, ids: list[int], now: datetime) -> None:  # noqa: ARG001
    connection.execute(sa.update(_consents).where(_consents.c.id.in_(ids)).values(network=None))


def _erase(connection: sa.Connection, ids: list[int], now: datetime) -> None:
    suppress_people(connection, ids, "unsubscribed", now)
    forget(connection, ids, now)


def _delete_from(table: sa.Table) -> Callable[[sa.Connection, list[int], datetime], None]:
    def delete(connection: sa.Connection, ids: list[int], now: datetime) -> None:  # noqa: ARG001
        connection.execute(sa.delete(table).where(table.c.id.in_(ids)))

    return delete


RULES: Final[Mapping[str, Rule]] = {
    "confirmations": Rule(
        "what was asked for and never confirmed, or was confirmed and is done with",
        _unconfirmed,
        _delete_from(_confirmations),
    ),
    "networks": Rule("where on the network somebody joined from", _networks, _forget_networks),
    "left": Rule("people who left every list long ago; a keyed hash of each stays", _left, _erase, of_people=True),
    "feedback": Rule("what came back about messages", _old_feedback, _delete_from(_feedback)),
    "changes": Rule("what people's values were before bulk changes", _old_changes, _delete_from(_changes)),
}


def count_due(connection: sa.Connection, settings: PrivacySettings, now: datetime) -> dict[str, int]:
    """Count what each rule would forget now."""
    return {
        name: connection.scalar(sa.select(sa.func.count()).select_from(rule.chosen(settings, now).subquery())) or 0
        for name, rule in RULES.items()
    }


def forget_due(
    database: Database, settings: PrivacySettings, now: datetime, progress: Callable[[int], None] = lambda _: None
) -> dict[str, int]:
    """Forget everything that is due, in small transactions; safe to repeat, and to stop at any moment.

    Returns:
        How much of it, by rule.
    """
    counts = dict.fromkeys(RULES, 0)
    for name, rule in RULES.items():
        while count := _page(database, rule, settings, now):
            counts[name] += count
            progress(count)
    return counts


def _page(database: Database, rule: Rule, settings: PrivacySettings, now: datetime) -> int:
    """Forget a page: looked for while everybody else goes on, and looked at again once nobody can change it."""
    with database.reading() as connection:
        found = list(connection.scalars(rule.chosen(settings, now).limit(PAGE)))
    if not found:
        return 0
    with database.writing() as connection:
        hold_suppressions(connection)
        if rule.of_people:
            hold_people(connection, found)
        chosen = rule.chosen(settings, now)
        still = list(connection.scalars(chosen.where(chosen.selected_columns[0].in_(found))))
        if still:
            rule.forget(connection, still, now)
    # What somebody else has changed meanwhile is not due any more; to stop for it would leave the rest.
    return len(found)
