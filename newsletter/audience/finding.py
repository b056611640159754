"""Finds and counts people: by a list, a condition, a tag, a part of their name or address, and how they stand.

Counting a million people by their attributes is quick as long as it looks at nothing but these: an index holds them.
Whether somebody is on the list and not suppressed stands elsewhere, and looking that up for each takes its time. So
where everybody has been on the list, all who match are counted, and of those who must not be, who are few, again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

import sqlalchemy as sa

from newsletter.audience.segments import reads_subscription, segment_clause
from newsletter.expressions import Expression
from newsletter.store import tables
from newsletter.store.conditions import is_selected
from newsletter.store.types import UtcDateTime, lowered
from newsletter.subscribers import Definitions

FEW: Final = 10
"""One in so many people may be away for that to be sooner than to look at how each stands."""
FIRST: Final = 20_000
"""Among so many people a page is looked for first, in their order; an index would make SQLite sort all who match."""

_people, _subscriptions = tables.subscribers, tables.subscriptions
_suppressions, _tags = tables.suppressions, tables.subscriber_tags


class Standing(StrEnum):
    """How somebody stands with a list."""

    RECEIVING = "receiving"
    """On the list, and neither suppressed nor on a pause."""
    SUBSCRIBED = "subscribed"
    """On the list, whether they get mail for now or not."""
    UNSUBSCRIBED = "unsubscribed"
    PAUSED = "paused"
    SUPPRESSED = "suppressed"


@dataclass(frozen=True, slots=True)
class Query:
    """Whom to find; what is not said does not matter.

    Args:
        list: The list; None finds people on any list or none, of whom `where` may ask nothing about a list.
        standing: How they stand with it.
        text: A part of their address or name, in whatever case.
    """

    list: str | None = None
    standing: Standing | None = None
    where: Expression | None = None
    tag: str | None = None
    text: str = ""


def matching(query: Query, definitions: Definitions, now: datetime) -> sa.Select[int]:
    """Select the numbers of those whom a query is about."""
    chosen = sa.select(_people.c.id)
    if query.list is not None:
        chosen = chosen.join(_subscriptions, _subscriptions.c.subscriber_id == _people.c.id)
        chosen = chosen.where(_subscriptions.c.list == query.list)
    return chosen.where(*_standing(query, now), *_conditions(query, definitions))


def count(connection: sa.Connection, query: Query, definitions: Definitions, now: datetime) -> int:
    """Count those whom a query is about; in a snapshot, so that several statements see one state."""
    if query.where is None or query.list is None or query.standing is not Standing.RECEIVING or query.text or query.tag:
        return _number(connection, matching(query, definitions, now))
    if reads_subscription(query.where):
        return _number(connection, matching(query, definitions, now))
    everybody = _number(connection, sa.select(_people.c.id))
    most = everybody // FEW
    if (
        _number(connection, _signs_of_absence(query.list, now).limit(most + 1)) > most
        or _number(connection, _ever_on(query.list)) != everybody
    ):
        return _number(connection, matching(query, definitions, now))
    condition = segment_clause(query.where, definitions, query.list)
    matched = _number(connection, sa.select(_people.c.id).where(condition))
    away = sa.select(_people.c.id).where(_is_away(connection, query.list, now), condition)
    return matched - _number(connection, away.with_hint(_people, "NOT INDEXED", "sqlite"))


def page(
    connection: sa.Connection, query: Query, definitions: Definitions, now: datetime, *, after: int = 0, limit: int = 50
) -> Sequence[int]:
    """Give the numbers of the next people of a query, in the order in which they were added.

    Args:
        after: The last number of the page before.
    """
    chosen = matching(query, definitions, now).where(_people.c.id > after).order_by(_people.c.id).limit(limit)
    first = chosen.where(_people.c.id <= after + FIRST).with_hint(_people, "NOT INDEXED", "sqlite")
    found = connection.scalars(first).all()
    return found if len(found) == limit else connection.scalars(chosen).all()


def _standing(query: Query, now: datetime) -> list[sa.ColumnElement[bool]]:
    suppressed = sa.exists().where(_suppressions.c.address_hash == _people.c.address_hash)
    if query.list is None:
        return _anywhere(query.standing, suppressed, now)
    on = _subscriptions.c.status == "subscribed"
    paused = _paused(now)
    conditions: dict[Standing | None, list[sa.ColumnElement[bool]]] = {
        None: [],
        Standing.RECEIVING: [on, ~paused, ~suppressed],
        Standing.SUBSCRIBED: [on],
        Standing.UNSUBSCRIBED: [~on],
        Standing.PAUSED: [on, paused],
        Standing.SUPPRESSED: [suppressed],
    }
    return conditions[query.standing]


def _anywhere(
    standing: Standing | None, suppressed: sa.ColumnElement[bool], now: datetime
) -> list[sa.ColumnElement[bool]]:
    """Say how somebody stands with at least one list; unsubscribed is who is on none."""
    mine = _subscriptions.c.subscriber_id == _people.c.id
    on = sa.exists().where(mine, _subscriptions.c.status == "subscribed")
    awake = sa.exists().where(mine, _subscriptions.c.status == "subscribed", ~_paused(now))
    paused = sa.exists().where(mine, _subscriptions.c.status == "subscribed", _paused(now))
    conditions: dict[Standing | None, list[sa.ColumnElement[bool]]] = {
        None: [],
        Standing.RECEIVING: [awake, ~suppressed],
        Standing.SUBSCRIBED: [on],
        Standing.UNSUBSCRIBED: [~on],
        Standing.PAUSED: [paused],
        Standing.SUPPRESSED: [suppressed],
    }
    return conditions[standing]


def _paused(now: datetime) -> sa.ColumnElement[bool]:
    return sa.func.coalesce(_subscriptions.c.paused_until > sa.literal(now, UtcDateTime()), sa.false())


def _conditions(query: Query, definitions: Definitions) -> list[sa.ColumnElement[bool]]:
    found: list[sa.ColumnElement[bool]] = []
    if query.where is not None:
        found.append(segment_clause(query.where, definitions, query.list))
    if query.tag is not None:
        found.append(sa.exists().where(_tags.c.subscriber_id == _people.c.id, _tags.c.tag == query.tag))
    if query.text:
        wanted = query.text.encode("utf-8", "replace").decode().replace("\0", " ").lower()
        name = sa.func.coalesce(_people.c.first_name, "") + " " + sa.func.coalesce(_people.c.last_name, "")
        in_name = lowered(name).contains(wanted, autoescape=True)
        found.append(_people.c.address_key.contains(wanted, autoescape=True) | in_name)
    return found


def _ever_on(list_name: str) -> sa.Select[int]:
    """Select those who have ever been on a list."""
    return sa.select(_subscriptions.c.subscriber_id).where(_subscriptions.c.list == list_name)


def _signs_of_absence(list_name: str, now: datetime) -> sa.CompoundSelect[Any]:
    """Select a row for each reason why somebody gets no mail of a list."""
    return sa.union_all(*_off(list_name, now), sa.select(sa.literal(1)).select_from(_suppressions))


def _is_away(connection: sa.Connection, list_name: str, now: datetime) -> sa.ColumnElement[bool]:
    """Tell whether somebody has left a list, pauses, or is suppressed."""
    off = is_selected(connection, _people.c.id, sa.union_all(*_off(list_name, now)))
    return off | is_selected(connection, _people.c.address_hash, sa.select(_suppressions.c.address_hash))


def _off(list_name: str, now: datetime) -> tuple[sa.Select[int], sa.Select[int]]:
    """Select those who have left a list, and those who pause."""
    of_list = _ever_on(list_name)
    return of_list.where(_subscriptions.c.status == "unsubscribed"), of_list.where(_subscriptions.c.paused_until > now)


def _number(connection: sa.Connection, chosen: sa.Select[Any] | sa.CompoundSelect[Any]) -> int:
    if isinstance(chosen, sa.CompoundSelect):
        return connection.scalar(sa.select(sa.func.count()).select_from(chosen.subquery())) or 0
    counted = chosen.with_only_columns(sa.func.count(), maintain_column_froms=True)
    return connection.scalar(counted) or 0
