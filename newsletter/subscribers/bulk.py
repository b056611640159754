"""Edits many people at once, chunk by chunk, and keeps what there was before so that it can be undone."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from newsletter.expressions import Value
from newsletter.store import Database, tables
from newsletter.subscribers.attributes import column_of, people_table
from newsletter.subscribers.changes import begin_change, finish_change, keep_before
from newsletter.subscribers.consent import Act, Consent, Method, record
from newsletter.subscribers.definitions import Definitions
from newsletter.subscribers.holding import hold_people
from newsletter.subscribers.topics import topics_of

CHUNK: Final = 500

_subscriptions, _topics, _tags = tables.subscriptions, tables.subscriber_topics, tables.subscriber_tags


@dataclass(frozen=True, slots=True)
class Edit:
    """What is done to each of many people.

    Args:
        values: Names, language and attributes; None forgets one.
        leave: A list that they are taken off.
    """

    values: Mapping[str, Value] = field(default_factory=dict)
    tags: frozenset[str] = frozenset()
    without_tags: frozenset[str] = frozenset()
    topics: frozenset[str] = frozenset()
    without_topics: frozenset[str] = frozenset()
    leave: str | None = None

    def __bool__(self) -> bool:
        return any((self.values, self.tags, self.without_tags, self.topics, self.without_topics, self.leave))

    def __str__(self) -> str:
        """Say in words what it does, without anybody's data."""
        parts = [f"set {', '.join(sorted(self.values))}"] if self.values else []
        for verb, names in (
            ("tag", self.tags),
            ("untag", self.without_tags),
            ("give the topics", self.topics),
            ("take the topics", self.without_topics),
        ):
            parts += [f"{verb} {', '.join(sorted(names))}"] if names else []
        return "; ".join([*parts, *([f"take off {self.leave}"] if self.leave else [])])


def edit_people(
    database: Database,
    chosen: Sequence[int],
    edit: Edit,
    definitions: Definitions,
    *,
    by: str,
    now: datetime,
    progress: Callable[[int], None] = lambda _: None,
) -> int:
    """Edit people by number; gives the number of the change.

    A process that is stopped half-way leaves a change that is not finished, and can be undone like any other.
    """
    with database.writing() as connection:
        change = begin_change(connection, "edit", str(edit), by, now, edit.leave)
    for start in range(0, len(chosen), CHUNK):
        part = chosen[start : start + CHUNK]
        with database.writing() as connection:
            _edit(connection, change, part, edit, definitions, by, now)
        progress(len(part))
    with database.writing() as connection:
        finish_change(connection, change, now)
    return change


def _edit(
    connection: sa.Connection,
    change: int,
    numbers: Sequence[int],
    edit: Edit,
    definitions: Definitions,
    by: str,
    now: datetime,
) -> None:
    people = people_table(definitions)
    columns = {column_of(name): value for name, value in edit.values.items()}
    hold_people(connection, numbers)
    # Undone, it is as if they had not been changed; otherwise a change before this one could not be undone any more.
    names = [*columns, "changed_at"] if columns else []
    kept = sa.select(people.c.id, *(people.c[name] for name in names)).where(people.c.id.in_(numbers))
    before: dict[int, dict[str, Any]] = {}
    for row in connection.execute(kept):
        before[row.id] = {"values": dict(zip(names, row[1:], strict=True))} if columns else {}
    leaving = _take_off(connection, list(before), edit.leave, before, by, now) if edit.leave else set()
    if columns:
        values = sa.update(people).where(people.c.id.in_(list(before))).values(changed_at=now, **columns)
        connection.execute(values)
    for table, column, name, added, taken in (
        (_tags, _tags.c.tag, "tags", edit.tags, edit.without_tags),
        (_topics, _topics.c.topic, "topics", edit.topics, edit.without_topics),
    ):
        if added or taken:
            _change_set(connection, before, table, column, name, added, taken)
    if edit.topics or edit.without_topics:
        _record_topics(connection, list(before), by, now)
    keep_before(connection, change, "left", {number: before[number] for number in before if number in leaving})
    keep_before(connection, change, "changed", {number: before[number] for number in before if number not in leaving})


def _take_off(
    connection: sa.Connection, numbers: list[int], name: str, before: dict[int, dict[str, Any]], by: str, now: datetime
) -> set[int]:
    """Take those off a list who are on it, and tell who these are."""
    mine = (_subscriptions.c.list == name) & _subscriptions.c.subscriber_id.in_(numbers)
    on = mine & (_subscriptions.c.status == "subscribed")
    columns = ("status", "source", "subscribed_at", "unsubscribed_at")
    rows = connection.execute(sa.select(_subscriptions).where(on)).all()
    for row in rows:
        before[row.subscriber_id]["subscription"] = {column: getattr(row, column) for column in columns}
    connection.execute(sa.update(_subscriptions).where(on).values(status="unsubscribed", unsubscribed_at=now))
    leaving = [row.subscriber_id for row in rows]
    record(connection, leaving, Consent(now, Act.LEFT, Method.STAFF, list=name, by=by))
    return set(leaving)


def _change_set(
    connection: sa.Connection,
    before: dict[int, dict[str, Any]],
    table: sa.Table,
    column: sa.Column[str],
    name: str,
    added: frozenset[str],
    taken: frozenset[str],
) -> None:
    rows = connection.execute(sa.select(table.c.subscriber_id, column).where(table.c.subscriber_id.in_(list(before))))
    present: dict[int, set[str]] = {number: set() for number in before}
    for number, text in rows:
        present[number].add(text)
    for number, texts in present.items():
        before[number][name] = sorted(texts)
    if taken:
        gone = table.c.subscriber_id.in_(list(before)) & column.in_(sorted(taken))
        connection.execute(sa.delete(table).where(gone))
    fresh = [
        {"subscriber_id": number, column.name: text}
        for number, texts in present.items()
        for text in sorted(added - texts)
    ]
    if fresh:
        connection.execute(sa.insert(table), fresh)


def _record_topics(connection: sa.Connection, numbers: list[int], by: str, now: datetime) -> None:
    """Write into the ledger of consent that staff have changed what somebody gets."""
    for number in numbers:
        topics = tuple(sorted(topics_of(connection, number)))
        record(connection, [number], Consent(now, Act.CHOSE, Method.STAFF, topics=topics, by=by))
