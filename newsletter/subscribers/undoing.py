"""Undoes a bulk change: everybody as before, but for those who have acted themselves or were changed since."""

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final, NamedTuple

import sqlalchemy as sa

from newsletter.store import Database, tables
from newsletter.store.types import UtcDateTime
from newsletter.subscribers.attributes import people_table
from newsletter.subscribers.changes import Change
from newsletter.subscribers.consent import Act, Consent, Method, record
from newsletter.subscribers.definitions import Definitions
from newsletter.subscribers.holding import hold_people, hold_suppressions
from newsletter.subscribers.rights import forget

PAGE: Final = 500
_OWN: Final = frozenset(Method) - {Method.STAFF, Method.IMPORT}
"""The methods by which people act themselves, or are known to have."""

_people, _subscriptions, _consents = tables.subscribers, tables.subscriptions, tables.consents
_suppressions, _changes, _changed = tables.suppressions, tables.changes, tables.changed_people
_spans = tables.changed_spans
_SETS: Final = {
    "topics": (tables.subscriber_topics, tables.subscriber_topics.c.topic),
    "tags": (tables.subscriber_tags, tables.subscriber_tags.c.tag),
}


class Undone(StrEnum):
    """What undoing made of somebody."""

    RESTORED = "restored"
    REMOVED = "removed"
    LEFT_ALONE = "left alone"
    """They have acted themselves since, or were changed again."""


class _Touched(NamedTuple):
    """Whom a change has touched, how, and what was kept of them before, as JSON."""

    subscriber_id: int
    fate: str
    before: str | None


def undo(
    database: Database,
    change: Change,
    definitions: Definitions,
    *,
    by: str,
    now: datetime,
    progress: Callable[[int], None] = lambda _: None,
) -> Mapping[Undone, int]:
    """Undo a change, the last first, in small transactions; safe to repeat after a stop."""
    counts: Counter[Undone] = Counter()
    while True:
        with database.writing() as connection:
            hold_suppressions(connection)
            people = _next_touched(connection, change) or _take_added(connection, change)
            if not people:
                done = sa.update(_changes).where(_changes.c.id == change.number)
                connection.execute(done.values(undone_at=now))
                return counts
            numbers = [person.subscriber_id for person in people]
            hold_people(connection, numbers)
            counts += _undo_together(connection, change, people, definitions, by, now)
            connection.execute(
                sa.delete(_changed).where(_changed.c.change_id == change.number, _changed.c.subscriber_id.in_(numbers))
            )
        progress(len(people))


def _next_touched(connection: sa.Connection, change: Change) -> Sequence[_Touched]:
    """Find the next of the people who were noted one by one; what is noted of them hangs on them, and stays so far."""
    columns = [_changed.c[name] for name in _Touched._fields]
    mine = sa.select(*columns).where(_changed.c.change_id == change.number)
    rows = connection.execute(mine.order_by(_changed.c.subscriber_id).limit(PAGE))
    return [_Touched(*row) for row in rows]


def _take_added(connection: sa.Connection, change: Change) -> Sequence[_Touched]:
    """Take the next of the people who were noted in spans out of these."""
    numbers: list[int] = []
    mine = _spans.c.change_id == change.number
    while len(numbers) < PAGE:
        span = connection.execute(sa.select(_spans).where(mine).order_by(_spans.c.first_id).limit(1)).first()
        if span is None:
            break
        within = sa.select(_people.c.id).where(_people.c.id.between(span.first_id, span.last_id))
        numbers += connection.scalars(within.order_by(_people.c.id).limit(PAGE - len(numbers)))
        this = mine & (_spans.c.first_id == span.first_id)
        if len(numbers) < PAGE or numbers[-1] == span.last_id:
            connection.execute(sa.delete(_spans).where(this))
        else:
            connection.execute(sa.update(_spans).where(this).values(first_id=numbers[-1] + 1))
    return [_Touched(number, "added", None) for number in numbers]


def _undo_together(
    connection: sa.Connection,
    change: Change,
    people: Sequence[_Touched],
    definitions: Definitions,
    by: str,
    now: datetime,
) -> Counter[Undone]:
    numbers = [person.subscriber_id for person in people]
    as_left = _unchanged(connection, numbers, change) - _acting(connection, numbers, change)
    mine = [person for person in people if person.subscriber_id in as_left]
    added = [person.subscriber_id for person in mine if person.fate == "added"]
    if added:
        forget(connection, added, now)
    alike: dict[str, list[int]] = {}
    for person in mine:
        if person.fate != "added":
            alike.setdefault(person.before or "{}", []).append(person.subscriber_id)
    for before, those in alike.items():
        _restore(connection, change, those, json.loads(before), definitions, by, now)
    return +Counter(
        {
            Undone.REMOVED: len(added),
            Undone.RESTORED: len(mine) - len(added),
            Undone.LEFT_ALONE: len(people) - len(mine),
        }
    )


def _restore(
    connection: sa.Connection,
    change: Change,
    numbers: Sequence[int],
    before: Mapping[str, Any],
    definitions: Definitions,
    by: str,
    now: datetime,
) -> None:
    """Give people back what was kept of them, which was the same for all."""
    if "values" in before:
        _restore_values(connection, numbers, before["values"], definitions)
    for name, (table, column) in _SETS.items():
        if name in before:
            connection.execute(sa.delete(table).where(table.c.subscriber_id.in_(numbers)))
            rows = [{"subscriber_id": number, column.name: text} for number in numbers for text in before[name]]
            if rows:
                connection.execute(sa.insert(table), rows)
    if "subscription" in before and change.list is not None:
        _restore_subscription(connection, numbers, change, before["subscription"])
        _lift(connection, numbers, change)
        record(connection, numbers, Consent(now, Act.UNDONE, Method.STAFF, list=change.list, by=by))


def _acting(connection: sa.Connection, numbers: Sequence[int], change: Change) -> set[int]:
    """Find who has done something since, or staff for them: more than what this change itself did."""
    own = (_consents.c.at >= change.at) & _consents.c.method.in_([method.value for method in _OWN])
    by_staff = (_consents.c.at > change.at) & _consents.c.act.in_([Act.LEFT.value, Act.ADDED.value])
    acted = sa.select(_consents.c.subscriber_id).where(_consents.c.subscriber_id.in_(numbers), own | by_staff)
    return set(connection.scalars(acted))


def _unchanged(connection: sa.Connection, numbers: Sequence[int], change: Change) -> set[int]:
    """Find who is still there, and was not changed again."""
    since = change.finished_at or change.at
    chosen = sa.select(_people.c.id).where(_people.c.id.in_(numbers), _people.c.changed_at <= since)
    return set(connection.scalars(chosen))


def _restore_values(
    connection: sa.Connection, numbers: Sequence[int], values: Mapping[str, Any], definitions: Definitions
) -> None:
    people = people_table(definitions)
    known = {name: _read(people.c[name].type, value) for name, value in values.items() if name in people.c}
    if known:
        connection.execute(sa.update(people).where(people.c.id.in_(numbers)).values(**known))


def _read(kind: "sa.types.TypeEngine[Any]", value: Any) -> Any:
    if isinstance(kind, UtcDateTime) and isinstance(value, str):
        return datetime.fromisoformat(value)
    return date.fromisoformat(value) if isinstance(kind, sa.Date) and isinstance(value, str) else value


def _restore_subscription(
    connection: sa.Connection, numbers: Sequence[int], change: Change, before: Mapping[str, Any] | None
) -> None:
    mine = _subscriptions.c.subscriber_id.in_(numbers) & (_subscriptions.c.list == change.list)
    if before is None:
        connection.execute(sa.delete(_subscriptions).where(mine))
        return
    moments = ("subscribed_at", "unsubscribed_at")
    values = {
        name: datetime.fromisoformat(value) if name in moments and value is not None else value
        for name, value in before.items()
    }
    connection.execute(sa.update(_subscriptions).where(mine).values(values))


def _lift(connection: sa.Connection, numbers: Sequence[int], change: Change) -> None:
    """Take away suppressions that this very change brought."""
    hashes = sa.select(_people.c.address_hash).where(_people.c.id.in_(numbers))
    mine = _suppressions.c.address_hash.in_(hashes) & (_suppressions.c.created_at == change.at)
    connection.execute(sa.delete(_suppressions).where(mine))
