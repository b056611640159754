"""Bulk changes: what was done to many people at once, by whom, and what was kept of each of them before."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from newsletter.errors import SubscriberError
from newsletter.store import tables

_changes, _changed = tables.changes, tables.changed_people


@dataclass(frozen=True, slots=True)
class Change:
    """One bulk change.

    Args:
        action: What was done, such as `edit` or `import`.
        detail: The same in words, without anybody's data.
        count: How many people it changed.
        finished_at: None while it is under way, or when it was broken off.
    """

    number: int
    at: datetime
    by: str
    action: str
    detail: str
    list: str | None
    count: int
    finished_at: datetime | None
    undone_at: datetime | None


def begin_change(
    connection: sa.Connection, action: str, detail: str, by: str, now: datetime, list_name: str | None = None
) -> int:
    """Write down that a change begins, and give its number."""
    row = {"at": now, "by": by, "action": action, "detail": detail, "list": list_name}
    number: int = connection.scalars(sa.insert(_changes).values(row).returning(_changes.c.id)).one()
    return number


def keep_before(
    connection: sa.Connection, change: int, fate: str, people: Mapping[int, Mapping[str, Any] | None]
) -> None:
    """Keep what there was of some people before a change; None where there was nothing of what it touches."""
    rows = [
        {"change_id": change, "subscriber_id": number, "fate": fate, "before": _pack(before)}
        for number, before in people.items()
    ]
    if rows:
        connection.execute(sa.insert(_changed), rows)
        more = sa.update(_changes).where(_changes.c.id == change).values(count=_changes.c.count + len(rows))
        connection.execute(more)


def finish_change(connection: sa.Connection, change: int, now: datetime) -> None:
    """Write down that a change is complete."""
    connection.execute(sa.update(_changes).where(_changes.c.id == change).values(finished_at=now))


def read_changes(connection: sa.Connection, limit: int = 20) -> Sequence[Change]:
    """Read the last changes, the newest first."""
    columns = (_changes.c.id, *(_changes.c[name] for name in list(Change.__dataclass_fields__)[1:]))
    rows = connection.execute(sa.select(*columns).order_by(_changes.c.id.desc()).limit(limit))
    return [Change(*row) for row in rows]


def last_change(connection: sa.Connection) -> Change:
    """Give the last change that has not been undone.

    Raises:
        SubscriberError: There is none.
    """
    columns = (_changes.c.id, *(_changes.c[name] for name in list(Change.__dataclass_fields__)[1:]))
    chosen = sa.select(*columns).where(_changes.c.undone_at.is_(None)).order_by(_changes.c.id.desc()).limit(1)
    row = connection.execute(chosen).one_or_none()
    if row is None:
        raise SubscriberError("there is no change to undo", remedy="See 'newsletter subscribers changes'.")
    return Change(*row)


def _pack(before: Mapping[str, Any] | None) -> str | None:
    return None if before is None else json.dumps(before, ensure_ascii=False, default=_written)


def _written(value: object) -> object:
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    if isinstance(value, Iterable):
        return sorted(value)
    raise TypeError(f"{type(value).__name__} cannot be kept")
