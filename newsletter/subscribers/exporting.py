"""Exports the people of a list as CSV that a spreadsheet opens without harm, and that can be imported again."""

import codecs
import csv
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from typing import IO, Final

import sqlalchemy as sa

from newsletter.expressions import Value
from newsletter.store import tables
from newsletter.subscribers.definitions import TOPICS, Definitions
from newsletter.subscribers.formulas import guard_formula
from newsletter.subscribers.importing.headers import EXPORTED
from newsletter.subscribers.loading import read_records
from newsletter.subscribers.records import Record

PAGE: Final = 500

_subscriptions = tables.subscriptions


def export_people(
    connection: sa.Connection,
    definitions: Definitions,
    list_name: str,
    file: IO[bytes],
    progress: Callable[[int], None],
    *,
    everybody: bool,
) -> int:
    """Write the people of a list as CSV in UTF-8 with its mark, so that spreadsheets know the encoding.

    Args:
        everybody: Those who have unsubscribed too.

    Returns:
        How many there are.
    """
    file.write(codecs.BOM_UTF8)
    writer = csv.writer(_Encoding(file))
    fields = ["email", "first_name", "last_name", "language", *definitions.attributes, TOPICS]
    writer.writerow([*fields, *EXPORTED])
    count = 0
    for page in _pages(connection, list_name, everybody=everybody):
        records = read_records(connection, [row.subscriber_id for row in page], definitions)
        for row in page:
            moments = (row.subscribed_at, row.unsubscribed_at)
            cells = [*_cells(records[row.subscriber_id], fields), row.status, row.source]
            writer.writerow(
                [
                    *map(guard_formula, cells),
                    *(moment.isoformat(timespec="seconds") if moment else "" for moment in moments),
                ]
            )
        count += len(page)
        progress(len(page))
    file.flush()
    return count


def count_people(connection: sa.Connection, list_name: str, *, everybody: bool) -> int:
    """Count the people of a list."""
    chosen = sa.select(sa.func.count()).select_from(_subscriptions).where(_on(list_name, everybody=everybody))
    return connection.scalar(chosen) or 0


class _Encoding:
    """Encodes what it is given; unlike the wrapper of the standard library it never closes the file behind it."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def write(self, text: str) -> int:
        return self._file.write(text.encode())


def _pages(
    connection: sa.Connection, list_name: str, *, everybody: bool
) -> Iterator[Sequence[sa.Row[tuple[int, ...]]]]:
    last = 0
    while True:
        chosen = (
            sa.select(_subscriptions)
            .where(_on(list_name, everybody=everybody), _subscriptions.c.subscriber_id > last)
            .order_by(_subscriptions.c.subscriber_id)
            .limit(PAGE)
        )
        page = connection.execute(chosen).all()
        if not page:
            return
        yield page
        last = page[-1].subscriber_id


def _on(list_name: str, *, everybody: bool) -> sa.ColumnElement[bool]:
    on_list = _subscriptions.c.list == list_name
    return on_list if everybody else on_list & (_subscriptions.c.status == "subscribed")


def _cells(record: Record, fields: Sequence[str]) -> list[str]:
    return [_cell(record.values.get(field)) for field in fields]


def _cell(value: Value) -> str:
    if value is None:
        return ""
    if isinstance(value, frozenset):
        return "; ".join(sorted(value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.15g}"
    return value.isoformat() if isinstance(value, date) else str(value)
