"""Copies the people of one list from one database to another, of whatever kind each of them is."""

from collections.abc import Callable, Sequence
from typing import Any, Final

import sqlalchemy as sa

from newsletter.store import Database, tables
from newsletter.subscribers.attributes import people_table
from newsletter.subscribers.definitions import Definitions

CHUNK: Final = 1000

_subscriptions, _topics, _suppressions = tables.subscriptions, tables.subscriber_topics, tables.suppressions


def copy_people(
    source: Database,
    target: Database,
    list_name: str,
    definitions: Definitions,
    progress: Callable[[int], None],
    limit: int | None = None,
) -> int:
    """Copy everybody who ever joined a list, with their topics, and all suppressions; from one state of the source.

    Numbers stay the same. An attribute that the source has no column for yet stays empty.

    Args:
        target: Has the tables and the attributes' columns, and nobody in them.
        progress: Told of every chunk how many it was.
        limit: Only the first so many, by number.

    Returns:
        How many were copied.
    """
    with source.snapshot() as connection:
        _copy_suppressions(connection, target)
        columns = _columns(connection, definitions)
        last, copied = 0, 0
        while limit is None or copied < limit:
            size = CHUNK if limit is None else min(CHUNK, limit - copied)
            subscriptions = _chunk(connection, list_name, last, size)
            if not subscriptions:
                break
            numbers = [row.subscriber_id for row in subscriptions]
            people = connection.execute(sa.select(*columns).where(columns[0].in_(numbers))).all()
            topics = connection.execute(sa.select(_topics).where(_topics.c.subscriber_id.in_(numbers))).all()
            with target.writing() as writing:
                _insert(writing, people_table(definitions), people)
                _insert(writing, _subscriptions, subscriptions)
                _insert(writing, _topics, topics)
            last, copied = numbers[-1], copied + len(numbers)
            progress(len(numbers))
    return copied


def _columns(connection: sa.Connection, definitions: Definitions) -> list[sa.ColumnElement[Any]]:
    """Give the columns that there are, the number first."""
    present = {column["name"] for column in sa.inspect(connection).get_columns(tables.subscribers.name)}
    table = people_table(definitions)
    return [table.c.id, *(column for column in table.c if column.name in present and column.name != "id")]


def _chunk(connection: sa.Connection, list_name: str, last: int, size: int) -> Sequence[sa.Row[Any]]:
    chosen = sa.select(_subscriptions).where(_subscriptions.c.list == list_name, _subscriptions.c.subscriber_id > last)
    return connection.execute(chosen.order_by(_subscriptions.c.subscriber_id).limit(size)).all()


def _copy_suppressions(connection: sa.Connection, target: Database) -> None:
    last = b""
    while True:
        chosen = sa.select(_suppressions).where(_suppressions.c.address_hash > last)
        rows = connection.execute(chosen.order_by(_suppressions.c.address_hash).limit(CHUNK)).all()
        if not rows:
            return
        with target.writing() as writing:
            _insert(writing, _suppressions, rows)
        last = rows[-1].address_hash


def _insert(connection: sa.Connection, table: sa.TableClause, rows: Sequence[sa.Row[Any]]) -> None:
    if rows:
        connection.execute(sa.insert(table), [dict(row._mapping) for row in rows])  # noqa: SLF001 - its public name
