"""Imports in the table of changes: how far each has come, whom it touched, and what was kept of them before."""

import json
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, Final, TypeAlias

import sqlalchemy as sa

from newsletter.errors import StoreError
from newsletter.store import tables
from newsletter.subscribers.attributes import people_table
from newsletter.subscribers.changes import begin_change, finish_change
from newsletter.subscribers.importing.deciding import has_tag, has_topic
from newsletter.subscribers.importing.filling import fill
from newsletter.subscribers.importing.staging import Staging
from newsletter.subscribers.importing.target import WRITTEN, Fate, Target

ACTION: Final = "import"
_NEW: Final = json.dumps({"subscription": None})

_changes, _changed, _spans = tables.changes, tables.changed_people, tables.changed_spans
_subscriptions, _topics, _tags = tables.subscriptions, tables.subscriber_topics, tables.subscriber_tags


@dataclass(slots=True)
class Progress:
    """How far an import has come.

    Attributes:
        change: Its number among the changes.
        at: When it began.
        rows: Which rows there are; see `Staging.digest`.
        row: The place of the last row that is done.
        counts: What became of the rows until there.
    """

    change: int
    at: datetime
    rows: str
    row: int = 0
    counts: Counter[Fate] = field(default_factory=Counter)


def find_unfinished(connection: sa.Connection, identity: bytes, rows: str) -> Progress | None:
    """Find an import of the same file into the same list, in the same way, that was cut off.

    Args:
        rows: Which rows there are; see `Staging.digest`. Where others have become good, or one means something else,
            the places are not the same as then.
    """
    row = connection.execute(
        sa.select(_changes.c.id, _changes.c.at, _changes.c.progress)
        .where(
            _changes.c.action == ACTION,
            _changes.c.identity == identity,
            _changes.c.finished_at.is_(None),
            _changes.c.undone_at.is_(None),
        )
        .order_by(_changes.c.id.desc())
        .limit(1)
    ).first()
    known = json.loads(row.progress or "{}") if row is not None else {}
    if row is None or known.get("rows") != rows:
        return None
    counts = Counter({Fate(fate): count for fate, count in known.get("counts", {}).items()})
    return Progress(row.id, row.at, rows, known["row"], counts)


def begin(connection: sa.Connection, target: Target, rows: str) -> Progress:
    """Note that an import begins."""
    number = begin_change(connection, ACTION, target.detail, target.by, target.now, target.list)
    values = {"identity": target.identity or None, "progress": _written(0, rows, Counter())}
    connection.execute(sa.update(_changes).where(_changes.c.id == number).values(values))
    return Progress(number, target.now, rows)


def advance(connection: sa.Connection, progress: Progress, row: int, counts: Counter[Fate]) -> None:
    """Note how far an import has come, in the transaction that brings it there.

    Raises:
        StoreError: Another process goes on with the same import.
    """
    together = progress.counts + counts
    moved = connection.execute(
        sa.update(_changes)
        .where(
            _changes.c.id == progress.change,
            _changes.c.progress == _written(progress.row, progress.rows, progress.counts),
        )
        .values(progress=_written(row, progress.rows, together), count=sum(together[fate] for fate in WRITTEN))
    )
    if moved.rowcount != 1:
        raise StoreError(
            "another process is at the same import",
            remedy="Let that one finish; then run the same command again to see that all is done.",
        )


def finish(connection: sa.Connection, progress: Progress, now: datetime) -> None:
    """Note that an import is done; of one that changed nothing, nothing stays."""
    if any(progress.counts[fate] for fate in WRITTEN):
        finish_change(connection, progress.change, now)
    else:
        connection.execute(sa.delete(_changes).where(_changes.c.id == progress.change))


Noted: TypeAlias = list[tuple[Any, ...]]
"""Rows for the table of people whom a change touched."""


def note_people(connection: sa.Connection, staging: Staging, change: int, known: Noted) -> None:
    """Note whom a chunk has touched.

    Args:
        known: What `note_known_people` gave before.
    """
    fates = staging.fates
    number = fates.c.subscriber_id
    # Numbers that follow one another keep the same distance from their rank.
    ranked = sa.select(number, (number - sa.func.row_number().over(order_by=number)).label("span"))
    added = ranked.where(~fates.c.is_known, fates.c.fate == Fate.ADDED).subquery()
    first, last = sa.func.min(added.c.subscriber_id), sa.func.max(added.c.subscriber_id)
    spans = sa.select(sa.literal(change), first, last).group_by(added.c.span)
    connection.execute(sa.insert(_spans).from_select(["change_id", "first_id", "last_id"], spans))
    left = sa.select(sa.literal(change), number, fates.c.fate, sa.literal(_NEW))
    left = left.where(~fates.c.is_known, fates.c.fate == Fate.LEFT)
    connection.execute(sa.insert(_changed).from_select(["change_id", "subscriber_id", "fate", "before"], left))
    fill(connection, _changed, known)


def note_known_people(
    connection: sa.Connection, staging: Staging, target: Target, change: int, counts: Counter[Fate]
) -> Noted:
    """Tell of the people whom a chunk is about to touch what is kept of them until then."""
    if not any(counts[fate] for fate in (Fate.JOINED, Fate.CHANGED, Fate.LEFT)):
        return []
    people, rows, fates = people_table(target.definitions), staging.rows, staging.fates
    told = ("status", "source", "subscribed_at", "unsubscribed_at")
    on_list = sa.and_(_subscriptions.c.subscriber_id == people.c.id, _subscriptions.c.list == target.list)
    chosen = (
        sa.select(
            fates.c.number,
            people.c.id,
            fates.c.fate,
            *(_subscriptions.c[name] for name in told),
            *(people.c[name] for name in staging.values),
            *(rows.c[name] for name in staging.values),
        )
        .select_from(fates)
        .join(rows, rows.c.place == fates.c.place)
        .join(people, people.c.id == fates.c.subscriber_id)
        .join(_subscriptions, on_list, isouter=True)
        .where(fates.c.is_known, fates.c.fate.in_((Fate.JOINED, Fate.CHANGED, Fate.LEFT)))
    )
    topics = _lists_before(connection, staging, "topics") if staging.holds.topics else {}
    tags = _lists_before(connection, staging, "tags") if staging.holds.tags else {}
    found: Noted = []
    width = len(staging.values)
    for number, person, fate, *more in connection.execute(chosen):
        subscription, kept, said = more[:4], more[4 : 4 + width], more[4 + width :]
        content: dict[str, Any] = {}
        if fate != Fate.LEFT:
            values = {
                name: _plain(old)
                for name, old, new in zip(staging.values, kept, said, strict=True)
                if new is not None and new != old
            }
            content |= {"values": values} if values else {}
            content |= {"topics": topics[number]} if number in topics else {}
            content |= {"tags": tags[number]} if number in tags else {}
        if fate == Fate.JOINED:
            content["subscription"] = None
        elif fate == Fate.LEFT and subscription[0] != "unsubscribed":
            was = dict(zip(told, map(_plain, subscription), strict=True))
            content["subscription"] = was if subscription[0] else None
        found.append((change, person, fate, json.dumps(content, ensure_ascii=False)))
    return found


def _lists_before(connection: sa.Connection, staging: Staging, kind: str) -> dict[int, list[str]]:
    """Give the topics or tags that people have, by row, of those who are about to get more of them."""
    fates = staging.fates
    given, kept, has = (
        (staging.topics.c.topic, _topics.c.topic, has_topic)
        if kind == "topics"
        else (staging.tags.c.tag, _tags.c.tag, has_tag)
    )
    growing = sa.exists().where(given.table.c.number == fates.c.number, ~has(fates.c.subscriber_id, given))
    chosen = (
        sa.select(fates.c.number, kept)
        .join_from(fates, kept.table, kept.table.c.subscriber_id == fates.c.subscriber_id, isouter=True)
        .where(fates.c.is_known, fates.c.fate.in_((Fate.JOINED, Fate.CHANGED)), growing)
        .order_by(fates.c.number, kept)
    )
    found: dict[int, list[str]] = {}
    for number, name in connection.execute(chosen):
        found.setdefault(number, []).extend([] if name is None else [name])
    return found


def _written(row: int, rows: str, counts: Counter[Fate]) -> str:
    return json.dumps({"row": row, "rows": rows, "counts": {fate.value: counts[fate] for fate in sorted(counts)}})


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return value.isoformat() if isinstance(value, date) else value
